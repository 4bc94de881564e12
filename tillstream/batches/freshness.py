"""What is newest, for every process to see: a small document that each settlement and each change of rates renews.

Asking the warehouse itself costs a query where it is far away. The document follows the warehouse: who reads it late
sees numbers late, never wrong ones.
"""

import threading
import time
from contextlib import suppress
from dataclasses import dataclass

from tillstream.domain.errors import Conflict
from tillstream.ports.document_store import DocumentStore

PLACE = ("warehouse", "newest")
LOOKS = 0.5
"""Seconds between two looks of one process."""
BELIEVED = 300
"""Seconds after which an answer is asked for again, whatever the document says: its writer may have died before it."""


@dataclass(frozen=True)
class Mark:
    """Of two answers under equal marks one may stand for the other."""

    settlement_no: int
    version: int
    period: int = 0


def tell(documents: DocumentStore, settlement_no: int = 0) -> None:
    """Answers from before are old. settlement_no: the one that makes them so, if one does. Repeatable."""
    while True:
        known = documents.get(*PLACE)
        number = max(settlement_no, known.data["settlement_no"] if known else 0)
        with suppress(Conflict):
            documents.put(*PLACE, {"settlement_no": number}, if_version=known.version if known else 0)
            return


class Newest:
    """The mark of now, for one process. Safe in threads."""

    def __init__(self, documents: DocumentStore) -> None:
        self._documents = documents
        self._lock = threading.Lock()
        self._looked_at = float("-inf")
        self._mark: Mark | None = None

    def __call__(self) -> Mark | None:
        """None where nobody has told anything yet."""
        with self._lock:
            now = time.monotonic()
            if now - self._looked_at >= LOOKS:
                known = self._documents.get(*PLACE)
                period = int(now // BELIEVED)
                self._mark = Mark(int(known.data["settlement_no"]), known.version, period) if known else None
                self._looked_at = now
            return self._mark
