"""The table `user_scopes`: each user's scope as rows that the row access policies of the warehouse read.

Only users whose sign-in name is an e-mail address are included: BigQuery identifies users by it. See sql/row_access.
"""

from collections.abc import Iterable

import pyarrow as pa

from tillstream.domain.people import Action, Scope
from tillstream.people import accounts
from tillstream.people.user import User
from tillstream.ports import Ports

TABLE = "user_scopes"
Row = tuple[str, str, str | None]


def sync(ports: Ports) -> bool:
    """Load the scopes into the warehouse if they changed; return whether they did. Idempotent."""
    rows = rows_of(accounts.find(ports))
    stored = ports.warehouse.query(f"SELECT email, bound, value FROM {TABLE}").to_pylist()
    if sorted(rows, key=_sort_key) == sorted(((r["email"], r["bound"], r["value"]) for r in stored), key=_sort_key):
        return False
    columns = zip(*rows, strict=True) if rows else ((), (), ())
    names = ("email", "bound", "value")
    ports.warehouse.replace_table(
        TABLE, pa.table({name: pa.array(cells, pa.string()) for name, cells in zip(names, columns, strict=True)})
    )
    return True


def rows_of(people: Iterable[User]) -> list[Row]:
    """Rows of all active users whose sign-in name is an e-mail address, in the given order."""
    return [
        (user.login, bound, value)
        for user in people
        if "@" in user.login and not user.disabled
        for bound, value in _bounds(user.scope)
    ]


def _bounds(scope: Scope) -> list[tuple[str, str | None]]:
    """(bound, value) pairs, as the query layer filters: one bound at a time; no pair if the user sees no rows."""
    salespeople = None if scope.salesperson is None else tuple(filter(None, (scope.salesperson,)))
    bounds: list[tuple[str, str | None]] = []
    for bound, values in (("region", scope.regions), ("store", scope.stores), ("salesperson", salespeople)):
        bounds += [(bound, value) for value in (values if values is not None else (None,))]
    if scope.may(Action.SEE_PERSONAL):
        bounds.append(("personal", None))
    if scope.may(Action.SEE_COSTS):
        bounds.append(("costs", None))
    if scope.may(Action.SEE_UPLOADS) and scope.covers_stores(None):
        bounds.append(("uploads", None))
    if scope.may(Action.SEE_FORECASTS) and scope.salesperson is None:  # no forecast is of a salesperson's sales
        bounds.append(("forecasts", None))
    return bounds


def _sort_key(row: Row) -> tuple[str, str, bool, str]:
    return row[0], row[1], row[2] is None, row[2] or ""
