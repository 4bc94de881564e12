"""DocumentStore: small JSON records with compare-and-set."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from tillstream.model.document_json import JsonObject
from tillstream.model.errors import Conflict

MAX_UPDATE_TRIES = 1_000
"""Maximum tries of `update_document`. A conflict means that another writer succeeded: only a faulty `also` uses up all
tries."""

AFTER_ANY = "~"
"""Sorts after every character of an id: ids that begin with a text are above it, and below it with this at its end."""


@dataclass(frozen=True)
class Document:
    """A stored record. `version` is 1 after the first write and increases by 1 with each further one.

    `data` contains only str, int, bool, None, list and dict.
    """

    id: str
    data: JsonObject
    version: int


Unchanged = TypeVar("Unchanged", bound=Document | None)


@dataclass(frozen=True)
class Put:
    """A document to write, with `if_version` as in `DocumentStore.put`."""

    collection: str
    id: str
    data: Mapping[str, Any]
    if_version: int | None = None


@dataclass(frozen=True)
class Update:
    """New data of a document; `also` are further documents to write in the same transaction."""

    data: Mapping[str, Any]
    also: Sequence[Put] = ()


class DocumentStore(Protocol):
    """Raises `Conflict` (a compare-and-set lost), `Unavailable`. Durable on return. Safe in threads and processes."""

    def get(self, collection: str, id: str) -> Document | None: ...

    def put(self, collection: str, id: str, data: Mapping[str, Any], *, if_version: int | None = None) -> Document:
        """Write; `if_version` 0: only if absent, v: only if still at v, None: in any case."""

    def put_all(self, puts: Sequence[Put]) -> list[Document]:
        """Write several documents atomically: all of them, or none and `Conflict`."""

    def delete(self, collection: str, id: str, *, if_version: int | None = None) -> None:
        """Delete; a missing document is ignored, unless `if_version` requires it to exist: `Conflict`."""

    def find(
        self,
        collection: str,
        where: Mapping[str, str | int | bool] | None = None,
        *,
        order_by: str | None = None,
        descending: bool = False,
        limit: int | None = None,
        offset: int = 0,
        above: str | None = None,
        below: str | None = None,
    ) -> list[Document]:
        """Documents whose top-level fields equal all of `where`, ordered by `order_by` and id.

        above, below: exclusive bounds of the id, compared by code points.
        """

    def count(self, collection: str, where: Mapping[str, str | int | bool] | None = None) -> int: ...

    def close(self) -> None:
        """Release the resources of this process. Idempotent."""


def put_in_groups(documents: DocumentStore, puts: Sequence[Put], size: int) -> None:
    """Write documents in transactions of at most `size` of them; after an error, the earlier groups stay written.

    Raises as `DocumentStore.put_all`.
    """
    for first in range(0, len(puts), size):
        documents.put_all(puts[first : first + size])


def update_document(
    documents: DocumentStore,
    collection: str,
    id: str,
    change: Callable[[Document | None], Update | Unchanged],
    *,
    tries: int = MAX_UPDATE_TRIES,
) -> Document | Unchanged:
    """Update a document by compare-and-set: read it, change it, write it, and start again after each conflict.

    change: returns an `Update` of the document (None if it is missing), or the document itself to write nothing.
    Returns the document as stored. Raises what `change` raises, and `Conflict` after the last try.
    """
    while True:
        document = documents.get(collection, id)
        changed = change(document)
        if not isinstance(changed, Update):
            return changed
        put = Put(collection, id, changed.data, if_version=document.version if document else 0)
        tries -= 1
        try:
            return documents.put_all([put, *changed.also])[0]
        except Conflict:
            if tries <= 0:
                raise
