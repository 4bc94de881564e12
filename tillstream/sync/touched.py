"""The batches of a home that entries added, corrected or undid since its digests were last noted.

They have a document of their own, written in one transaction with the position of the home, which earlier versions of
the program do not read.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tillstream.ports import Ports
from tillstream.ports.documents import Document, Put, Update, update_document
from tillstream.sync.entry import START
from tillstream.sync.homes import Home

COLLECTION = "sync_touched"
MOST, ALL = 2_000, "*"
"""The most batches in a document, and what it has instead of more."""


@dataclass(frozen=True)
class Touched:
    """Batches by ID, each with the hash of the journal after the last entry that changed it; or only `ALL`."""

    batches: Mapping[str, str] = field(default_factory=dict)
    hash: str = START
    """Of the journal after the last entry that is included."""

    @property
    def all(self) -> bool:
        """Whether every batch of the home counts as touched."""
        return ALL in self.batches

    def to_json(self) -> dict[str, Any]:
        return {"hash": self.hash, "batches": dict(self.batches)}


def get(ports: Ports, home: Home) -> Touched:
    """`ALL` if the noted batches are not those up to the position of the home, as after an earlier version of the
    program."""
    return _of(ports.documents.get(COLLECTION, home.name), home.hash)


def put(ports: Ports, name: str, after: str, end: str, batches: Iterable[str]) -> Put:
    """A document to write with the position of a home, whose entries changed these batches.

    after, end: the hashes of the journal before these entries and after them.
    """
    document = ports.documents.get(COLLECTION, name)
    touched = {**_of(document, after).batches, **dict.fromkeys(batches, end)}
    data = Touched(touched if len(touched) <= MOST and ALL not in touched else {ALL: end}, end).to_json()
    return Put(COLLECTION, name, data, if_version=document.version if document else 0)


def forget(ports: Ports, home: Home, included: Touched) -> None:
    """Delete what is included in the noted digests. home, included: as read before these were computed."""

    def without(document: Document | None) -> Update | Document | None:
        now = _of(document, home.hash)
        rest = {batch: end for batch, end in now.batches.items() if included.batches.get(batch) != end}
        after = Touched(rest, now.hash).to_json()
        return document if document and document.data == after else Update(after)

    update_document(ports.documents, COLLECTION, home.name, without)


def _of(document: Document | None, hash: str) -> Touched:
    touched = Touched(document.data["batches"], document.data["hash"]) if document else Touched()
    return touched if touched.hash == hash else Touched({ALL: hash}, hash)
