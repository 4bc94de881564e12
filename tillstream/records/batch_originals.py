"""Kept originals, also in packs: whether their bytes are those that were received, and what is recorded if not.

    packs/store-sales/UK/2026-11-22/1795305600123456-1795309200654321-0123456789abcdef.zip
        store-sales/UK/1795305600123456-….jsonl      (comment: the generation of the object that it was)

A pack has the originals of one folder that were received on one UTC day. It is never changed. Its name has the times of
its first and last micro-batch, so that an original is looked up by its own name, without an index that could be lost.
Bytes of an original are those of its name's hash, wherever they are.
"""

import hashlib
import io
import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import BinaryIO, cast
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile, ZipInfo

from tillstream.model.batch import Batch, BatchKind, BatchState, received_date
from tillstream.model.errors import Conflict, NotFound, Rejected
from tillstream.model.events import INBOX
from tillstream.model.object_names import PACK_NAME, PACKABLE_NAME, PACKS_FOLDER
from tillstream.ports import Ports
from tillstream.ports.objects import StoredObject
from tillstream.records import batch_records, losses
from tillstream.records.batch_registration import digest_of_stream
from tillstream.records.losses import Loss, LossKind

PACKS = "packs"
"""One document for each pack whose micro-batches all have records."""
ARCHIVE_ERRORS = (
    BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    LookupError,
    OSError,
    RuntimeError,
    ValueError,
    OverflowError,
)
"""Exceptions that zipfile raises for a damaged archive."""

UNREADABLE_ERROR = "It cannot be read: "
"""Start of the error of a batch whose original was lost before it was loaded."""
LOST_TWICE = "Its rows are no longer in the ledger and cannot be read again: "
"""Start of the error of a batch that both the ledger and the originals lost."""
FROM_BACKUP = "Restore it from a backup with `tillstream losses restore BACKUP`"
LOADED = frozenset({BatchState.SETTLED, BatchState.ANNOUNCED, BatchState.UNDONE, BatchState.REPLAYED})


@dataclass(frozen=True)
class PackedOriginal:
    """The original of a micro-batch with its bytes."""

    stored: StoredObject
    raw: bytes

    @property
    def is_whole(self) -> bool:
        """Whether the bytes are those of the hash in its name."""
        match = PACKABLE_NAME.fullmatch(self.stored.name)
        return match is not None and hashlib.sha256(self.raw).hexdigest().startswith(match["hash"])


def open_original(ports: Ports, batch: Batch) -> BinaryIO:
    """The bytes that were received for a batch, from its object or from a pack. Raises `NotFound`, `Rejected`."""
    return open_stored(ports, batch.bucket, batch.object, batch.generation)


def open_stored(ports: Ports, bucket: str, name: str, generation: int) -> BinaryIO:
    """As `open_original`, for an object that may have no record."""
    try:
        return ports.objects.open(bucket, name, generation)
    except NotFound:
        packed = read_packed(ports, name) if bucket == INBOX else None
        if packed is None:
            raise
        return io.BytesIO(packed.raw)


def read_packed(ports: Ports, name: str) -> PackedOriginal | None:
    """A packed original, or None. Raises `Rejected` if the only pack that may have it is damaged."""
    match = PACKABLE_NAME.fullmatch(name)
    if not match:
        return None
    damaged: Rejected | None = None
    for pack in overlapping_packs(ports, match["folder"], int(match["time"]), int(match["time"])):
        try:
            for original in read_pack(ports, pack, [name]):
                return original
        except NotFound:  # removed since it was listed
            continue
        except Rejected as error:
            damaged = error
    if damaged:
        raise damaged
    return None


def overlapping_packs(ports: Ports, folder: str, first: int, last: int) -> list[StoredObject]:
    """The packs that may contain micro-batches of a folder and a day with these times."""
    prefix = f"{PACKS_FOLDER}/{folder}/{received_date(first).isoformat()}/"
    listed = ports.objects.list(INBOX, start=prefix, end=f"{prefix}{last + 1}")
    matches = ((PACK_NAME.fullmatch(stored.name), stored) for stored in listed)
    return [
        stored for match, stored in matches if match and int(match["first"]) <= last and first <= int(match["last"])
    ]


