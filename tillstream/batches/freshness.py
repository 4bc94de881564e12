"""Data version shared by all processes: a small document that every settlement and every change of rates updates.

Reading it is cheaper than a query to a remote warehouse. It is written after the warehouse, so until then cached
answers are older than the warehouse, but never inconsistent.
"""

import threading
import time
from dataclasses import dataclass

from tillstream.ports.document_store import Document, DocumentStore, Update, update

DOCUMENT = ("warehouse", "newest")
LIVE_DOCUMENT = ("warehouse", "live")
POLL_SECONDS = 0.5
"""Seconds between two reads of the document by one process."""
MAX_AGE = 300
"""Seconds after which cached answers expire in any case: a process may have died before it updated the document."""


@dataclass(frozen=True)
class DataVersion:
    """A data version: answers computed under equal versions are interchangeable."""

    settlement_no: int
    version: int
    """Version of the document."""
    period: int = 0
    """Increases by one every `MAX_AGE` seconds."""


def bump(documents: DocumentStore, settlement_no: int = 0) -> None:
    """Invalidate cached answers. settlement_no: the settlement that causes it, if any. Idempotent."""

    def bumped(document: Document | None) -> Update:
        return Update({"settlement_no": max(settlement_no, document.data["settlement_no"] if document else 0)})

    update(documents, *DOCUMENT, bumped)


def newest_settlement(documents: DocumentStore) -> int:
    """The greatest settlement that was bumped; 0 if none was."""
    document = documents.get(*DOCUMENT)
    return int(document.data["settlement_no"]) if document else 0


def version(documents: DocumentStore) -> int:
    """Increases with every settlement and every change of rates or of the catalogue."""
    document = documents.get(*DOCUMENT)
    return document.version if document else 0


def count_live_append(documents: DocumentStore) -> None:
    """Raise the number of appends of lines that are not settled yet, so that open pages read them."""
    update(
        documents,
        *LIVE_DOCUMENT,
        lambda document: Update({"appends": (document.data["appends"] if document else 0) + 1}),
    )


def live_appends(documents: DocumentStore) -> int:
    """The number of appends of lines before their settlement; 0 where everything is settled at once."""
    document = documents.get(*LIVE_DOCUMENT)
    return int(document.data["appends"]) if document else 0


def reset(documents: DocumentStore, settlement_no: int) -> None:
    """Set the newest settlement after a repair of the ledger, also to a smaller number. Invalidates cached answers."""
    update(documents, *DOCUMENT, lambda _: Update({"settlement_no": settlement_no}))


class LatestVersion:
    """The current data version, cached for `POLL_SECONDS` seconds in this process. Thread-safe."""

    def __init__(self, documents: DocumentStore) -> None:
        self._documents = documents
        self._lock = threading.Lock()
        self._read_at = float("-inf")
        self._mark: DataVersion | None = None

    def __call__(self) -> DataVersion | None:
        """None if the document does not exist yet."""
        with self._lock:
            now = time.monotonic()
            if now - self._read_at >= POLL_SECONDS:
                document = self._documents.get(*DOCUMENT)
                period = int(now // MAX_AGE)
                self._mark = (
                    DataVersion(int(document.data["settlement_no"]), document.version, period) if document else None
                )
                self._read_at = now
            return self._mark
