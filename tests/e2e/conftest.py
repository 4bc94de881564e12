"""The whole local mode through its command line, in this process, on a home of its own."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from homes import furnished

from tillstream.cli.main import main
from tillstream.settings import Settings

Run = Callable[..., tuple[int, Any]]
Say = Callable[..., tuple[int, str]]


def _furnish(arguments: tuple[str, ...]) -> None:
    """A command that builds a home begins with a copy of one; `restore` makes its home itself."""
    if arguments[0] != "restore":
        furnished(Settings())


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TILLSTREAM_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def run(home: Path) -> Run:
    """Exit code and the JSON that a command prints."""

    def invoke(*arguments: str) -> tuple[int, Any]:
        _furnish(arguments)
        result = CliRunner().invoke(main, [*arguments, "--json"])
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.exit_code, json.loads(result.stdout) if result.stdout else None

    return invoke


@pytest.fixture
def say(home: Path) -> Say:
    """Exit code and everything that a command says; whatever breaks, breaks the test."""

    def invoke(*arguments: str) -> tuple[int, str]:
        _furnish(arguments)
        result = CliRunner().invoke(main, list(arguments))
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.exit_code, result.output

    return invoke
