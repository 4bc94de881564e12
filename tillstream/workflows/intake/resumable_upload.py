"""A file that comes piece by piece: what was acknowledged is kept, also when the line or the server breaks off.

Each piece is an object of the staging bucket; the record names the pieces that count. A whole file goes into the inbox
under a name of its own, so that it becomes one upload however often that is tried. Where the store takes bytes from a
browser itself, they go straight to that name, or to one of the staging bucket if they are looked at first.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import BinaryIO

from tillstream.batches import records
from tillstream.domain.batch import Upload
from tillstream.domain.errors import Conflict, NotFound, Rejected
from tillstream.domain.events import INBOX, STAGING
from tillstream.domain.resumable_upload import Sending
from tillstream.ports import Ports

COLLECTION = "sendings"
PIECE = 1 << 20
MOST_OPEN = 500
"""Files that one person may have on their way at once."""
SHA256 = re.compile("[0-9a-f]{64}")
FOLDER = "sent"
"""Of the inbox, where what was sent is kept: each file in a folder named by its record."""
SENT = re.compile(rf"{FOLDER}/([0-9a-f]{{32}})/(.+)", re.DOTALL)


class WrongOffset(Conflict):
    """The piece does not begin where the kept bytes end."""


class WrongChecksum(Rejected):
    """The piece is not what its sender says it is; nothing of it was kept."""


def begin(
    ports: Ports,
    by: str,
    file: str,
    size: int,
    *,
    contract: str = "",
    look: bool = False,
    sha256: str = "",
    mark: str = "",
    origin: str = "",
) -> Sending:
    """Make room for a file of this many bytes. Raises `Rejected` for what can be no file of ours.

    origin: the site whose page would send the bytes straight into the store, which knows no sha256 to compare with.
    """
    name = re.sub(r"[\x00-\x1f\x7f]", "", file.replace("\\", "/").rsplit("/", 1)[-1])[-200:] or "file"
    if sha256 and not SHA256.fullmatch(sha256.lower()):
        raise Rejected("The sha256 of a file has 64 hexadecimal digits.")
    if len(on_their_way(ports, by)) >= MOST_OPEN:
        raise Rejected(f"{MOST_OPEN} of your files are under way already. Finish or cancel some of them first.")
    now = ports.clock.now().isoformat()
    found = Sending(
        secrets.token_hex(16), by, name, size, now, now, contract, look, sha256=sha256.lower(), mark=mark[:200]
    )
    if origin and size and not sha256:
        session = ports.objects.session(*aim(found), size=size, origin=origin)
        found = replace(found, session=session)
    ports.documents.put(COLLECTION, found.id, found.to_json(), if_version=0)
    return found


def get(ports: Ports, id: str, by: str) -> Sending:
    """Raises `NotFound` also for another person's: whether it exists is not for everybody."""
    document = ports.documents.get(COLLECTION, id)
    found = Sending.from_json(document.data) if document else None
    if found is None or found.by != by:
        raise NotFound(f"No file is sent as {id}: it was cancelled, or waited too long. Send it from its beginning.")
    return found


def on_their_way(ports: Ports, by: str) -> list[Sending]:
    """A person's files that are no uploads yet, the newest first."""
    found = ports.documents.find(COLLECTION, {"by": by, "batch_id": ""}, order_by="begun_at", descending=True)
    return [Sending.from_json(document.data) for document in found]


def append(
    ports: Ports, id: str, by: str, offset: int, stream: BinaryIO, checksum: tuple[str, bytes] | None = None
) -> Sending:
    """Keep the next piece, durably, before it is acknowledged. checksum: an algorithm of hashlib, and its digest.

    Raises `WrongOffset`, `WrongChecksum`, `Rejected` for more bytes than the file has, `NotFound`.
    """
    known = get(ports, id, by)
    if known.session:
        raise Rejected(f"The bytes of {known.file} go to the address that was told for them.")
    _expect(known, offset)
    name = f"sending/{id}/{offset:016d}-{ports.clock.tick()}"
    digest = hashlib.new(checksum[0], usedforsecurity=False) if checksum else None
    kept = 0
    with ports.objects.writer(STAGING, name) as writer:
        while data := stream.read(min(PIECE, known.size - offset - kept + 1)):
            kept += len(data)
            if offset + kept > known.size:
                raise Rejected(f"{known.file} was announced with {known.size:,} bytes, and more than those came.")
            writer.write(data)
            if digest:
                digest.update(data)
        if digest and checksum and not hmac.compare_digest(digest.digest(), checksum[1]):
            raise WrongChecksum("The piece came damaged: its checksum is another one. Send it again.")
    if not kept:
        ports.objects.delete(STAGING, name)
        return known
    try:
        return change(ports, id, by, lambda now: _with_piece(ports, now, offset, kept, name))
    except (Conflict, NotFound):
        ports.objects.delete(STAGING, name)
        raise


