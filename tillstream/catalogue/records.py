"""Stored entries: their collections, document ids and lookups."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from tillstream.domain.catalogue.entries import CLASSES, Entry, EntryKind, is_withdrawn
from tillstream.domain.catalogue.json_codec import from_json
from tillstream.model.errors import NotFound
from tillstream.ports import Ports
from tillstream.ports.documents import Document

COLLECTIONS = {
    EntryKind.PRODUCT: "products",
    EntryKind.STORE: "stores",
    EntryKind.SALESPERSON: "salespeople",
    EntryKind.PROMOTION: "promotions",
    EntryKind.SUPPLIER: "suppliers",
}
STATE, STATE_ID = "catalogue", "state"
MOST_REVISIONS = 20
"""More are not looked up one by one."""


@dataclass(frozen=True)
class Stored:
    """An entry with its version for compare-and-set and the revision of the catalogue that wrote it."""

    entry: Entry
    version: int
    revision: int


def document_id(*parts: str) -> str:
    """The parts of a key as one id without characters that a document store reserves."""
    quoted = (quote(part, safe="").replace(".", "%2E").replace("_", "%5F").replace("~", "%7E") for part in parts)
    return ":".join(quoted)


def get(ports: Ports, kind: EntryKind, *key: str) -> Stored | None:
    document = ports.documents.get(COLLECTIONS[kind], document_id(*key))
    return to_stored(kind, document) if document else None


def current(ports: Ports, kind: EntryKind, *key: str) -> Entry | None:
    """The entry, unless it is withdrawn."""
    stored = get(ports, kind, *key)
    return stored.entry if stored and not is_withdrawn(stored.entry) else None


def version_of_new(ports: Ports, kind: EntryKind, *key: str) -> int:
    """The version over which a new entry is saved: that of a withdrawn one, else 0."""
    stored = get(ports, kind, *key)
    return stored.version if stored and is_withdrawn(stored.entry) else 0


def required(ports: Ports, kind: EntryKind, *key: str) -> Stored:
    """The entry. Raises `NotFound`."""
    stored = get(ports, kind, *key)
    if stored is None:
        raise NotFound(f"The catalogue has no {kind} {' '.join(key)}.")
    return stored


def find(ports: Ports, kind: EntryKind) -> list[Stored]:
    """All entries of a kind, by document id."""
    return [to_stored(kind, one) for one in ports.documents.find(COLLECTIONS[kind])]


def changed_since(ports: Ports, kind: EntryKind, revision: int) -> Iterator[Stored]:
    """Entries that a later revision wrote, looked up by each revision; all entries if there were many revisions."""
    newest = int(state(ports).data["revision"])
    if revision <= 0 or newest - revision > MOST_REVISIONS:
        yield from (one for one in find(ports, kind) if one.revision > revision)
        return
    for each in range(newest, revision, -1):
        for document in ports.documents.find(COLLECTIONS[kind], {"revision": each}):
            yield to_stored(kind, document)


def state(ports: Ports) -> Document:
    """The state of the catalogue: its revision and the import that is being applied."""
    document = ports.documents.get(STATE, STATE_ID)
    return document or Document(STATE_ID, {"revision": 0, "import": ""}, 0)


def revision(ports: Ports) -> int:
    return int(state(ports).data["revision"])


def to_stored(kind: EntryKind, document: Document) -> Stored:
    data: dict[str, Any] = document.data
    return Stored(from_json(CLASSES[kind], data), document.version, int(data["revision"]))
