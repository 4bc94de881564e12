"""Resumable uploads: acknowledged pieces survive a lost connection or a server crash.

Each piece is an object of the staging bucket; `parts` of the record lists the valid ones. A whole file is moved into
the inbox under a unique name, so that retries create only one batch. If the store accepts bytes directly from a
browser, the browser writes them to that name, or to a staging object if the file is previewed first.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import zip_longest
from typing import BinaryIO

from tillstream.model.batch import Batch
from tillstream.model.errors import Conflict, NotFound, Rejected
from tillstream.model.events import INBOX, STAGING
from tillstream.model.object_names import TIME_DIGITS
from tillstream.model.people import BoundStores
from tillstream.model.uploads import ResumableUpload
from tillstream.ports import Ports
from tillstream.ports.documents import Document, Update, update_document
from tillstream.records import batch_records, batch_registration

COLLECTION = "sendings"
PIECE_BYTES = 1 << 20
MAX_OPEN_UPLOADS = 500
"""Maximum number of open uploads per user."""
SHA256 = re.compile("[0-9a-f]{64}")
SENT_FOLDER = "sent"
"""Inbox folder of uploaded files, each in a subfolder named by its record id."""
SENT_NAME = re.compile(rf"{SENT_FOLDER}/([0-9a-f]{{32}})/(.+)", re.DOTALL)


class WrongOffset(Conflict):
    """The piece does not start at the end of the stored bytes."""


class WrongChecksum(Rejected):
    """The piece does not match its checksum; nothing of it was stored."""


def begin_upload(
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
    stores: BoundStores = None,
) -> ResumableUpload:
    """Start an upload of `size` bytes. Raises `Rejected` for invalid arguments or too many open uploads.

    origin: site whose page can send the bytes directly to the store. With a sha256 the bytes pass through the portal
    anyway, because the store cannot verify it. stores: to which the user is bound.
    """
    name = re.sub(r"[\x00-\x1f\x7f]", "", file.replace("\\", "/").rsplit("/", 1)[-1])[-200:] or "file"
    if sha256 and not SHA256.fullmatch(sha256.lower()):
        raise Rejected("The sha256 of a file must have 64 hexadecimal digits.")
    if len(open_uploads(ports, by)) >= MAX_OPEN_UPLOADS:
        raise Rejected(f"{MAX_OPEN_UPLOADS} of your uploads are in progress. Finish or cancel some of them first.")
    now = ports.clock.now().isoformat()
    upload = ResumableUpload(
        _new_id(ports), by, name, size, now, now, contract, look, sha256=sha256.lower(), mark=mark[:200]
    )
    batch_registration.note_bound_stores(ports, upload_inbox_name(upload), stores)
    if origin and size and not sha256:
        session = ports.objects.start_upload_session(*target_object(upload), size=size, origin=origin)
        upload = replace(upload, session=session)
    ports.documents.put(COLLECTION, upload.id, upload.to_json(), if_version=0)
    return upload


def _new_id(ports: Ports) -> str:
    """Return 32 hexadecimal digits that begin with the time in microseconds, so that names of inbox objects do."""
    return f"{ports.clock.tick():0{TIME_DIGITS}d}{secrets.token_hex(8)}"


def get_upload(ports: Ports, id: str, by: str) -> ResumableUpload:
    """Return the record. Raises `NotFound` also for uploads of other users, so as not to reveal that they exist."""
    return _record(ports.documents.get(COLLECTION, id), id, by)


def _record(document: Document | None, id: str, by: str) -> ResumableUpload:
    if document is None or document.data["by"] != by:
        raise NotFound(f"There is no upload {id}: it was cancelled or has expired. Upload the file from the beginning.")
    return ResumableUpload.from_json(document.data)


def open_uploads(ports: Ports, by: str) -> list[ResumableUpload]:
    """Return the user's uploads that have no batch yet, newest first."""
    documents = ports.documents.find(COLLECTION, {"by": by, "batch_id": ""}, order_by="begun_at", descending=True)
    return [ResumableUpload.from_json(document.data) for document in documents]


def append_piece(
    ports: Ports, id: str, by: str, offset: int, stream: BinaryIO, checksum: tuple[str, bytes] | None = None
) -> ResumableUpload:
    """Store the next piece durably before it is acknowledged. checksum: (hashlib algorithm, digest).

    Raises `WrongOffset`, `WrongChecksum`, `NotFound`, and `Rejected` for more bytes than announced.
    """
    upload = get_upload(ports, id, by)
    if upload.session:
        raise Rejected(f"The bytes of {upload.file} must be sent to the upload address of that file.")
    _check_offset(upload, offset)
    name = f"sending/{id}/{offset:016d}-{ports.clock.tick()}"
    digest = hashlib.new(checksum[0], usedforsecurity=False) if checksum else None
    kept = hashlib.sha256()
    written = 0
    with ports.objects.writer(STAGING, name) as writer:
        while data := stream.read(min(PIECE_BYTES, upload.size - offset - written + 1)):
            written += len(data)
            if offset + written > upload.size:
                raise Rejected(f"{upload.file} should have {upload.size:,} bytes, but more were received.")
            writer.write(data)
            kept.update(data)
            if digest:
                digest.update(data)
        if digest and checksum and not hmac.compare_digest(digest.digest(), checksum[1]):
            raise WrongChecksum("The checksum of the part does not match. Send the part again.")
    if not written:
        ports.objects.delete(STAGING, name)
        return upload
    try:
        piece = partial(_with_piece, ports, offset=offset, size=written, name=name, sha256=kept.hexdigest())
        return change_upload(ports, id, by, piece)
    except (Conflict, NotFound):
        ports.objects.delete(STAGING, name)
        raise