def all_packs(ports: Ports) -> Iterator[StoredObject]:
    """Yield all packs."""
    for stored in ports.objects.list(INBOX, f"{PACKS_FOLDER}/"):
        if PACK_NAME.fullmatch(stored.name):
            yield stored


def pack_members(ports: Ports, pack: StoredObject) -> list[StoredObject]:
    """The originals in a pack, as the objects that they were. Raises `Rejected` if it is damaged, `NotFound`."""
    with _archive(ports, pack) as archive:
        return [_pack_member(info) for info in archive.infolist()]


def read_pack(ports: Ports, pack: StoredObject, names: Sequence[str]) -> list[PackedOriginal]:
    """The originals of these names that a pack contains. Raises `Rejected` if it is damaged, `NotFound`."""
    with _archive(ports, pack) as archive:
        infos: Mapping[str, ZipInfo] = archive.NameToInfo
        chosen = [infos[name] for name in names if name in infos]
        originals = [PackedOriginal(_pack_member(info), archive.read(info)) for info in chosen]
        if not all(original.is_whole for original in originals):
            raise BadZipFile
    return originals


def check_pack(ports: Ports, pack: StoredObject) -> None:
    """Compare every original in a pack with the hash in its name. Raises `Rejected` if one is damaged, `NotFound`."""
    with _archive(ports, pack) as archive:
        stream = cast("BinaryIO", archive.fp)
        stream.seek(-2, io.SEEK_END)
        if any(stream.read()):  # the length of the comment, which no pack has and zipfile does not compare
            raise BadZipFile
        for info in archive.infolist():
            if not PackedOriginal(_pack_member(info), archive.read(info)).is_whole:
                raise BadZipFile


def write_pack(ports: Ports, originals: Sequence[PackedOriginal]) -> StoredObject:
    """Write a pack of originals of one folder and day. Idempotent."""
    name = _pack_name(originals)
    out = io.BytesIO()
    with ZipFile(out, "w", ZIP_DEFLATED) as archive:
        for original in originals:
            info = ZipInfo(original.stored.name)  # its time is constant, so equal packs are equal bytes
            info.compress_type = ZIP_DEFLATED
            info.comment = str(original.stored.generation).encode()
            archive.writestr(info, original.raw)
    try:
        with ports.objects.writer(INBOX, name, if_generation=0) as writer:
            writer.write(out.getvalue())
    except Conflict:
        return ports.objects.stat(INBOX, name)
    return writer.stored or ports.objects.stat(INBOX, name)


def _pack_name(originals: Sequence[PackedOriginal]) -> str:
    """The name of a pack: a hash of its contents makes it unique."""
    names = [original.stored.name for original in originals]
    matches = [match for name in names if (match := PACKABLE_NAME.fullmatch(name))]
    times = sorted(match["time"] for match in matches)
    digest = hashlib.sha256("\n".join(names).encode()).hexdigest()[:16]
    day = received_date(int(times[0])).isoformat()
    return f"{PACKS_FOLDER}/{matches[0]['folder']}/{day}/{times[0]}-{times[-1]}-{digest}.zip"


@contextmanager
def _archive(ports: Ports, pack: StoredObject) -> Iterator[ZipFile]:
    try:
        with ports.objects.open(pack.bucket, pack.name, pack.generation) as stream, ZipFile(stream) as archive:
            yield archive
    except ARCHIVE_ERRORS as error:
        raise Rejected(f"The kept originals in {pack.bucket}/{pack.name} are damaged.") from error


def _pack_member(info: ZipInfo) -> StoredObject:
    return StoredObject(INBOX, info.filename, int(info.comment), info.file_size)


def is_pack_recorded(ports: Ports, pack: StoredObject) -> bool:
    """Whether it is noted that every micro-batch of the pack has a record."""
    return ports.documents.get(PACKS, _pack_id(pack)) is not None


def note_pack_recorded(ports: Ports, pack: StoredObject) -> None:
    """Note that every micro-batch of the pack has a record. Idempotent."""
    at = ports.clock.now().isoformat(timespec="seconds")
    ports.documents.put(PACKS, _pack_id(pack), {"object": pack.name, "bytes": pack.size, "at": at})


def _pack_id(pack: StoredObject) -> str:
    match = PACK_NAME.fullmatch(pack.name)
    if not match:
        raise ValueError(pack.name)
    return match["id"]


