"""A lease: one document with its holder, and until when. One process at a time holds it; one that died, until then.

A lost lease must do no harm: a process that was stopped for long continues although another one holds the lease.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import uuid4

from tillstream.ports import Ports
from tillstream.ports.document_store import Document, Update, update


@dataclass(frozen=True)
class DocumentLease:
    """A lease of one holder. Fields of its document: `holder`, empty if it was ended, and `until`, ISO 8601 UTC.

    Every call raises `Unavailable`.
    """

    ports: Ports
    collection: str
    id: str
    holder: str = field(default_factory=lambda: uuid4().hex)

    def take(self, lasting: timedelta) -> bool:
        """Take or renew it from now on; False if another one holds it."""
        now, is_taken = self.ports.clock.now(), False

        def taken(document: Document | None) -> Update | Document | None:
            nonlocal is_taken
            is_taken = not _is_held(document, now) or self._is_own(document)
            return self._until(now + lasting, self.holder) if is_taken else document

        update(self.ports.documents, self.collection, self.id, taken)
        return is_taken

    def end(self) -> None:
        """End it, unless another one holds it. Idempotent."""

        def ended(document: Document | None) -> Update | Document | None:
            return self._until(self.ports.clock.now(), "") if self._is_own(document) else document

        update(self.ports.documents, self.collection, self.id, ended)

    def is_held(self) -> bool:
        """Whether anyone holds it now."""
        return _is_held(self.ports.documents.get(self.collection, self.id), self.ports.clock.now())

    def _is_own(self, document: Document | None) -> bool:
        return document is not None and document.data["holder"] == self.holder

    def _until(self, at: datetime, holder: str) -> Update:
        return Update({"holder": holder, "until": at.isoformat()})


def _is_held(document: Document | None, now: datetime) -> bool:
    return bool(document and document.data["holder"] and now < datetime.fromisoformat(document.data["until"]))