def _check_offset(upload: ResumableUpload, offset: int) -> None:
    if upload.offset != offset:
        raise WrongOffset(
            f"{upload.file} is stored up to byte {upload.offset:,}. Continue from there, not from {offset:,}."
        )


def _with_piece(
    ports: Ports, current: ResumableUpload, *, offset: int, size: int, name: str, sha256: str
) -> ResumableUpload:
    _check_offset(current, offset)
    unknown = [""] * (len(current.parts) - len(current.digests))  # of an earlier version
    return replace(
        current,
        offset=offset + size,
        parts=(*current.parts, name),
        digests=(*current.digests, *unknown, sha256),
        touched_at=ports.clock.now().isoformat(),
    )


def change_upload(
    ports: Ports, id: str, by: str, change: Callable[[ResumableUpload], ResumableUpload]
) -> ResumableUpload:
    """Update the record with `change(record)` by compare-and-set. Raises `NotFound` and whatever `change` raises."""

    def changed(document: Document | None) -> Update:
        return Update(change(_record(document, id, by)).to_json())

    return ResumableUpload.from_json(update_document(ports.documents, COLLECTION, id, changed).data)


def cancel_upload(ports: Ports, id: str, by: str) -> None:
    """Delete the record and its bytes, but not a batch that the record already names. Raises `NotFound`.

    A file sent directly to the store may be in the inbox already. Its record stays, without its owner, until the sweep
    has deleted the file; a batch that the record does not name yet is cancelled too. Raises `Rejected` if that batch is
    in the ledger already.
    """
    upload = get_upload(ports, id, by)
    if upload.session and not upload.batch_id:
        ports.objects.cancel_upload_session(upload.session)
    if upload.session and not upload.batch_id and not upload.look:
        change_upload(ports, id, by, lambda current: replace(current, by=""))
        if batch := batch_of_upload(ports, upload):
            batch_records.cancel_batch(ports, batch.batch_id, by)
    else:
        ports.documents.delete(COLLECTION, id)
    delete_staged_pieces(ports, upload)


def delete_staged_pieces(ports: Ports, upload: ResumableUpload) -> None:
    """Delete the staged bytes, including pieces that the record does not list."""
    for stored in list(ports.objects.list(STAGING, f"sending/{upload.id}/")):
        ports.objects.delete(STAGING, stored.name)


def delete_unused_original(ports: Ports, upload: ResumableUpload) -> None:
    """Delete the object in the inbox, unless it is the original of a batch. Only the sweep may do that in a project."""
    if upload.session and not batch_of_upload(ports, upload):
        ports.objects.cancel_upload_session(upload.session)
        ports.objects.delete(INBOX, upload_inbox_name(upload))


def mark_completed(ports: Ports, upload: ResumableUpload, batch: str) -> ResumableUpload:
    """Record the batch id once the file is in the inbox and registered, and delete its parts."""
    done = partial(replace, batch_id=batch, parts=(), digests=())
    completed = change_upload(ports, upload.id, upload.by, done)
    delete_staged_pieces(ports, completed)
    return completed


def batch_of_upload(ports: Ports, upload: ResumableUpload) -> Batch | None:
    """Return the batch of the file's inbox object, or None if it is not registered yet."""
    documents = ports.documents.find(batch_records.BATCHES, {"object": upload_inbox_name(upload)}, limit=1)
    return Batch.from_json(documents[0].data) if documents else None


def stored_pieces(ports: Ports, upload: ResumableUpload) -> Iterator[bytes]:
    """Yield the stored bytes in chunks of at most `PIECE_BYTES`. Raises `Rejected` after a damaged part."""
    for name, expected in zip_longest(upload.parts, upload.digests, fillvalue=""):
        digest = hashlib.sha256()
        with ports.objects.open(STAGING, name) as stream:
            while data := stream.read(PIECE_BYTES):
                digest.update(data)
                yield data
        if expected and digest.hexdigest() != expected:
            raise Rejected(f"A part of {upload.file} was damaged after it was received. Upload the file again.")


def upload_inbox_name(upload: ResumableUpload) -> str:
    """Return the inbox object name of the whole file."""
    return f"{SENT_FOLDER}/{upload.id}/{upload.file}"


def target_object(upload: ResumableUpload) -> tuple[str, str]:
    """Return bucket and name of the object that a direct upload writes."""
    return (STAGING, f"sending/{upload.id}/whole") if upload.look else (INBOX, upload_inbox_name(upload))


def upload_of_object(ports: Ports, name: str) -> ResumableUpload | None:
    """Return the upload record of an inbox object, or None if it was not a resumable upload."""
    match = SENT_NAME.fullmatch(name)
    document = ports.documents.get(COLLECTION, match[1]) if match else None
    return ResumableUpload.from_json(document.data) if document else None
