"""What starts often starts light: heavy libraries load where frames are handled, and nowhere else."""

import subprocess
import sys

import pytest

from tillstream.commands.registry import WORDS

HEAVY = ("pandera", "polars")
IN_SERVERS = ("structlog", "flask", "rich")
"""Commands come and go, and nobody logs in them: what only servers need would cost each its time."""
COMMANDS = [f"tillstream.commands.{name}" for name in ("ingest", "query", "maintenance", "review")]


@pytest.mark.parametrize("modules", [["functions.main"], ["tillstream.handlers"], ["tillstream.cli.main", *COMMANDS]])
def test_importing_a_light_module_loads_no_frames(modules: list[str]) -> None:
    loaded = _loaded(*modules)
    assert set(modules) <= set(loaded)
    assert [name for name in HEAVY if name in loaded] == []


def test_a_command_that_runs_by_itself_loads_nothing_of_a_server() -> None:
    loaded = _loaded(
        "tillstream.cli.start", "tillstream.commands.dispatch", "tillstream.app.local", "tillstream.commands.printing",
        *COMMANDS,
    )  # fmt: skip
    assert [name for name in IN_SERVERS if name in loaded] == []


def test_help_and_words_of_commands_load_no_feature() -> None:
    declared = {word.module for word in WORDS.values() if ":" not in word.module}
    loaded = _loaded("tillstream.cli.main", "tillstream.cli.declared", *sorted(declared))
    assert len(declared) > 15
    heavy = (*HEAVY, *IN_SERVERS, "pyarrow", "duckdb", "pydantic", "tillstream.app", "tillstream.settings")
    assert [name for name in heavy if name in loaded] == []


def test_a_till_that_records_loads_nothing_senders() -> None:
    loaded = _loaded("tillstream_till.cli")
    senders = ("tillstream_till.delivery", "tillstream_till.transport.https", "http.client", "ssl", "click")
    assert [name for name in senders if name in loaded] == []


def test_validation_does_load_them_so_this_test_can_see_them() -> None:
    assert set(HEAVY) <= set(_loaded("tillstream.pipeline.validating.validate"))


def _loaded(*modules: str) -> list[str]:
    code = f"import sys, {', '.join(modules)}; print(*sys.modules, sep='\\n')"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
