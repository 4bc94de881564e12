"""Register a batch: create its record once its bytes are stored, with the stores to which its writer is bound.

The event of an object may create the record of its batch before its sender does, so the record takes the stores from
here. Only objects of bound writers have a note.
"""

import hashlib
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import BinaryIO

from tillstream.model.batch import Batch, BatchKind, BatchState, ContractProposal, Hold
from tillstream.model.contract import Contract
from tillstream.model.events import STAGING
from tillstream.model.ids import batch_id
from tillstream.model.people import BoundStores
from tillstream.ports import ObjectStore, Ports
from tillstream.ports.objects import StoredObject
from tillstream.records.batch_records import CHUNK_BYTES, create_batch

BOUND_OBJECTS = "bound_objects"
EPOCH, MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)


@dataclass(frozen=True)
class BoundObject:
    """The note of an object of the inbox."""

    object: str
    stores: tuple[str, ...]


def note_bound_stores(ports: Ports, name: str, stores: BoundStores) -> None:
    """Note the writer's stores of an object that is stored next; nothing for a writer who is not bound. Idempotent."""
    if stores is not None:
        ports.documents.put(BOUND_OBJECTS, _note_id(name), asdict(BoundObject(name, stores)))


def bound_stores_of(ports: Ports, name: str) -> BoundStores:
    """The stores to which the writer of an object is bound; None: not bound."""
    document = ports.documents.get(BOUND_OBJECTS, _note_id(name))
    return tuple(document.data["stores"]) if document else None


def _note_id(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def register_batch(
    ports: Ports,
    contract: Contract | None,
    stored: StoredObject,
    by: str,
    *,
    sha256: str = "",
    file: str = "",
    held: Hold | None = None,
    rejected: str = "",
    proposed: ContractProposal | None = None,
    received: datetime | None = None,
) -> Batch:
    """Return the record of a stored object; create it on the first call. Without a contract, `held` is required,
    or `rejected`: why the file cannot be read at all. received: when the file arrived, if not when it was stored.
    """
    if not sha256:
        sha256 = digest_of_object(ports, stored)
    now = ports.clock.now().isoformat()
    sequence = (received - EPOCH) // MICROSECOND if received else stored.generation
    upload = Batch(
        batch_id=batch_id_of(stored, sha256),
        kind=BatchKind.UPLOAD,
        bucket=stored.bucket,
        object=stored.name,
        generation=stored.generation,
        size=stored.size,
        file=file or stored.name.rsplit("/", 1)[-1],
        contract=contract.name if contract else "",
        contract_version=contract.version if contract else 0,
        region=contract.region if contract else proposed.contract["region"] if proposed else "",
        received_seq=sequence,
        received_at=received.astimezone(UTC).isoformat() if received else now,
        received_by=by,
        stores=bound_stores_of(ports, stored.name),
        state=BatchState.HELD if held else BatchState.REJECTED if rejected else BatchState.RECEIVED,
        state_at=now,
        sha256=sha256,
        error=rejected,
        holds=(held,) if held else (),
        proposed=proposed,
    )
    return create_batch(ports, upload)


def batch_id_of(stored: StoredObject, sha256: str) -> str:
    """The ID of the batch of a stored object."""
    return batch_id(f"{stored.bucket}/{stored.name}", stored.generation, sha256)


def digest_of_object(ports: Ports, stored: StoredObject) -> str:
    """SHA-256 of a stored object, which is read for it."""
    with ports.objects.open(stored.bucket, stored.name, stored.generation) as stream:
        return digest_of_stream(stream)


def is_staged_object_intact(objects: ObjectStore, name: str, sha256: str) -> bool:
    """Whether a staged object has the bytes of a hash; where the store itself compares checksums, they are not read.

    Raises `NotFound` if they are read, and `Unavailable`.
    """
    if objects.keeps_checksums:
        return True
    with objects.open(STAGING, name) as stream:
        return digest_of_stream(stream) == sha256


def digest_of_stream(stream: BinaryIO) -> str:
    """SHA-256 of the rest of a stream, in hex."""
    sha256 = hashlib.sha256()
    while chunk := stream.read(CHUNK_BYTES):
        sha256.update(chunk)
    return sha256.hexdigest()
