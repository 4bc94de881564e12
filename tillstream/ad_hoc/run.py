"""Run a statement of a person within the scope."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import pyarrow as pa

from tillstream.ad_hoc import tables
from tillstream.ad_hoc.statement import scoped
from tillstream.domain.people import Scope
from tillstream.ports.warehouse import AdHocQuery, Warehouse

SHOWN, EXPORTED = 1_000, 1_000_000
"""Rows of a page, and of a file."""
SECONDS = 60.0


@dataclass(frozen=True)
class Answer:
    """rows: at most the limit. is_cut: whether there are more. seconds: how long the query took."""

    rows: pa.Table
    is_cut: bool
    seconds: float


def run(
    warehouse: Warehouse,
    text: str,
    scope: Scope,
    *,
    limit: int = SHOWN,
    seconds: float = SECONDS,
    is_cancelled: Callable[[], bool] = lambda: False,
) -> Answer:
    """Run a SELECT in GoogleSQL on the tables of a scope.

    Raises `Forbidden`, and `Rejected` for a statement that is not offered, that fails, or that is stopped.
    """
    statement = scoped(text, tables.offered(scope))
    params = {name: value for name, value in tables.parameters(scope).items() if f"@{name}" in statement}
    started = time.monotonic()
    rows = warehouse.ad_hoc(AdHocQuery(statement, params, limit + 1, seconds, is_cancelled))
    return Answer(rows.slice(0, limit), rows.num_rows > limit, time.monotonic() - started)
