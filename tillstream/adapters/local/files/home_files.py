"""Files of the home folder that are gone or older: databases create or open them without a message."""

from datetime import timedelta
from pathlib import Path

from tillstream.adapters.local.clock import EPOCH
from tillstream.adapters.local.sqlite.event_bus import SQLiteEventBus
from tillstream.ports.document_store import DocumentStore

QUEUE = ("upkeep", "queue")
"""Document with the last sequence of the queue that was noted."""
LOST = {
    "queue.sqlite": (
        "queue.sqlite was missing or empty and was created again. Files and sales that are stored are loaded all the "
        "same. Sales that tills sent shortly before and that were not stored yet are lost: send them again."
    ),
    "documents.sqlite": (
        "documents.sqlite was missing or empty and was created again. The uploads in the ledger are recorded again. "
        "Accounts, tokens, the audit log and decisions about held files are lost, unless you restore a backup."
    ),
}


def lost_files(home: Path) -> list[str]:
    """Return one sentence for each database that a home with stored files should have. Call it before they are opened.

    A home without any stored file is new, or has nothing to lose.
    """
    inbox = home / "objects" / "inbox"
    if not inbox.is_dir() or not any(inbox.iterdir()):
        return []
    return [sentence for name, sentence in LOST.items() if _is_empty(home / name)]


def note_queue(documents: DocumentStore, sequence: int) -> None:
    """Note the last sequence of the queue in another file, so that an older queue is recognised."""
    documents.put(*QUEUE, {"sequence": sequence})


def lost_messages(documents: DocumentStore, bus: SQLiteEventBus) -> list[str]:
    """Return the sentence for a queue that ends before the noted sequence; it continues after that."""
    noted = documents.get(*QUEUE)
    last = bus.advance(noted.data["sequence"]) if noted else 0
    if noted is None or last >= noted.data["sequence"]:
        return []
    if not last:
        return [LOST["queue.sqlite"]]
    at = EPOCH + timedelta(microseconds=last)
    return [
        f"queue.sqlite is an older copy: its last message is of {at:%Y-%m-%d %H:%M} UTC. Stored files and sales "
        "are loaded all the same. Failed messages since then, and sales that tills sent and that were not stored yet, "
        "are lost: send the sales again."
    ]


def _is_empty(path: Path) -> bool:
    return not path.exists() or path.stat().st_size == 0
