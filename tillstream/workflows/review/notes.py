"""Notes that people leave on a held file for those who review it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from tillstream.model.audit import AuditAction
from tillstream.model.batch import BatchState
from tillstream.model.errors import Rejected
from tillstream.ports import Ports
from tillstream.ports.documents import Document, Update, update_document
from tillstream.records import audit_log, batch_records

COLLECTION = "review_notes"
MAX_LENGTH = 500
"""Characters of a note."""
KEPT = 20
"""Notes of a file; later ones replace the oldest."""


@dataclass(frozen=True)
class Note:
    """`at`: ISO 8601 UTC text."""

    text: str
    by: str
    at: str


def of_batch(ports: Ports, batch: str) -> list[Note]:
    """The notes on a file, the oldest first."""
    return _notes(ports.documents.get(COLLECTION, batch))


def add(ports: Ports, batch: str, text: str, by: str) -> Note:
    """Leave a note on a held file. Raises `Rejected` for an empty or long note, or another state; `NotFound`."""
    upload, text = batch_records.get_batch(ports, batch), " ".join(text.split())
    batch_records.check_batch_of_home(ports, upload)
    if not text:
        raise Rejected("Enter a note.")
    if len(text) > MAX_LENGTH:
        raise Rejected(f"A note has at most {MAX_LENGTH} characters.")
    if upload.state is not BatchState.HELD:
        raise Rejected(f"{upload.file} does not need review any more.")
    note = Note(text, by, ports.clock.now().isoformat())
    entry = audit_log.entry(ports, by, AuditAction.UPLOAD_NOTED, batch, None, {"file": upload.file, "note": text})

    def with_note(stored: Document | None) -> Update:
        notes: Sequence[Note] = [*_notes(stored), note][-KEPT:]
        return Update({"notes": [asdict(one) for one in notes]}, [entry])

    update_document(ports.documents, COLLECTION, batch, with_note)
    return note


def _notes(document: Document | None) -> list[Note]:
    return [Note(**one) for one in document.data["notes"]] if document else []
