"""Register a batch: create its record once its bytes are stored."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import BinaryIO

from tillstream.batches import writers
from tillstream.batches.records import CHUNK, create
from tillstream.domain.batch.holds import Hold
from tillstream.domain.batch.proposal import Proposal
from tillstream.domain.batch.record import Batch, BatchKind, State
from tillstream.domain.contract.model import Contract
from tillstream.domain.ids import batch_id
from tillstream.ports import ObjectStore, Ports
from tillstream.ports.object_store import StoredObject

EPOCH, MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)


def register(
    ports: Ports,
    contract: Contract | None,
    stored: StoredObject,
    by: str,
    *,
    sha256: str = "",
    file: str = "",
    kind: BatchKind = BatchKind.UPLOAD,
    held: Hold | None = None,
    rejected: str = "",
    proposed: Proposal | None = None,
    received: datetime | None = None,
) -> Batch:
    """Return the record of a stored object; create it on the first call. Without a contract, `held` is required,
    or `rejected`: why the file cannot be read at all. received: when the file arrived, if not when it was stored.
    """
    if not sha256:
        sha256 = digest_of(ports, stored)
    now = ports.clock.now().isoformat()
    sequence = (received - EPOCH) // MICROSECOND if received else stored.generation
    upload = Batch(
        batch_id=id_of(stored, sha256),
        kind=kind,
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
        stores=writers.stores_of(ports, stored.name),
        state=State.HELD if held else State.REJECTED if rejected else State.RECEIVED,
        state_at=now,
        sha256=sha256,
        error=rejected,
        holds=(held,) if held else (),
        proposed=proposed,
    )
    return create(ports, upload)


def id_of(stored: StoredObject, sha256: str) -> str:
    """The ID of the batch of a stored object."""
    return batch_id(f"{stored.bucket}/{stored.name}", stored.generation, sha256)


def digest_of(ports: Ports, stored: StoredObject) -> str:
    """SHA-256 of a stored object, which is read for it."""
    with ports.objects.open(stored.bucket, stored.name, stored.generation) as stream:
        return digest(stream)


def is_intact(objects: ObjectStore, bucket: str, name: str, sha256: str) -> bool:
    """Whether an object has the bytes of a hash; where the store itself compares checksums, they are not read.

    Raises `NotFound` if they are read, and `Unavailable`.
    """
    if objects.keeps_checksums:
        return True
    with objects.open(bucket, name) as stream:
        return digest(stream) == sha256


def digest(stream: BinaryIO) -> str:
    """SHA-256 of the rest of a stream, in hex."""
    sha256 = hashlib.sha256()
    while chunk := stream.read(CHUNK):
        sha256.update(chunk)
    return sha256.hexdigest()
