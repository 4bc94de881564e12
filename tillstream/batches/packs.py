"""Packs: ZIP archives of the originals of old micro-batches of store sales, which would otherwise be one object each.

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
from dataclasses import dataclass
from typing import BinaryIO, cast
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile, ZipInfo

from tillstream.domain.batch.record import Batch, received_date
from tillstream.domain.errors import Conflict, NotFound, Rejected
from tillstream.domain.events import INBOX
from tillstream.domain.object_names import PACK_NAME, PACKABLE_NAME, PACKS_FOLDER
from tillstream.ports import Ports
from tillstream.ports.object_store import StoredObject

COLLECTION = "packs"
"""One document for each pack whose micro-batches all have records."""
UNREADABLE = (
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


@dataclass(frozen=True)
class Original:
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
        packed = read(ports, name) if bucket == INBOX else None
        if packed is None:
            raise
        return io.BytesIO(packed.raw)


def read(ports: Ports, name: str) -> Original | None:
    """A packed original, or None. Raises `Rejected` if the only pack that may have it is damaged."""
    match = PACKABLE_NAME.fullmatch(name)
    if not match:
        return None
    damaged: Rejected | None = None
    for pack in overlapping(ports, match["folder"], int(match["time"]), int(match["time"])):
        try:
            for original in contents(ports, pack, [name]):
                return original
        except NotFound:  # removed since it was listed
            continue
        except Rejected as error:
            damaged = error
    if damaged:
        raise damaged
    return None


def overlapping(ports: Ports, folder: str, first: int, last: int) -> list[StoredObject]:
    """The packs that may contain micro-batches of a folder and a day with these times."""
    prefix = f"{PACKS_FOLDER}/{folder}/{received_date(first).isoformat()}/"
    listed = ports.objects.list(INBOX, start=prefix, end=f"{prefix}{last + 1}")
    matches = ((PACK_NAME.fullmatch(stored.name), stored) for stored in listed)
    return [
        stored for match, stored in matches if match and int(match["first"]) <= last and first <= int(match["last"])
    ]


def every(ports: Ports) -> Iterator[StoredObject]:
    """Yield all packs."""
    for stored in ports.objects.list(INBOX, f"{PACKS_FOLDER}/"):
        if PACK_NAME.fullmatch(stored.name):
            yield stored


def members(ports: Ports, pack: StoredObject) -> list[StoredObject]:
    """The originals in a pack, as the objects that they were. Raises `Rejected` if it is damaged, `NotFound`."""
    with _archive(ports, pack) as archive:
        return [_member(info) for info in archive.infolist()]


def contents(ports: Ports, pack: StoredObject, names: Sequence[str]) -> list[Original]:
    """The originals of these names that a pack contains. Raises `Rejected` if it is damaged, `NotFound`."""
    with _archive(ports, pack) as archive:
        infos: Mapping[str, ZipInfo] = archive.NameToInfo
        chosen = [infos[name] for name in names if name in infos]
        originals = [Original(_member(info), archive.read(info)) for info in chosen]
        if not all(original.is_whole for original in originals):
            raise BadZipFile
    return originals


def check(ports: Ports, pack: StoredObject) -> None:
    """Compare every original in a pack with the hash in its name. Raises `Rejected` if one is damaged, `NotFound`."""
    with _archive(ports, pack) as archive:
        stream = cast("BinaryIO", archive.fp)
        stream.seek(-2, io.SEEK_END)
        if any(stream.read()):  # the length of the comment, which no pack has and zipfile does not compare
            raise BadZipFile
        for info in archive.infolist():
            if not Original(_member(info), archive.read(info)).is_whole:
                raise BadZipFile


def write(ports: Ports, originals: Sequence[Original]) -> StoredObject:
    """Write a pack of originals of one folder and day. Idempotent."""
    name = _name(originals)
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


def _name(originals: Sequence[Original]) -> str:
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
    except UNREADABLE as error:
        raise Rejected(f"The kept originals in {pack.bucket}/{pack.name} are damaged.") from error


def _member(info: ZipInfo) -> StoredObject:
    return StoredObject(INBOX, info.filename, int(info.comment), info.file_size)


def is_recorded(ports: Ports, pack: StoredObject) -> bool:
    """Whether it is noted that every micro-batch of the pack has a record."""
    return ports.documents.get(COLLECTION, _id(pack)) is not None


def note_recorded(ports: Ports, pack: StoredObject) -> None:
    """Note that every micro-batch of the pack has a record. Idempotent."""
    at = ports.clock.now().isoformat(timespec="seconds")
    ports.documents.put(COLLECTION, _id(pack), {"object": pack.name, "bytes": pack.size, "at": at})


def _id(pack: StoredObject) -> str:
    match = PACK_NAME.fullmatch(pack.name)
    if not match:
        raise ValueError(pack.name)
    return match["id"]
