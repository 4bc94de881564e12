"""Runs statements of people as the portal does: in processes of their own, on extracts of a warehouse."""

import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from tillstream.adapters.local.clock import SystemClock
from tillstream.adapters.local.duckdb.warehouse import DuckDBWarehouse
from tillstream.adapters.local.query_processes import LocalQueryProcesses
from tillstream.explore.engines import ExtractEngine, StatementAnswer, StatementRun
from tillstream.explore.extracts import Extracts
from tillstream.model.people import Scope


def run(warehouse: DuckDBWarehouse, text: str, scope: Scope, **limits: Any) -> StatementAnswer:
    """limits: of `Run`."""
    return engine_on(warehouse).run(StatementRun(text, scope, **limits))


@cache
def engine_on(warehouse: DuckDBWarehouse) -> ExtractEngine:
    folder = tempfile.TemporaryDirectory(prefix="tillstream-sql-")
    _FOLDERS.append(folder)
    home = Path(folder.name)
    extracts = Extracts(home, SystemClock())
    return ExtractEngine(LocalQueryProcesses(), extracts, warehouse.snapshot, home / "spill", "256MB", 1)


_FOLDERS: list[tempfile.TemporaryDirectory[str]] = []
"""Removed when the process of the tests ends."""
