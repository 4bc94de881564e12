"""The stores to which the writer of an inbox object is bound, noted before the object is stored.

The event of an object may create the record of its batch before its sender does, so the record takes the stores from
here. Only objects of bound writers have a note.
"""

import hashlib
from dataclasses import asdict, dataclass

from tillstream.domain.write_scope import Stores
from tillstream.ports import Ports

COLLECTION = "bound_objects"


@dataclass(frozen=True)
class BoundObject:
    """The note of an object of the inbox."""

    object: str
    stores: tuple[str, ...]


def note(ports: Ports, name: str, stores: Stores) -> None:
    """Note the writer's stores of an object that is stored next; nothing for a writer who is not bound. Idempotent."""
    if stores is not None:
        ports.documents.put(COLLECTION, _id(name), asdict(BoundObject(name, stores)))


def stores_of(ports: Ports, name: str) -> Stores:
    """The stores to which the writer of an object is bound; None: not bound."""
    document = ports.documents.get(COLLECTION, _id(name))
    return tuple(document.data["stores"]) if document else None


def _id(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()
