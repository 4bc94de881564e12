"""Run a statement of a person within the scope."""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pyarrow as pa

from tillstream.ad_hoc import tables
from tillstream.ad_hoc.statement import Statement, scoped
from tillstream.ad_hoc.tables import OfferedTable
from tillstream.domain.errors import Rejected
from tillstream.domain.people import Scope
from tillstream.domain.text.near_names import did_you_mean
from tillstream.ports.warehouse import AdHocQuery, Warehouse

SHOWN, EXPORTED = 1_000, 1_000_000
"""Rows of a page, and of a file."""
SECONDS = 60.0
_UNKNOWN = re.compile(r"""(?:[Cc]olumn(?: name)?|name:) ["`]?(?:\w+\.)*(\w+)""")
"""How the engines name a column that is unknown or ambiguous."""
_AMBIGUOUS = re.compile("ambiguous", re.IGNORECASE)


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
    offered = tables.offered(scope)
    statement = scoped(text, offered)
    selects = " ".join(
        table.select for name, table in offered.items() if tables.OF_SCOPE + name in statement.restricted
    )
    params = {name: value for name, value in tables.parameters(scope).items() if f"@{name}" in selects}
    started = time.monotonic()
    query = AdHocQuery(
        statement.sql, params, limit + 1, seconds, is_cancelled, scope=scope, restricted=statement.restricted
    )
    try:
        rows = warehouse.ad_hoc(query)
    except Rejected as error:
        raise _with_place(error, statement, offered) from error
    return Answer(rows.slice(0, limit), rows.num_rows > limit, time.monotonic() - started)


def _with_place(error: Rejected, statement: Statement, offered: Mapping[str, OfferedTable]) -> Rejected:
    """The error in words of the statement if it is about a name."""
    match = _UNKNOWN.search(str(error))
    name = match[1].lower() if match else ""
    if name not in statement.names:
        return error
    if _AMBIGUOUS.search(str(error)):
        return Rejected(f"{statement.names[name]}{name} is in several tables. Write TABLE.{name}.")
    columns = {column.name for table in offered.values() for column in table.columns}
    if name in columns:
        return error
    return Rejected(f"{statement.names[name]}There is no column {name}.{did_you_mean(name, columns)}")
