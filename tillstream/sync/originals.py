"""Originals that another home sends: received in parts, which a broken connection does not lose, then stored once."""

import hashlib
from collections.abc import Iterator, Mapping

from tillstream.model.errors import Conflict, NotFound, Rejected
from tillstream.model.events import INBOX, STAGING
from tillstream.model.file_names import SYNC_FOLDER, synced_name
from tillstream.ports import Ports
from tillstream.ports.objects import StoredObject
from tillstream.sync.entry import SentBatch
from tillstream.sync.refusals import ORIGINAL_MISSING, Refused

PART = 4 << 20
"""Maximum bytes of a part."""
_OFFSET_DIGITS = 15


def find(ports: Ports, label: str, batch: SentBatch) -> StoredObject | None:
    """The stored original of a batch, or None. label: the folder of the home that sent it."""
    try:
        return ports.objects.stat(INBOX, _name(label, batch))
    except NotFound:
        return None


def received(ports: Ports, label: str, sha256: str) -> int:
    """How many bytes of an original have arrived in parts without a gap."""
    return sum(stored.size for stored in _parts(ports, label, sha256))


def add_part(ports: Ports, label: str, sha256: str, offset: int, data: bytes) -> int:
    """Store a part and return how many bytes have arrived without a gap. Idempotent. Raises `Rejected`."""
    if len(data) > PART or offset < 0:
        raise Rejected(f"A part has at most {PART:,} bytes.")
    try:
        with ports.objects.writer(STAGING, _part(label, sha256, offset), if_generation=0) as writer:
            writer.write(data)
    except Conflict:
        pass
    return received(ports, label, sha256)


def store(ports: Ports, label: str, batch: SentBatch, small: Mapping[str, bytes]) -> StoredObject:
    """Store the original of a batch from `small` (SHA-256 → bytes) or its parts. Idempotent.

    Raises `Rejected` if bytes are missing or are not those of the record.
    """
    existing = find(ports, label, batch)
    if existing:
        return existing
    digest = hashlib.sha256()
    pieces = iter([small[batch.sha256]]) if batch.sha256 in small else _pieces(ports, label, batch.sha256)
    try:
        with ports.objects.writer(INBOX, _name(label, batch), if_generation=0) as writer:
            for piece in pieces:
                digest.update(piece)
                writer.write(piece)
            if digest.hexdigest() != batch.sha256:
                raise Refused(
                    ORIGINAL_MISSING, f"The bytes of {batch.fields['file']} are missing or damaged. Send them again."
                )
    except Conflict:
        pass
    return ports.objects.stat(INBOX, _name(label, batch))


def forget_parts(ports: Ports, label: str, sha256: str) -> None:
    for stored in list(ports.objects.list(STAGING, _folder(label, sha256))):
        ports.objects.delete(STAGING, stored.name)


def _pieces(ports: Ports, label: str, sha256: str) -> Iterator[bytes]:
    for stored in _parts(ports, label, sha256):
        with ports.objects.open(stored.bucket, stored.name, stored.generation) as stream:
            yield stream.read()


def _parts(ports: Ports, label: str, sha256: str) -> Iterator[StoredObject]:
    """The parts from the first byte on, up to the first gap."""
    end = 0
    for stored in ports.objects.list(STAGING, _folder(label, sha256)):
        if int(stored.name.rpartition("/")[2]) != end:
            return
        end += stored.size
        yield stored


def _folder(label: str, sha256: str) -> str:
    if not sha256.isalnum():
        raise Rejected("This is no SHA-256.")
    return f"{SYNC_FOLDER}/{label}/{sha256}/"


def _part(label: str, sha256: str, offset: int) -> str:
    return f"{_folder(label, sha256)}{offset:0{_OFFSET_DIGITS}d}"


def _name(label: str, batch: SentBatch) -> str:
    return synced_name(label, str(batch.fields["object"]), int(batch.fields["generation"]))