def _expect(sending: Sending, offset: int) -> None:
    if sending.offset != offset:
        raise WrongOffset(
            f"{sending.file} is kept up to byte {sending.offset:,}; go on from there, not from {offset:,}."
        )


def _with_piece(ports: Ports, now: Sending, offset: int, kept: int, name: str) -> Sending:
    _expect(now, offset)
    return replace(now, offset=offset + kept, parts=(*now.parts, name), touched_at=ports.clock.now().isoformat())


def change(ports: Ports, id: str, by: str, made: Callable[[Sending], Sending]) -> Sending:
    """The record with what `made` makes of it, by compare-and-set. Raises what `made` raises, and `NotFound`."""
    while True:
        document = ports.documents.get(COLLECTION, id)
        if document is None or document.data["by"] != by:
            return get(ports, id, by)
        changed = made(Sending.from_json(document.data))
        try:
            ports.documents.put(COLLECTION, id, changed.to_json(), if_version=document.version)
        except Conflict:
            continue
        return changed


def cancel(ports: Ports, id: str, by: str) -> None:
    """Forget the file and all its bytes; what became an upload is cancelled there. Raises `NotFound`.

    One that went straight into the store may have become an upload while its sender looked away: that is cancelled too,
    and `Rejected` is raised where that is too late.
    """
    known = get(ports, id, by)
    if known.session and not known.batch_id:
        ports.objects.end_session(known.session)
        if upload := upload_of(ports, known):
            records.cancel(ports, upload.batch_id, by)
    ports.documents.delete(COLLECTION, id)
    forget(ports, known)


def forget(ports: Ports, sending: Sending) -> None:
    """The kept bytes go, also pieces that never counted; those of an upload stay."""
    for stored in list(ports.objects.list(STAGING, f"sending/{sending.id}/")):
        ports.objects.delete(STAGING, stored.name)
    if sending.session and not upload_of(ports, sending):
        ports.objects.end_session(sending.session)
        ports.objects.delete(INBOX, place_of(sending))


def became(ports: Ports, sending: Sending, batch: str) -> Sending:
    """It is in the inbox, and its upload has a record."""
    done = change(ports, sending.id, sending.by, lambda now: replace(now, batch_id=batch, parts=()))
    forget(ports, done)
    return done


def upload_of(ports: Ports, sending: Sending) -> Upload | None:
    """What its object of the inbox became, where somebody has seen it."""
    found = ports.documents.find(records.COLLECTION, {"object": place_of(sending)}, limit=1)
    return Upload.from_json(found[0].data) if found else None


def pieces(ports: Ports, sending: Sending) -> Iterator[bytes]:
    """The bytes kept so far, a megabyte at a time."""
    for name in sending.parts:
        with ports.objects.open(STAGING, name) as stream:
            while data := stream.read(PIECE):
                yield data


def place_of(sending: Sending) -> str:
    """The name of the inbox object that the whole file becomes."""
    return f"{FOLDER}/{sending.id}/{sending.file}"


def aim(sending: Sending) -> tuple[str, str]:
    """Bucket and name of the object that its sender makes of it straight away."""
    return (STAGING, f"sending/{sending.id}/whole") if sending.look else (INBOX, place_of(sending))


def sent_as(ports: Ports, name: str) -> Sending | None:
    """The record behind an object of the inbox, where somebody sent it piece by piece."""
    match = SENT.fullmatch(name)
    document = ports.documents.get(COLLECTION, match[1]) if match else None
    return Sending.from_json(document.data) if document else None
