"""Audit log: who changed what, when, from which values. Entries are appended without secrets, and read by filters.

`record(ports, who, AuditAction.…, subject, before, after)` writes one entry. If the change itself is a document,
`entry` returns the entry as a `Put`, to be written atomically with it.
"""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import Any

from tillstream.model.audit import AuditAction, AuditEntry
from tillstream.model.errors import NotFound
from tillstream.ports import Ports
from tillstream.ports.documents import Put

COLLECTION = "audit"
MAX_LENGTH = 500
"""Maximum length of a text or list: an entry describes a change, it is not a copy of the data."""
SECRETS = frozenset({"hash", "stamp", "password", "secret", "token", "link", "code", "codes", "totp"})
"""Fields removed from every entry, at any depth."""
_ADDRESS: ContextVar[str] = ContextVar("address", default="")

READ_AT_ONCE = 500


@contextmanager
def client_address(address: str) -> Iterator[None]:
    """Record this network address, or the origin of a command, with every entry written within the block."""
    token = _ADDRESS.set(address)
    try:
        yield
    finally:
        _ADDRESS.reset(token)


def origin_of_command(door: str, user: str) -> str:
    """The address of entries of a command.

    door: `command API` in a server, `command line` in a process of its own. user: of the operating system; empty if
    unknown.
    """
    return f"{door}, user {user}" if user else door


def current_address() -> str:
    """The address of `client_address`; empty outside of such a block."""
    return _ADDRESS.get()


def record(
    ports: Ports,
    who: str,
    what: AuditAction,
    subject: str,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Write one entry, durable on return. before, after: the changed fields as small JSON."""
    ports.documents.put_all([entry(ports, who, what, subject, before, after)])


def entry(
    ports: Ports,
    who: str,
    what: AuditAction,
    subject: str,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> Put:
    """The entry as a `Put`, to be written by `put_all` atomically with the change."""
    now = ports.clock.now()
    created = AuditEntry(
        id=f"{ports.clock.tick():016x}-{secrets.token_hex(4)}",
        at=now.isoformat(timespec="seconds"),
        who=who or "nobody",
        what=what.value,
        kind=what.kind,
        subject=subject,
        before=_sanitized(before or {}),
        after=_sanitized(after or {}),
        address=_ADDRESS.get(),
    )
    # Version 0: insert only, never overwrite.
    return Put(COLLECTION, created.id, created.to_json(), if_version=0)


def _sanitized(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _sanitized(item) for name, item in value.items() if name not in SECRETS}
    if isinstance(value, list | tuple | set | frozenset):
        return [_sanitized(item) for item in list(value)[:MAX_LENGTH]]
    if value is None or isinstance(value, bool | int):
        return value
    text = str(value)
    return text if len(text) <= MAX_LENGTH else f"{text[:MAX_LENGTH]}…"


@dataclass(frozen=True)
class AuditFilter:
    """Filter of entries. Empty fields match everything; `since` and `until` are inclusive UTC days."""

    who: str = ""
    what: str = ""
    """An action, or a kind for all its actions: `user.disabled`, `user`."""
    subject: str = ""
    since: date | None = None
    until: date | None = None
    text: str = ""
    """Case-insensitive text anywhere in the entry."""


@dataclass(frozen=True)
class AuditPage:
    entries: list[AuditEntry]
    next: str
    """Cursor of the next, older page; empty at the end."""


def find_page(ports: Ports, filters: AuditFilter, *, below: str = "", limit: int = 50) -> AuditPage:
    """The newest entries older than the entry `below`."""
    entries = list(islice(find_entries(ports, filters, below=below), limit + 1))
    return AuditPage(entries[:limit], entries[limit - 1].id if len(entries) > limit else "")


def find_entries(ports: Ports, filters: AuditFilter, *, below: str = "") -> Iterator[AuditEntry]:
    """Matching entries, newest first, read lazily."""
    where: dict[str, str | int | bool] = {"who": filters.who} if filters.who else {}
    if filters.what:
        where["what" if "." in filters.what else "kind"] = filters.what
    if filters.subject:
        where["subject"] = filters.subject
    first = _lower_bound(filters.since) if filters.since else None
    last = _lower_bound(filters.until + timedelta(days=1)) if filters.until else None
    end = min(filter(None, (below, last)), default=None)
    text = filters.text.casefold()
    while True:
        documents = ports.documents.find(COLLECTION, where, descending=True, limit=READ_AT_ONCE, above=first, below=end)
        for document in documents:
            entry = AuditEntry.from_json(document.data)
            if text in _searchable(entry):
                yield entry
        if len(documents) < READ_AT_ONCE:
            return
        end = documents[-1].id


def get_entry(ports: Ports, id: str) -> AuditEntry:
    """The entry of an id. Raises `NotFound`."""
    document = ports.documents.get(COLLECTION, id)
    if document is None:
        raise NotFound(f"There is no entry {id} in the audit log.")
    return AuditEntry.from_json(document.data)


def find_by_subject(ports: Ports, kind: str, subject: str, limit: int = 100) -> list[AuditEntry]:
    """Entries about one subject, newest first."""
    return list(islice(find_entries(ports, AuditFilter(what=kind, subject=subject)), limit))


def _lower_bound(day: date) -> str:
    """Exclusive lower bound of the ids of a day's entries."""
    return f"{int(datetime.combine(day, time(), UTC).timestamp()) * 1_000_000:016x}"


def _searchable(entry: AuditEntry) -> str:
    return str(replace(entry, id="").to_json()).casefold()
