"""The lease of files that Spark stages in a project, where functions stage each new file otherwise.

Each backfill has a lease. The command that runs it renews the lease; one that was killed keeps it for `LEASED_FOR`. A
lost lease does no harm: the file is staged twice, and compare-and-set on its record decides which result counts.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tillstream.model.batch import Batch
from tillstream.model.errors import Rejected
from tillstream.ports import Ports
from tillstream.records.batch_records import connector_sender
from tillstream.records.jobs import JOB_RUNS, DocumentLease

LEASED_FOR, RENEWED_AFTER = timedelta(minutes=10), timedelta(minutes=1)


def is_left_to_spark(ports: Ports, batch: Batch) -> bool:
    """Whether a command on Spark is about to stage the file. It is one lookup, for files of connectors only."""
    return ports.jobs is not None and batch.source == "connector" and _lease(ports, batch.received_by).is_held()


@dataclass
class StagingLease:
    """The lease of the files of one backfill. name: of the backfill. In a home, which has one process, it is empty."""

    ports: Ports
    name: str
    _lease: DocumentLease = field(init=False)
    _renewed: datetime | None = None

    def __post_init__(self) -> None:
        self._lease = _lease(self.ports, connector_sender(self.name))

    def hold(self) -> None:
        """Take the lease, or renew it if it was not renewed for long. Raises `Rejected` if another process holds it."""
        now = self.ports.clock.now()
        if self.ports.jobs is None or (self._renewed and now - self._renewed < RENEWED_AFTER):
            return
        if not self._lease.take(LEASED_FOR):
            raise Rejected(f"The backfill {self.name} is running on Spark.")
        self._renewed = now

    def release(self) -> None:
        """End the lease, unless another process holds it."""
        if self._renewed is not None:
            self._renewed = None
            self._lease.end()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the lease from the beginning of the block to its end. Raises as `hold`."""
        self.hold()
        try:
            yield
        finally:
            self.release()


def _lease(ports: Ports, sender: str) -> DocumentLease:
    return DocumentLease(ports, JOB_RUNS, f"spark {sender}")
