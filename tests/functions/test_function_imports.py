"""An instance loads what its own events need: frames only where frames are handled."""

import json
import os
import subprocess
import sys
from functools import cache

import pytest

from bench.cloud import PROGRAM, SOURCE, STEPS
from infra.functions import FUNCTIONS
from tillstream.handlers import FUNCTIONS as HANDLED

FRAMES = ("pandas", "pandera", "polars")
COLUMNS = ("numpy", "pyarrow")
CALLED = {"project", "receive", "sweep", "compact", "index", "forward", "decide", "homes", "attach"}
"""Over HTTP, by the scheduler or the portal."""
PRINT_MODULES = "import json; print(json.dumps(sorted(sys.modules)))"


@cache
def loaded(function: str) -> frozenset[str]:
    steps = [step for step in STEPS[function] if ".google" not in step]
    command = [sys.executable, "-c", PROGRAM + PRINT_MODULES, function, str(SOURCE), *steps]
    root = {**os.environ, "PYTHONPATH": str(SOURCE.parents[1])}
    return frozenset(json.loads(subprocess.run(command, capture_output=True, text=True, check=True, env=root).stdout))


def test_each_function_of_the_table_is_an_entry_point_that_handles_what_it_is_triggered_by() -> None:
    assert {function.name for function in FUNCTIONS} == set(STEPS)
    assert set(HANDLED) == {function.name for function in FUNCTIONS if function.name not in CALLED}


@pytest.mark.parametrize("function", ["settle", "announce", "project", "sweep", "compact", "index", "forward"])
def test_a_function_that_validates_nothing_loads_no_frames(function: str) -> None:
    assert loaded(function).isdisjoint(FRAMES)


@pytest.mark.parametrize("function", ["receive", "forward"])
def test_a_function_without_tables_loads_no_columns_either(function: str) -> None:
    assert loaded(function).isdisjoint([*FRAMES, *COLUMNS])


@pytest.mark.parametrize("function", STEPS)
def test_a_function_on_google_loads_no_local_adapter_and_no_command_line(function: str) -> None:
    modules = loaded(function)
    assert not [
        name
        for name in modules
        if name.startswith(("tillstream.adapters.local", "tillstream.cli", "tillstream.server", "portal"))
    ]
    assert modules.isdisjoint(["duckdb", "sqlglot"])
