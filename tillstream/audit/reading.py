"""Reading glass: entries newest first, filtered and searched, a page at a time."""

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
class Asked:
    """Which entries. Empty fields bind nothing; both days are in, as days of UTC."""

    who: str = ""
    what: str = ""
    """An action, or all of a kind: `user.disabled`, `user`."""
    subject: str = ""
    since: date | None = None
    until: date | None = None
    text: str = ""
    """Found anywhere in the entry, in capitals or not."""


@dataclass(frozen=True)
class Page:
    entries: list[Entry]
    next: str
    """Where the next, older page begins; empty at the end."""


def page(ports: Ports, asked: Asked, *, below: str = "", limit: int = 50) -> Page:
    """The newest entries older than the entry `below`."""
    found = list(islice(newest(ports, asked, below=below), limit + 1))
    return Page(found[:limit], found[limit - 1].id if len(found) > limit else "")


def newest(ports: Ports, asked: Asked, *, below: str = "") -> Iterator[Entry]:
    """All that is asked for, newest first, read as far as it is wanted."""
    where: dict[str, str | int | bool] = {"who": asked.who} if asked.who else {}
    if asked.what:
        where["what" if "." in asked.what else "kind"] = asked.what
    if asked.subject:
        where["subject"] = asked.subject
    first = _begins(asked.since) if asked.since else None
    last = _begins(asked.until + timedelta(days=1)) if asked.until else None
    end = min(filter(None, (below, last)), default=None)
    text = asked.text.casefold()
    while True:
        found = ports.documents.find(COLLECTION, where, descending=True, limit=CHUNK, above=first, below=end)
        for document in found:
            entry = Entry.from_json(document.data)
            if text in _words(entry):
                yield entry
        if len(found) < CHUNK:
            return
        end = found[-1].id


def get(ports: Ports, id: str) -> Entry:
    """Raises `NotFound`."""
    known = ports.documents.get(COLLECTION, id)
    if known is None:
        raise NotFound(f"There is no entry {id} in the audit log.")
    return Entry.from_json(known.data)


def of_subject(ports: Ports, kind: str, subject: str, limit: int = 100) -> list[Entry]:
    """What was done to one thing, newest first."""
    return list(islice(newest(ports, Asked(what=kind, subject=subject)), limit))


def _begins(day: date) -> str:
    """Ids of the day's entries are greater than this."""
    return f"{int(datetime.combine(day, time(), UTC).timestamp()) * 1_000_000:016x}"


def _words(entry: Entry) -> str:
    return str(replace(entry, id="").to_json()).casefold()
