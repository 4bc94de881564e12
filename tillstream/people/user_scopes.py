"""Projection: what each person may see, as rows that the warehouse's own row access policies read.

Only who signs in with an address is in it: BigQuery knows people by theirs. See sql/row_access.
"""

from collections.abc import Iterable

import pyarrow as pa

from tillstream.domain.people import Action, Scope
from tillstream.people import accounts
from tillstream.people.user import User
from tillstream.ports import Ports

TABLE = "user_scopes"
Row = tuple[str, str, str | None]


def project(ports: Ports) -> bool:
    """Write what people may see into the warehouse, if that changed; whether it did. Repeatable."""
    rows = rows_of(accounts.find(ports))
    told = ports.warehouse.query(f"SELECT email, bound, value FROM {TABLE}").to_pylist()
    if sorted(rows, key=_order) == sorted(((r["email"], r["bound"], r["value"]) for r in told), key=_order):
        return False
    columns = zip(*rows, strict=True) if rows else ((), (), ())
    names = ("email", "bound", "value")
    ports.warehouse.load(
        TABLE, pa.table({name: pa.array(cells, pa.string()) for name, cells in zip(names, columns, strict=True)})
    )
    return True


def rows_of(people: Iterable[User]) -> list[Row]:
    """The rows of everybody who may sign in, by an address, in the order of their names."""
    return [
        (user.login, bound, value)
        for user in people
        if "@" in user.login and not user.disabled
        for bound, value in _of(user.scope)
    ]


def _of(scope: Scope) -> list[tuple[str, str | None]]:
    """As the query layer chooses rows: each bound by itself; no row where nothing is seen."""
    own = None if scope.salesperson is None else tuple(filter(None, (scope.salesperson,)))
    found: list[tuple[str, str | None]] = []
    for bound, values in (("region", scope.regions), ("store", scope.stores), ("salesperson", own)):
        found += [(bound, value) for value in (values if values is not None else (None,))]
    if scope.may(Action.SEE_PERSONAL):
        found.append(("personal", None))
    if scope.may(Action.SEE_UPLOADS) and scope.covers_stores(None):
        found.append(("uploads", None))
    return found


def _order(row: Row) -> tuple[str, str, bool, str]:
    return row[0], row[1], row[2] is None, row[2] or ""
