"""The outbox of files: a delivery has a key and is added once; and the places that files are written to.

A try can be repeated: it writes the same content under the same name. So a delivery of a process that ended is tried
again by itself.
"""

import hashlib
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, BinaryIO, Protocol, cast

from tillstream.delivery.file_destinations import with_stamp
from tillstream.model import audit
from tillstream.model.dates import instant_text
from tillstream.model.document_json import from_json
from tillstream.model.errors import Conflict, Rejected, Unavailable
from tillstream.model.events import STAGING
from tillstream.ports import Ports
from tillstream.ports.documents import Document
from tillstream.ports.objects import BucketObjects
from tillstream.records.batch_registration import is_staged_object_intact
from tillstream.records.outbox import (
    FAILED,
    SENDING,
    SENT,
    SUPERSEDED,
    WAITING,
    Outbox,
    Report,
    Superseded,
    ignore,
)

FILES_COLLECTION, FILES_FOLDER = "file_deliveries", "deliveries/"
FILES_OUTBOX = Outbox(FILES_COLLECTION, "file")
KEPT = timedelta(days=30)
"""Time for which the content of a file that failed remains, so that it can be tried again."""
REMOVED = "The content of the file was removed. Make a new file with Send now."
MAX_MESSAGE = 1_000
"""Letters of an error that are stored."""


class FilePlace(Protocol):
    """A folder, the objects below a prefix, or a folder of a server. Each method raises `Rejected` if a person must act
    and `Unavailable` if a later try can succeed; messages name the place and what to do."""

    @property
    def path(self) -> str:
        """The address, for people."""

    def put(self, name: str, content: BinaryIO, *, overwrite: bool) -> None:
        """Write a file; it has its name once it is complete. Raises `Conflict` if there is one that stays."""

    def digest(self, name: str) -> str:
        """SHA-256 of a file, in hexadecimal. Raises `NotFound`."""

    def close(self) -> None:
        """End connections. Idempotent."""


OpenPlace = Callable[[str], FilePlace]
"""Opens the destination with a name; raises `NotFound`, `Rejected`."""


class BucketPlace:
    """The `FilePlace` of a bucket. bucket: with its scheme. Each file is one write, visible when it is complete."""

    def __init__(self, objects: BucketObjects, bucket: str, prefix: str) -> None:
        self._objects, self._bucket = objects, bucket
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""

    @property
    def path(self) -> str:
        return f"{self._bucket}/{self._prefix}"

    def put(self, name: str, content: BinaryIO, *, overwrite: bool) -> None:
        condition = None if overwrite else 0
        with self._objects.writer(self._bucket, self._prefix + name, if_generation=condition) as writer:
            shutil.copyfileobj(content, cast("Any", writer), 1 << 20)

    def digest(self, name: str) -> str:
        with self._objects.open(self._bucket, self._prefix + name) as stored:
            return hashlib.file_digest(cast("Any", stored), "sha256").hexdigest()

    def close(self) -> None:
        """There is no connection to end."""


@dataclass(frozen=True)
class NewFileDelivery:
    """key: what makes it the only one. keeps: a file of the same name stays, and the new one gets the stamp
    and the ID in its name. stamp: of the run, such as 20260701-070000."""

    key: str
    destination: str
    file: str
    login: str
    subject: str
    keeps: bool
    stamp: str

    @property
    def id(self) -> str:
        """Of the entry in the outbox."""
        return hashlib.sha256(self.key.encode()).hexdigest()[:32]


@dataclass(frozen=True)
class FileDelivery:
    """An entry. Times are ISO 8601 UTC text. error: of the last try. bytes: of the content."""

    id: str
    destination: str
    file: str
    login: str
    subject: str
    state: str
    tries: int
    created_at: str
    next_try_at: str
    changed_at: str
    error: str = ""
    bytes: int = 0


def add_file(ports: Ports, new: NewFileDelivery, chunks: Iterable[bytes]) -> bool:
    """Add a file; False if one with its key is there already. Raises what `chunks` raises."""
    if ports.documents.get(FILES_COLLECTION, new.id):
        return False
    size, sha256 = stage_chunks(ports, _name(new.id), chunks)
    own = {one: getattr(new, one) for one in ("destination", "file", "login", "subject", "keeps", "stamp")}
    content = {"stored": True, "bytes": size, "sha256": sha256}
    try:
        ports.documents.put_all([FILES_OUTBOX.new(ports, new.id, own | content)])
    except Conflict:
        return False
    return True