class UnreadableOriginal(Rejected):
    """The original of `batch` is missing, or its bytes are not those that were received."""

    def __init__(self, batch: Batch, message: str, *, is_missing: bool = False) -> None:
        super().__init__(message)
        self.batch, self.is_missing = batch, is_missing


def check_original(ports: Ports, batch: Batch, *, trusting: bool = False) -> None:
    """Compare the original of a batch with its hash. Raises `UnreadableOriginal`, `Unavailable`.

    A record of an early version without a hash is only looked up. trusting: so is an original in a store that itself
    compares bytes with their checksum.
    """
    is_compared = bool(batch.sha256) and not (trusting and ports.objects.keeps_checksums)
    name = f"{batch.bucket}/{batch.object}"
    try:
        with open_original(ports, batch) as stream:
            is_whole = not is_compared or digest_of_stream(stream) == batch.sha256
    except NotFound as error:
        raise UnreadableOriginal(batch, f"The kept original {name} is missing.", is_missing=True) from error
    except Rejected as error:  # names the damaged pack
        raise UnreadableOriginal(batch, str(error)) from error
    except OSError as error:  # a part of the disk that cannot be read
        raise UnreadableOriginal(batch, f"The kept original {name} is damaged.") from error
    if not is_whole:
        raise UnreadableOriginal(batch, f"The kept original {name} is damaged.")


def open_whole_original(ports: Ports, batch: Batch) -> BinaryIO:
    """The original of a batch, for people and programs that must not see other bytes than were received.

    Raises `UnreadableOriginal`, `Unavailable`.
    """
    check_original(ports, batch, trusting=True)
    return open_original(ports, batch)


def original_name(batch: Batch) -> str:
    """The name of a batch's original as a loss."""
    return f"{batch.object}@{batch.generation}"


def loss_of_original(error: UnreadableOriginal) -> Loss:
    """The loss of the original of a batch."""
    batch = error.batch
    if batch.state in LOADED:
        effect = "Its rows count, but they can be neither read again nor proved"
    elif batch.state is BatchState.HELD:
        effect = "Its rows are read, but they cannot be read again"
    else:
        effect = "Its rows do not count, because they were not loaded before"
    again = "have the stores send these sales again" if batch.kind is BatchKind.STORE_SALES else "send it again"
    state = "missing" if error.is_missing else "damaged"
    stores = sorted(store for store in (batch.staged.stores or () if batch.staged else ()) if store)
    return Loss(
        LossKind.ORIGINAL,
        original_name(batch),
        f"The kept original of {batch.file} is {state}. {effect}. Batch {batch.batch_id}: {error}",
        f"{FROM_BACKUP}, {again}, or accept the loss.",
        batch.batch_id,
        (batch.region,) if batch.region else (),
        tuple(f"{batch.region}/{store}" for store in stores),
    )


def reject_unreadable(ports: Ports, batch: Batch, error: UnreadableOriginal) -> Batch:
    """Reject a batch that cannot be loaded, because an original that it needs is lost, and record the loss. Idempotent.

    `accept_restored` takes it back.
    """
    losses.report_losses(ports, loss_of_original(error))
    reason = (
        f"{UNREADABLE_ERROR}{error} "
        f"{'Send the sales' if batch.kind is BatchKind.STORE_SALES else 'Send the file'} again."
    )

    def rejected(record: Batch) -> Batch:
        if record.state in LOADED or record.state in {BatchState.REJECTED, BatchState.CANCELLED}:
            return record
        return replace(record, state=BatchState.REJECTED, state_at=ports.clock.now().isoformat(), error=reason)

    return batch_records.repair_batch(ports, batch.batch_id, rejected)


def accept_restored(ports: Ports, batch: Batch) -> None:
    """Load a batch whose lost original was put back, if it was rejected for that. Idempotent.

    Raises `UnreadableOriginal`, `Unavailable`.
    """
    check_original(ports, batch)

    def received(record: Batch) -> Batch:
        if record.state is not BatchState.REJECTED or not record.error.startswith((UNREADABLE_ERROR, LOST_TWICE)):
            return record
        now = ports.clock.now().isoformat()
        return replace(record, state=BatchState.RECEIVED, state_at=now, error="", staged=None, holds=(), proposed=None)

    moved = batch_records.repair_batch(ports, batch.batch_id, received)
    if moved.state is BatchState.RECEIVED:
        batch_records.publish_received(ports, moved)
