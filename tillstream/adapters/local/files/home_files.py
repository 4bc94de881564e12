"""Files of the home folder that are gone or older: databases create or open them without a message."""

from datetime import timedelta
from pathlib import Path

from tillstream.adapters.local.clock import EPOCH
from tillstream.adapters.local.sqlite.event_bus import ACCEPTED, SQLiteEventBus
from tillstream.ports.document_store import DocumentStore
from tillstream.ports.finding import Finding, Lost

QUEUE = ("upkeep", "queue")
"""Document with the last sequence of the queue that was noted."""
SEND_AGAIN = (
    "Sales that were accepted shortly before and not stored yet are lost. Tills of the till agent send them again by "
    "themselves; send others again."
)
READ_AGAIN = "Let programs that receive sale events read the sales since then again, and accept the loss."
STORED = "Files and sales that are stored are loaded all the same."
DOCUMENTS = (
    "documents.sqlite was missing or empty and was created again. The uploads in the ledger are recorded again. "
    "Accounts, tokens, the audit log and decisions about held files are lost."
)
DOCUMENTS_REMEDY = "Restore a backup, or make the accounts and tokens again and accept the loss."


def lost_files(home: Path) -> list[Finding]:
    """Return one finding for each database that a home with stored files should have. Call it before they are opened.

    A home without any stored file is new, or has nothing to lose.
    """
    inbox = home / "objects" / "inbox"
    if not inbox.is_dir() or not any(inbox.iterdir()):
        return []
    noticed = []
    if _is_empty(home / "queue.sqlite"):
        noticed.append(_lost_queue(has_accepted=not _is_empty(home / ACCEPTED)))
    if _is_empty(home / "documents.sqlite"):
        noticed.append(Finding("documents.sqlite was missing", DOCUMENTS, DOCUMENTS_REMEDY, Lost.STATE))
    return noticed


def _lost_queue(*, has_accepted: bool) -> Finding:
    name = "queue.sqlite was missing"
    message = f"{name} or empty and was created again. {STORED}"
    if has_accepted:
        return Finding(name, f"{message} Accepted sales that were not stored yet are taken from {ACCEPTED}.")
    return Finding(name, message, SEND_AGAIN, Lost.SALES)


def note_queue(documents: DocumentStore, sequence: int) -> None:
    """Note the last sequence of the queue in another file, so that an older queue is recognised."""
    documents.put(*QUEUE, {"sequence": sequence})


def lost_messages(documents: DocumentStore, bus: SQLiteEventBus) -> list[Finding]:
    """Return the finding for a queue that ends before the noted sequence; it continues after that."""
    noted = documents.get(*QUEUE)
    last = bus.advance(noted.data["sequence"]) if noted else 0
    if noted is None or last >= noted.data["sequence"] or bus.is_future(noted.data["sequence"]):
        return []
    if not last:
        return [_lost_queue(has_accepted=bus.keeps_accepted)]
    at = EPOCH + timedelta(microseconds=last)
    name = f"queue.sqlite of {at:%Y-%m-%d %H:%M}"
    message = (
        f"queue.sqlite is an older copy: its last message is of {at:%Y-%m-%d %H:%M} UTC. {STORED} Failed messages "
        "since then are lost."
    )
    if bus.keeps_accepted:
        return [Finding(name, f"{message} Accepted sales are complete.", READ_AGAIN, Lost.STATE)]
    return [Finding(name, message, SEND_AGAIN, Lost.SALES)]


def _is_empty(path: Path) -> bool:
    return not path.exists() or path.stat().st_size == 0
