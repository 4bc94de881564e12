"""The whole local mode through its command line, in this process, on a home of its own."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest
from app_factory import CopiedWarehouse, copy_template
from click.testing import CliRunner

from tillstream.adapters.local.duckdb.warehouse import DuckDBWarehouse
from tillstream.app import local
from tillstream.app.local import WAREHOUSE_FILE, open_warehouse
from tillstream.cli.main import main
from tillstream.settings import Settings

Run = Callable[..., tuple[int, Any]]
RunText = Callable[..., tuple[int, str]]
Result = TypeVar("Result")
Once = Callable[[Callable[[], Result]], Result]
_kept: dict[tuple[str, str], tuple[Path, Any]] = {}


def _furnish(home: Path, arguments: tuple[str, ...]) -> None:
    """A command that builds a home begins with a copy of one; `restore` makes its home itself."""
    if arguments[0] != "restore" and not (home / WAREHOUSE_FILE).exists():
        copy_template(Settings())


def _open_warehouse(settings: Settings, name: str, **options: Any) -> DuckDBWarehouse:
    """A rebuild compares with a copy of an empty warehouse, whose views take longer to create than its few sales."""
    return CopiedWarehouse(settings) if name == ":memory:" else open_warehouse(settings, name, **options)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(local, "open_warehouse", _open_warehouse)
    monkeypatch.setenv("TILLSTREAM_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TILLSTREAM_THREADS", "1")  # two test workers share the cores
    return tmp_path / "home"


@pytest.fixture
def once(request: pytest.FixtureRequest, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Once[Any]:
    """Runs a function in the test's folder and returns its result; later tests of the module get a copy of both."""

    def run_once(action: Callable[[], Any]) -> Any:
        key = (request.module.__name__, action.__qualname__)
        if key in _kept:
            shutil.copytree(_kept[key][0], tmp_path, dirs_exist_ok=True)
        else:
            result, folder = action(), tmp_path_factory.mktemp("kept")
            shutil.copytree(tmp_path, folder, dirs_exist_ok=True)
            _kept[key] = folder, result
        return _kept[key][1]

    return run_once


@pytest.fixture
def run(home: Path) -> Run:
    """Exit code and the JSON that a command prints."""

    def invoke(*arguments: str) -> tuple[int, Any]:
        _furnish(home, arguments)
        result = CliRunner().invoke(main, [*arguments, "--json"])
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.exit_code, json.loads(result.stdout) if result.stdout else None

    return invoke


@pytest.fixture
def run_text(home: Path) -> RunText:
    """Exit code and output of a command; an unexpected exception fails the test."""

    def invoke(*arguments: str) -> tuple[int, str]:
        _furnish(home, arguments)
        result = CliRunner().invoke(main, list(arguments))
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.exit_code, result.output

    return invoke
