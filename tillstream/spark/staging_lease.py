"""The lease of files that Spark stages in a project, where functions stage each new file otherwise.

One document for each backfill. The command that runs it renews the lease; one that was killed keeps it for `ALIVE`. A
lost lease does no harm: the file is staged twice, and compare-and-set on its record decides which result counts.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from secrets import token_hex

from tillstream.batches.records import connector_sender
from tillstream.domain.batch.record import Batch
from tillstream.domain.errors import Rejected
from tillstream.job_runs.reservation import COLLECTION
from tillstream.ports import Ports
from tillstream.ports.document_store import Document, Update, update

ALIVE, RENEW = timedelta(minutes=10), timedelta(minutes=1)


def is_left_to_spark(ports: Ports, batch: Batch) -> bool:
    """Whether a command on Spark is about to stage the file. It is one lookup, for files of connectors only."""
    if ports.jobs is None or batch.source != "connector":
        return False
    document = ports.documents.get(COLLECTION, _id(batch.received_by))
    return document is not None and _is_held(ports, document)


@dataclass
class StagingLease:
    """The lease of the files of one backfill. name: of the backfill. In a home, which has one process, it is empty."""

    ports: Ports
    name: str
    _holder: str = field(default_factory=lambda: token_hex(8))
    _renewed: datetime | None = None

    def hold(self) -> None:
        """Take the lease, or renew it if it was not renewed for long. Raises `Rejected` if another process holds it."""
        now = self.ports.clock.now()
        if self.ports.jobs is None or (self._renewed and now - self._renewed < RENEW):
            return

        def change(document: Document | None) -> Update:
            if document and document.data["holder"] != self._holder and _is_held(self.ports, document):
                raise Rejected(f"The backfill {self.name} is running on Spark.")
            return Update({"until": (now + ALIVE).isoformat(), "holder": self._holder})

        update(self.ports.documents, COLLECTION, self._id, change)
        self._renewed = now

    def release(self) -> None:
        """End the lease, unless another process holds it."""
        if self._renewed is None:
            return
        self._renewed = None

        def change(document: Document | None) -> Update | Document | None:
            if document is None or document.data["holder"] != self._holder:
                return document
            return Update({"until": self.ports.clock.now().isoformat(), "holder": self._holder})

        update(self.ports.documents, COLLECTION, self._id, change)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the lease from the beginning of the block to its end. Raises as `hold`."""
        self.hold()
        try:
            yield
        finally:
            self.release()

    @property
    def _id(self) -> str:
        return _id(connector_sender(self.name))


def _id(sender: str) -> str:
    return f"spark {sender}"


def _is_held(ports: Ports, document: Document) -> bool:
    return ports.clock.now() < datetime.fromisoformat(document.data["until"])