def stage_chunks(ports: Ports, name: str, chunks: Iterable[bytes]) -> tuple[int, str]:
    """Write a file to the bucket for staging; return its bytes and its SHA-256."""
    digest, size = hashlib.sha256(), 0
    with ports.objects.writer(STAGING, name) as stream:
        for chunk in chunks:
            stream.write(chunk)
            digest.update(chunk)
            size += len(chunk)
    return size, digest.hexdigest()


def send_due_files(ports: Ports, opened: OpenPlace, report: Report = ignore, redact: Callable[[str], str] = str) -> int:
    """Deliver the files whose time has come, the oldest first; return how many were delivered. report: of those that
    failed. redact: leaves credentials out of the message of an error."""

    def send_one(document: Document) -> None:
        if _is_superseded(ports, document):
            raise Superseded
        with redacted(redact), closing(opened(document.data["destination"])) as place:
            _put(ports, place, document)

    sent = FILES_OUTBOX.send_due(ports, send_one, report, lambda _: True, lambda one: str(one.data["destination"]))
    count = sum(1 for _ in sent)
    for document in _over(ports):
        ports.objects.delete(STAGING, _name(document.id))
        with suppress(Conflict):
            ports.documents.put(
                FILES_COLLECTION, document.id, document.data | {"stored": False}, if_version=document.version
            )
    return count


@contextmanager
def redacted(redact: Callable[[str], str]) -> Iterator[None]:
    """Leave credentials out of the message of an error, and limit its length."""
    try:
        yield
    except (Rejected, Unavailable) as error:
        error.args = (redact(str(error))[:MAX_MESSAGE],)
        raise


def has_due_files(ports: Ports) -> bool:
    """Whether a file waits whose time has come, or belongs to a process that ended."""
    return FILES_OUTBOX.has_due(ports)


def has_removable_files(ports: Ports) -> bool:
    """Whether content has to be removed; in a project, its bucket does that too."""
    return bool(_over(ports))


def get_file_delivery(ports: Ports, id: str) -> FileDelivery | None:
    document = ports.documents.get(FILES_COLLECTION, id)
    return _parsed(document) if document else None


def list_file_deliveries(ports: Ports, limit: int = 100) -> list[FileDelivery]:
    """The files that were changed last, newest first."""
    return [_parsed(one) for one in FILES_OUTBOX.listed(ports, limit)]


def retry_file(ports: Ports, id: str, *, by: str) -> None:
    """Deliver a file that failed with the next ones. Raises `NotFound`, `Rejected`."""
    document = ports.documents.get(FILES_COLLECTION, id)
    if document and document.data["state"] == FAILED and not document.data.get("stored", True):
        raise Rejected(REMOVED)
    action = audit.AuditAction.FILE_RETRIED
    FILES_OUTBOX.try_again(ports, id, by, action, lambda one: f"{one.data['file']} to {one.data['destination']}")


def _over(ports: Ports) -> list[Document]:
    """The deliveries whose content is no longer needed: they are over, or failed long ago."""
    until = instant_text(ports.clock.now() - KEPT)
    entries = [(one, one.data["state"]) for one in ports.documents.find(FILES_COLLECTION, {"stored": True})]
    ended = (SENT, SUPERSEDED)
    return [one for one, state in entries if state in ended or (state == FAILED and one.data["changed_at"] <= until)]


def _is_superseded(ports: Ports, document: Document) -> bool:
    """Whether a newer file of the same name would be replaced by this one."""
    data = document.data
    if data["keeps"]:
        return False
    same = ports.documents.find(FILES_COLLECTION, {"destination": data["destination"], "file": data["file"]})
    newer = [one for one in same if one.data["created_at"] > data["created_at"]]
    return any(one.data["state"] in (WAITING, SENDING, SENT) for one in newer)


def _put(ports: Ports, place: FilePlace, document: Document) -> None:
    data = document.data
    if not is_staged_object_intact(ports.objects, _name(document.id), data["sha256"]):
        raise Rejected(f"The stored file {data['file']} was damaged, so it is not delivered. Make it again.")

    def write(name: str, *, overwrite: bool) -> None:
        with ports.objects.open(STAGING, _name(document.id)) as content:
            place.put(name, content, overwrite=overwrite)

    if not data["keeps"]:
        write(data["file"], overwrite=True)
        return
    try:
        write(data["file"], overwrite=False)
    except Conflict:
        if place.digest(data["file"]) != data["sha256"]:  # else it is there, for example from a try that was cut off
            write(with_stamp(data["file"], data["stamp"], document.id), overwrite=True)


def _name(id: str) -> str:
    return f"{FILES_FOLDER}{id}"


def _parsed(document: Document) -> FileDelivery:
    return from_json(FileDelivery, {**document.data, "id": document.id})
