"""The table `user_scopes`: each user's scope as rows that the row access policies of the warehouse read.

Only users whose sign-in name is an e-mail address are included: BigQuery identifies users by it. See sql/row_access.
"""

from collections.abc import Iterable, Sequence

import pyarrow as pa

from tillstream.domain.people import Action, Scope
from tillstream.people import accounts
from tillstream.people.user import User
from tillstream.ports import Ports

TABLE = "user_scopes"
SQL, NOTHING = "sql", "none"
"""Bounds that select no rows: of an account that runs SQL of people (`sql_accounts`), with the key of its scope; of a
person who is no user any more."""
Row = tuple[str, str, str | None]


def sync(ports: Ports) -> bool:
    """Write the scopes that changed into the warehouse; return whether any did. Idempotent.

    Rows of the accounts that run SQL of people are left alone, because their scopes change meanwhile.
    """
    wanted, stored = dict[str, list[Row]](), dict[str, list[Row]]()
    for row in rows_of(accounts.find(ports)):
        wanted.setdefault(row[0], []).append(row)
    for row_stored in ports.warehouse.query(f"SELECT email, bound, value FROM {TABLE}").to_pylist():
        stored.setdefault(row_stored["email"], []).append(tuple(row_stored.values()))
    changed: list[Row] = []
    for email in stored.keys() | wanted.keys():
        rows = wanted.get(email) or [(email, NOTHING, None)]
        actual = stored.get(email, [])
        is_of_sql = any(bound == SQL for _, bound, _ in actual)
        if not is_of_sql and sorted(rows, key=sort_key) != sorted(actual, key=sort_key):
            changed += rows
    if changed:
        ports.warehouse.upsert(TABLE, as_table(changed), ("email",))
    return bool(changed)


def as_table(rows: Sequence[Row]) -> pa.Table:
    columns = zip(*rows, strict=True)
    names = ("email", "bound", "value")
    return pa.table({name: pa.array(cells, pa.string()) for name, cells in zip(names, columns, strict=True)})


def rows_of(people: Iterable[User]) -> list[Row]:
    """Rows of all active users whose sign-in name is an e-mail address, in the given order."""
    return [
        (user.login, bound, value)
        for user in people
        if "@" in user.login and not user.disabled
        for bound, value in bounds(user.scope)
    ]


def bounds(scope: Scope) -> list[tuple[str, str | None]]:
    """(bound, value) pairs, as the query layer filters: one bound at a time; no pair if the user sees no rows."""
    salespeople = None if scope.salesperson is None else tuple(filter(None, (scope.salesperson,)))
    pairs: list[tuple[str, str | None]] = []
    for bound, values in (("region", scope.regions), ("store", scope.stores), ("salesperson", salespeople)):
        pairs += [(bound, value) for value in (values if values is not None else (None,))]
    if scope.may(Action.SEE_PERSONAL):
        pairs.append(("personal", None))
    if scope.may(Action.SEE_COSTS):
        pairs.append(("costs", None))
    if scope.may(Action.SEE_UPLOADS) and scope.covers_stores(None):
        pairs.append(("uploads", None))
    if scope.may(Action.SEE_FORECASTS) and scope.salesperson is None:  # no forecast is of a salesperson's sales
        pairs.append(("forecasts", None))
    return pairs


def sort_key(row: Row) -> tuple[str, str, bool, str]:
    return row[0], row[1], row[2] is None, row[2] or ""
