"""The object and the record of a micro-batch of store sales."""

import hashlib
import json

from tillstream.contracts.registry import UNASSIGNED, ContractRegistry
from tillstream.model.batch import Batch, BatchKind
from tillstream.model.errors import Conflict, Rejected
from tillstream.model.events import INBOX
from tillstream.model.ids import batch_id
from tillstream.model.object_names import PACKABLE_NAME
from tillstream.ports import Ports
from tillstream.ports.objects import StoredObject
from tillstream.records import batch_originals, batch_records, losses
from tillstream.records.losses import Loss, LossKind

NEWLINE = b"\n"


def store_micro_batch(
    ports: Ports, contracts: ContractRegistry, folder: str, sequence: int, raw: bytes, *, own_stores: bool
) -> Batch:
    """Store the lines of a micro-batch, then its record. Idempotent. sequence: of its first message.

    Its name contains a hash of the content, because its first sequence is not always unique.
    """
    sha256 = hashlib.sha256(raw).hexdigest()
    stored = _write_once(ports, f"{folder}/{micro_batch_file_name(sequence, sha256)}", raw)
    return _create_record(ports, contracts, stored, sha256, raw.count(NEWLINE), own_stores=own_stores)


def micro_batch_file_name(sequence: int, sha256: str) -> str:
    """The name of a micro-batch in its folder. sequence: of its first message."""
    return f"{sequence}-{sha256[:16]}.jsonl"


def _write_once(ports: Ports, name: str, raw: bytes) -> StoredObject:
    try:
        with ports.objects.writer(INBOX, name, if_generation=0) as writer:
            writer.write(raw)
    except Conflict:
        return ports.objects.stat(INBOX, name)
    return writer.stored or ports.objects.stat(INBOX, name)


def register_micro_batch(ports: Ports, contracts: ContractRegistry, stored: StoredObject) -> Batch:
    """Create the record of a stored micro-batch. Idempotent: all fields are derived from the object.

    Raises `Rejected` if its bytes are not those of the hash in its name, and records that they are lost.
    """
    with batch_originals.open_stored(ports, stored.bucket, stored.name, stored.generation) as stream:
        raw = stream.read()
    if PACKABLE_NAME.fullmatch(stored.name) and not batch_originals.PackedOriginal(stored, raw).is_whole:
        raise _report_damaged(ports, stored)
    losses.resolve_recovered(ports, LossKind.STORE_SALES, stored.name)
    sha256, own_stores = hashlib.sha256(raw).hexdigest(), _is_bound(raw)
    return _create_record(ports, contracts, stored, sha256, raw.count(NEWLINE), own_stores=own_stores)


def _report_damaged(ports: Ports, stored: StoredObject) -> Rejected:
    region = stored.name.rpartition("/")[0].partition("/")[2]
    message = f"The store sales in {stored.bucket}/{stored.name} are damaged, and have no record. They do not count."
    remedy = f"{batch_originals.FROM_BACKUP}, have the stores send these sales again, or accept the loss."
    losses.report_losses(
        ports, Loss(LossKind.STORE_SALES, stored.name, message, remedy, "", (region,) if region else ())
    )
    return Rejected(message)


def _is_bound(raw: bytes) -> bool:
    """Whether the messages of a micro-batch were sent with store tokens: all of them are, or none."""
    try:
        return "store" in json.loads(raw.partition(NEWLINE)[0])
    except (ValueError, TypeError):  # an object that another program put there
        return False


def _create_record(
    ports: Ports, contracts: ContractRegistry, stored: StoredObject, sha256: str, sales: int, *, own_stores: bool
) -> Batch:
    folder, _, file = stored.name.rpartition("/")
    sequence = int(file.removesuffix(".jsonl").partition("-")[0])
    contract = contracts.for_region(folder.partition("/")[2])
    used = contracts.pin_whole(contract.name) if contract else UNASSIGNED
    now = ports.clock.now().isoformat()
    upload = Batch(
        batch_id=batch_id(f"{stored.bucket}/{folder}", sequence, sha256),
        kind=BatchKind.STORE_SALES,
        bucket=stored.bucket,
        object=stored.name,
        generation=stored.generation,
        size=stored.size,
        file=_title(sales),
        contract=used.name,
        contract_version=used.version,
        region=used.region,
        received_seq=sequence,
        received_at=now,
        received_by="stores",
        own_stores=own_stores,
        state_at=now,
        sha256=sha256,
    )
    return batch_records.create_batch(ports, upload)


def _title(sales: int) -> str:
    return "1 store sale" if sales == 1 else f"{sales:,} store sales"
