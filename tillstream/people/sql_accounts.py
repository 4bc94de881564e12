"""Service accounts that run SQL of people on BigQuery: each is bound to one scope at a time.

An account reads only the views for reports, whose rows depend on `user_scopes`. Queries with equal scopes share one.
It is bound to another scope only when no job of it can still run. See
docs/adr/086-sql-of-people-as-accounts-of-their-own.md.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa

from tillstream.domain.errors import Conflict, Rejected
from tillstream.domain.people import Scope
from tillstream.people import user_scopes
from tillstream.people.user_scopes import Row
from tillstream.ports import Clock, DocumentStore
from tillstream.ports.document_store import Document, Update, update
from tillstream.ports.warehouse import Warehouse

COLLECTION = "sql_accounts"
LEAST = timedelta(minutes=2)
"""Beyond the time limit of a query, in which its job ends: until then, a job without a trace counts as running."""
TAKEN = "Too many people with different rights run SQL at the moment. Try again in a minute."
LOST = "The query took too long to start. Try again."
TABLE = user_scopes.TABLE
READ = f"SELECT email, bound, value FROM {TABLE} WHERE email = @email"
IsRunning = Callable[[str, str], bool]
"""Whether a job of an account runs or can still start: (address of the account, id of the job)."""


@dataclass(frozen=True)
class SqlAccounts:
    """emails: the addresses of the accounts. Every call raises `Unavailable`."""

    emails: Sequence[str]
    documents: DocumentStore
    clock: Clock
    is_running: IsRunning

    def bind(self, warehouse: Warehouse, scope: Scope, job: str, seconds: float) -> str:
        """Reserve an account for a job, and return its address when the warehouse shows it the rows of the scope.

        seconds: the time limit of the job, which must start at once. Raises `Rejected` if all accounts are in use by
        other scopes, and `Conflict` if the reservation ended before the rows were written.
        """
        key = scope_key(scope)
        lasting = timedelta(seconds=seconds) + LEAST
        email = self._reserve(key, job, lasting)
        rows = sorted(rows_of(email, scope), key=user_scopes.sort_key)
        if _stored(warehouse, email) != rows:
            warehouse.upsert(TABLE, user_scopes.as_table(rows), ("email",))
            if _stored(warehouse, email) != rows:
                raise Conflict(LOST)
        self._renew(email, key, job, lasting)
        return email

    def release(self, email: str, job: str) -> None:
        """Note that a job has ended. Idempotent."""

        def released(document: Document | None) -> Update | Document | None:
            if document is None or job not in document.data["jobs"]:
                return document
            jobs = {name: until for name, until in document.data["jobs"].items() if name != job}
            return Update({**document.data, "jobs": jobs})

        update(self.documents, COLLECTION, email, released)

    def _reserve(self, key: str, job: str, lasting: timedelta) -> str:
        """An account that has the scope, else the one that was used longest ago and is free."""
        notes = {document.id: document.data for document in self.documents.find(COLLECTION)}

        def place(email: str) -> tuple[bool, str]:
            data = notes.get(email, {})
            return data.get("key") != key, data.get("used", "")

        for email in sorted(self.emails, key=place):
            if self._take(email, key, job, lasting):
                return email
        raise Rejected(TAKEN)

    def _take(self, email: str, key: str, job: str, lasting: timedelta) -> bool:
        now, is_taken = self.clock.now(), False

        def taken(document: Document | None) -> Update | Document | None:
            nonlocal is_taken
            data: dict[str, Any] = document.data if document else {"key": "", "jobs": {}}
            is_taken = data["key"] == key or not self._is_busy(email, data["jobs"], now)
            if not is_taken:
                return document
            jobs = data["jobs"] if data["key"] == key else {}
            return _reserved(key, jobs | {job: (now + lasting).isoformat()}, now)

        update(self.documents, COLLECTION, email, taken)
        return is_taken

    def _renew(self, email: str, key: str, job: str, lasting: timedelta) -> None:
        """Raises `Conflict` if another scope has the account meanwhile."""
        now = self.clock.now()

        def renewed(document: Document | None) -> Update | Document:
            if document is None or document.data["key"] != key or job not in document.data["jobs"]:
                raise Conflict(LOST)
            return _reserved(key, document.data["jobs"] | {job: (now + lasting).isoformat()}, now)

        update(self.documents, COLLECTION, email, renewed)

    def _is_busy(self, email: str, jobs: dict[str, str], now: datetime) -> bool:
        """Whether a job of the account may run. Jobs of processes that died are asked about."""
        return any(now < datetime.fromisoformat(until) or self.is_running(email, job) for job, until in jobs.items())


def scope_key(scope: Scope) -> str:
    """Equal for scopes with the same rows and columns."""
    return hashlib.sha256(json.dumps(_bounds(scope)).encode()).hexdigest()[:32]


def rows_of(email: str, scope: Scope) -> list[Row]:
    """The rows of `user_scopes` of an account with this scope: no people, uploads and forecasts, which SQL has not."""
    return [*((email, bound, value) for bound, value in _bounds(scope)), (email, user_scopes.SQL, scope_key(scope))]


def _bounds(scope: Scope) -> list[tuple[str, str | None]]:
    pairs = [pair for pair in user_scopes.bounds(scope) if pair[0] in {"region", "store", "salesperson", "costs"}]
    return sorted(set(pairs), key=lambda pair: (pair[0], pair[1] is None, pair[1] or ""))


def _stored(warehouse: Warehouse, email: str) -> list[Row]:
    rows: pa.Table = warehouse.query(READ, {"email": email})
    return sorted(((one["email"], one["bound"], one["value"]) for one in rows.to_pylist()), key=user_scopes.sort_key)


def _reserved(key: str, jobs: dict[str, str], now: datetime) -> Update:
    return Update({"key": key, "jobs": jobs, "used": now.isoformat()})
