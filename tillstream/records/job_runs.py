"""Runs of jobs: requests for them, the reservation of a job for one run, and leases.

A lost lease must do no harm: a process that was stopped for long continues although another one holds the lease.

A run that is at work reserves its job until some time after its last step, so one that ended with an error, or without
a trace, is followed by the next one after that time. Two runs at once must do no harm.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import uuid4

from tillstream.model.errors import Conflict, Unavailable
from tillstream.ports import Ports
from tillstream.ports.documents import Document, Update, update_document

JOB_RUNS = "job_runs"
RESERVED_FOR = timedelta(minutes=30)
"""Longer than the start of a job, and than one of its steps takes."""


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

        update_document(self.ports.documents, self.collection, self.id, taken)
        return is_taken

    def end(self) -> None:
        """End it, unless another one holds it. Idempotent."""

        def ended(document: Document | None) -> Update | Document | None:
            return self._until(self.ports.clock.now(), "") if self._is_own(document) else document

        update_document(self.ports.documents, self.collection, self.id, ended)

    def is_held(self) -> bool:
        """Whether anyone holds it now."""
        return _is_held(self.ports.documents.get(self.collection, self.id), self.ports.clock.now())

    def _is_own(self, document: Document | None) -> bool:
        return document is not None and document.data["holder"] == self.holder

    def _until(self, at: datetime, holder: str) -> Update:
        return Update({"holder": holder, "until": at.isoformat()})


def _is_held(document: Document | None, now: datetime) -> bool:
    return bool(document and document.data["holder"] and now < datetime.fromisoformat(document.data["until"]))


@dataclass(frozen=True)
class JobRequest:
    """The request for a run of one job: a document with the time at which it was made."""

    collection: str
    id: str = "requested"

    def make(self, ports: Ports) -> None:
        """Request a run. One that is under way does not answer it, because it may have read its input before."""
        ports.documents.put(self.collection, self.id, {"at": ports.clock.now().isoformat(timespec="seconds")})

    def pending(self, ports: Ports) -> Document | None:
        """The request that a run which starts now answers."""
        return ports.documents.get(self.collection, self.id)

    def answer(self, ports: Ports, request: Document | None) -> None:
        """Delete the request that was pending when a run started, unless it was made again since."""
        if request:
            with suppress(Conflict):
                ports.documents.delete(self.collection, self.id, if_version=request.version)


def start_job(ports: Ports, job: str) -> bool:
    """Start a job of a project unless a run of it is at work. Raises `Unavailable`."""
    if not ports.jobs or not _reserve_if_free(ports, job):
        return False
    try:
        ports.jobs.start(job)
    except Unavailable:
        _reserve_for(ports, job, timedelta())
        raise
    return True


def renew_reservation(ports: Ports, job: str) -> None:
    """Reserve the job for the run that is at work."""
    if ports.jobs:
        _reserve_for(ports, job, RESERVED_FOR)


@contextmanager
def job_reserved(ports: Ports, job: str) -> Iterator[None]:
    """Reserve the job within the block, and after it if that raises."""
    renew_reservation(ports, job)
    yield
    if ports.jobs:
        _reserve_for(ports, job, timedelta())


def _reserve_if_free(ports: Ports, job: str) -> bool:
    now, is_free = ports.clock.now(), False

    def change(document: Document | None) -> Update | Document | None:
        nonlocal is_free
        is_free = document is None or datetime.fromisoformat(document.data["until"]) <= now
        return Update({"until": (now + RESERVED_FOR).isoformat()}) if is_free else document

    update_document(ports.documents, JOB_RUNS, job, change)
    return is_free


def _reserve_for(ports: Ports, job: str, longer: timedelta) -> None:
    ports.documents.put(JOB_RUNS, job, {"until": (ports.clock.now() + longer).isoformat()})
