"""Scopes as rows that the warehouse reads: those of users, and of service accounts that run SQL of people.

Only users whose sign-in name is an e-mail address are included: BigQuery identifies users by it. See sql/row_access.

An account reads only the views for reports, whose rows depend on `user_scopes`. Queries with equal scopes share one.
It is bound to another scope only when no job of it can still run. See
docs/adr/030-rows-by-who-asks.md.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import pyarrow as pa

from tillstream.model.document_json import JsonObject
from tillstream.model.errors import Conflict, Rejected
from tillstream.model.people import Scope
from tillstream.model.permissions import Action
from tillstream.people import accounts
from tillstream.people.account_store import User
from tillstream.ports import Clock, DocumentStore, Ports
from tillstream.ports.documents import Document, Update, update_document
from tillstream.ports.warehouse import Warehouse

USER_SCOPES_TABLE = "user_scopes"
SQL_BOUND, NO_ROWS_BOUND = "sql", "none"
"""Bounds that select no rows: of an account that runs SQL of people (`sql_accounts`), with the key of its scope; of a
person who is no user any more."""
ScopeRow = tuple[str, str, str | None]

SQL_ACCOUNTS_COLLECTION = "sql_accounts"
MIN_RESERVATION = timedelta(minutes=2)
"""Beyond the time limit of a query, in which its job ends: until then, a job without a trace counts as running."""
ALL_ACCOUNTS_TAKEN = "Too many people with different rights run SQL at the moment. Try again in a minute."
QUERY_START_LOST = "The query took too long to start. Try again."
_SCOPES_TABLE = USER_SCOPES_TABLE
READ_ACCOUNT_SCOPE = f"SELECT email, bound, value FROM {_SCOPES_TABLE} WHERE email = @email"
IsJobRunning = Callable[[str, str], bool]
"""Whether a job of an account runs or can still start: (address of the account, id of the job)."""


def sync_user_scopes(ports: Ports) -> bool:
    """Write the scopes that changed into the warehouse; return whether any did. Idempotent.

    Rows of the accounts that run SQL of people are left alone, because their scopes change meanwhile.
    """
    wanted, stored = dict[str, list[ScopeRow]](), dict[str, list[ScopeRow]]()
    for row in scope_rows_of_users(accounts.all_users(ports)):
        wanted.setdefault(row[0], []).append(row)
    for row_stored in ports.warehouse.query(f"SELECT email, bound, value FROM {USER_SCOPES_TABLE}").to_pylist():
        stored.setdefault(row_stored["email"], []).append(tuple(row_stored.values()))
    changed: list[ScopeRow] = []
    for email in stored.keys() | wanted.keys():
        rows = wanted.get(email) or [(email, NO_ROWS_BOUND, None)]
        actual = stored.get(email, [])
        is_of_sql = any(bound == SQL_BOUND for _, bound, _ in actual)
        if not is_of_sql and sorted(rows, key=scope_sort_key) != sorted(actual, key=scope_sort_key):
            changed += rows
    if changed:
        ports.warehouse.upsert(USER_SCOPES_TABLE, scope_table(changed), ("email",))
    return bool(changed)


def scope_table(rows: Sequence[ScopeRow]) -> pa.Table:
    columns = zip(*rows, strict=True)
    names = ("email", "bound", "value")
    return pa.table({name: pa.array(cells, pa.string()) for name, cells in zip(names, columns, strict=True)})


def scope_rows_of_users(people: Iterable[User]) -> list[ScopeRow]:
    """Rows of all active users whose sign-in name is an e-mail address, in the given order."""
    return [
        (user.login, bound, value)
        for user in people
        if "@" in user.login and not user.disabled
        for bound, value in scope_bounds(user.scope)
    ]


def scope_bounds(scope: Scope) -> list[tuple[str, str | None]]:
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


def scope_sort_key(row: ScopeRow) -> tuple[str, str, bool, str]:
    return row[0], row[1], row[2] is None, row[2] or ""


@dataclass(frozen=True)
class SqlAccounts:
    """emails: the addresses of the accounts. Every call raises `Unavailable`."""

    emails: Sequence[str]
    documents: DocumentStore
    clock: Clock
    is_running: IsJobRunning

    def bind(self, warehouse: Warehouse, scope: Scope, job: str, seconds: float) -> str:
        """Reserve an account for a job, and return its address when the warehouse shows it the rows of the scope.

        seconds: the time limit of the job, which must start at once. Raises `Rejected` if all accounts are in use by
        other scopes, and `Conflict` if the reservation ended before the rows were written.
        """
        key = scope_key(scope)
        lasting = timedelta(seconds=seconds) + MIN_RESERVATION
        email = self._reserve(key, job, lasting)
        rows = sorted(scope_rows_of_account(email, scope), key=scope_sort_key)
        if _stored_scope(warehouse, email) != rows:
            warehouse.upsert(_SCOPES_TABLE, scope_table(rows), ("email",))
            if _stored_scope(warehouse, email) != rows:
                raise Conflict(QUERY_START_LOST)
        self._renew(email, key, job, lasting)
        return email

    def release(self, email: str, job: str) -> None:
        """Note that a job has ended. Idempotent."""

        def released(document: Document | None) -> Update | Document | None:
            if document is None or job not in document.data["jobs"]:
                return document
            jobs = {name: until for name, until in document.data["jobs"].items() if name != job}
            return Update({**document.data, "jobs": jobs})

        update_document(self.documents, SQL_ACCOUNTS_COLLECTION, email, released)

    def _reserve(self, key: str, job: str, lasting: timedelta) -> str:
        """An account that has the scope, else the one that was used longest ago and is free."""
        notes = {document.id: document.data for document in self.documents.find(SQL_ACCOUNTS_COLLECTION)}

        def place(email: str) -> tuple[bool, str]:
            data = notes.get(email, {})
            return data.get("key") != key, data.get("used", "")

        for email in sorted(self.emails, key=place):
            if self._take(email, key, job, lasting):
                return email
        raise Rejected(ALL_ACCOUNTS_TAKEN)

    def _take(self, email: str, key: str, job: str, lasting: timedelta) -> bool:
        now, is_taken = self.clock.now(), False

        def taken(document: Document | None) -> Update | Document | None:
            nonlocal is_taken
            data: JsonObject = document.data if document else {"key": "", "jobs": {}}
            is_taken = data["key"] == key or not self._is_busy(email, data["jobs"], now)
            if not is_taken:
                return document
            jobs = data["jobs"] if data["key"] == key else {}
            return _reserve_account(key, jobs | {job: (now + lasting).isoformat()}, now)

        update_document(self.documents, SQL_ACCOUNTS_COLLECTION, email, taken)
        return is_taken

    def _renew(self, email: str, key: str, job: str, lasting: timedelta) -> None:
        """Raises `Conflict` if another scope has the account meanwhile."""
        now = self.clock.now()

        def renewed(document: Document | None) -> Update | Document:
            if document is None or document.data["key"] != key or job not in document.data["jobs"]:
                raise Conflict(QUERY_START_LOST)
            return _reserve_account(key, document.data["jobs"] | {job: (now + lasting).isoformat()}, now)

        update_document(self.documents, SQL_ACCOUNTS_COLLECTION, email, renewed)

    def _is_busy(self, email: str, jobs: dict[str, str], now: datetime) -> bool:
        """Whether a job of the account may run. Jobs of processes that died are asked about."""
        return any(now < datetime.fromisoformat(until) or self.is_running(email, job) for job, until in jobs.items())


def scope_key(scope: Scope) -> str:
    """Equal for scopes with the same rows and columns."""
    return hashlib.sha256(json.dumps(_account_bounds(scope)).encode()).hexdigest()[:32]


def scope_rows_of_account(email: str, scope: Scope) -> list[ScopeRow]:
    """The rows of `user_scopes` of an account with this scope: no people, uploads and forecasts, which SQL has not."""
    return [*((email, bound, value) for bound, value in _account_bounds(scope)), (email, SQL_BOUND, scope_key(scope))]


def _account_bounds(scope: Scope) -> list[tuple[str, str | None]]:
    pairs = [pair for pair in scope_bounds(scope) if pair[0] in {"region", "store", "salesperson", "costs"}]
    return sorted(set(pairs), key=lambda pair: (pair[0], pair[1] is None, pair[1] or ""))


def _stored_scope(warehouse: Warehouse, email: str) -> list[ScopeRow]:
    rows: pa.Table = warehouse.query(READ_ACCOUNT_SCOPE, {"email": email})
    return sorted(((one["email"], one["bound"], one["value"]) for one in rows.to_pylist()), key=scope_sort_key)


def _reserve_account(key: str, jobs: dict[str, str], now: datetime) -> Update:
    return Update({"key": key, "jobs": jobs, "used": now.isoformat()})
