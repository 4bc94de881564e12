"""Query the audit log: filter, search and page, newest entries first."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice

from tillstream.audit.recording import COLLECTION
from tillstream.domain.audit import Entry
from tillstream.domain.errors import NotFound
from tillstream.ports import Ports

CHUNK = 500


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
class Page:
    entries: list[Entry]
    next: str
    """Cursor of the next, older page; empty at the end."""


def page(ports: Ports, filters: AuditFilter, *, below: str = "", limit: int = 50) -> Page:
    """The newest entries older than the entry `below`."""
    entries = list(islice(find_entries(ports, filters, below=below), limit + 1))
    return Page(entries[:limit], entries[limit - 1].id if len(entries) > limit else "")


def find_entries(ports: Ports, filters: AuditFilter, *, below: str = "") -> Iterator[Entry]:
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
        documents = ports.documents.find(COLLECTION, where, descending=True, limit=CHUNK, above=first, below=end)
        for document in documents:
            entry = Entry.from_json(document.data)
            if text in _searchable(entry):
                yield entry
        if len(documents) < CHUNK:
            return
        end = documents[-1].id


def get(ports: Ports, id: str) -> Entry:
    """The entry of an id. Raises `NotFound`."""
    document = ports.documents.get(COLLECTION, id)
    if document is None:
        raise NotFound(f"There is no entry {id} in the audit log.")
    return Entry.from_json(document.data)


def find_by_subject(ports: Ports, kind: str, subject: str, limit: int = 100) -> list[Entry]:
    """Entries about one subject, newest first."""
    return list(islice(find_entries(ports, AuditFilter(what=kind, subject=subject)), limit))


def _lower_bound(day: date) -> str:
    """Exclusive lower bound of the ids of a day's entries."""
    return f"{int(datetime.combine(day, time(), UTC).timestamp()) * 1_000_000:016x}"


def _searchable(entry: Entry) -> str:
    return str(replace(entry, id="").to_json()).casefold()
