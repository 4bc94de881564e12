"""Jobs: one run at a time, on request or when due, after the loads that it waits for; failures; and leases.

A request is kept until a run that began after it has ended. A run that is at work reserves its job until some time
after its last step, so one that ended with an error, or without a trace, is followed by the next one after that time.
Two runs at once must do no harm, and neither must a lost lease: a process that was stopped for long continues although
another one holds it.
"""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Generic, Self, TypeVar
from uuid import uuid4

from tillstream.model.dates import instant_text
from tillstream.model.document_json import from_json, to_json
from tillstream.model.errors import Conflict, Unavailable
from tillstream.ports import Ports
from tillstream.ports.documents import Document, Update, update_document
from tillstream.records import sales_loads

JOB_RUNS, WAITS = "job_runs", "job_waits"
REQUEST, LAST_RUN, FAILED_RUN = "requested", "last", "failed"
"""IDs of the documents of a `RecordedJob`."""
RESERVED_FOR = timedelta(minutes=30)
"""Longer than the start of a job, and than one of its steps takes."""
FORGOTTEN = timedelta(minutes=20)
"""Time after the longest wait from which on a wait is that of an earlier load; longer than the pause of sweeps."""

Due = TypeVar("Due")
Run = TypeVar("Run")


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
class Job:
    """A job of which one run is at work at a time. Calls that write raise `Unavailable`.

    name: of the job of a project, and of its wait. longest_wait: for sales that are being loaded.
    """

    name: str
    longest_wait: timedelta = sales_loads.LONGEST

    def must_wait(self, ports: Ports) -> bool:
        """Whether the job, which is due, waits for a load. The first call begins its wait, which has an end."""
        since, now = self._waits_since(ports), ports.clock.now()
        if since is None or now - since > self.longest_wait + FORGOTTEN:
            if not sales_loads.is_under_way(ports):
                return False
            ports.documents.put(WAITS, self.name, {"since": now.isoformat()})
            return True
        if now - since < self.longest_wait and sales_loads.is_under_way(ports):
            return True
        ports.documents.delete(WAITS, self.name)
        return False

    def is_waiting(self, ports: Ports) -> bool:
        """Whether a wait that `must_wait` began continues."""
        since = self._waits_since(ports)
        return since is not None and ports.clock.now() - since < self.longest_wait and sales_loads.is_under_way(ports)

    def start(self, ports: Ports) -> bool:
        """Start the job of a project unless a run of it is at work."""
        if not ports.jobs or not self._reserve_if_free(ports):
            return False
        try:
            ports.jobs.start(self.name)
        except Unavailable:
            self._reserve_for(ports, timedelta())
            raise
        return True

    def renew(self, ports: Ports) -> None:
        """Reserve the job for the run that is at work."""
        self._reserve_for(ports, RESERVED_FOR)

    @contextmanager
    def reserved(self, ports: Ports) -> Iterator[None]:
        """Reserve the job within the block, and after it if that raises."""
        self.renew(ports)
        yield
        self._reserve_for(ports, timedelta())

    def _waits_since(self, ports: Ports) -> datetime | None:
        document = ports.documents.get(WAITS, self.name)
        return datetime.fromisoformat(document.data["since"]) if document else None

    def _reserve_if_free(self, ports: Ports) -> bool:
        now, is_free = ports.clock.now(), False

        def change(document: Document | None) -> Update | Document | None:
            nonlocal is_free
            is_free = document is None or datetime.fromisoformat(document.data["until"]) <= now
            return Update({"until": (now + RESERVED_FOR).isoformat()}) if is_free else document

        update_document(ports.documents, JOB_RUNS, self.name, change)
        return is_free

    def _reserve_for(self, ports: Ports, longer: timedelta) -> None:
        if ports.jobs:
            ports.documents.put(JOB_RUNS, self.name, {"until": (ports.clock.now() + longer).isoformat()})


@dataclass(frozen=True, kw_only=True)
class RecordedJob(Job, Generic[Run]):
    """A job with a request, a record of its last run, and the time of the last failure. collection: of these. kind: of
    the record."""

    collection: str
    kind: type[Run]

    def request(self, ports: Ports) -> None:
        """Request a run. One that is under way does not answer it, because it may have read its input before."""
        ports.documents.put(self.collection, REQUEST, {"at": instant_text(ports.clock.now())})

    def is_requested(self, ports: Ports) -> bool:
        return self.pending(ports) is not None

    def pending(self, ports: Ports) -> Document | None:
        """The request that a run which starts now answers."""
        return ports.documents.get(self.collection, REQUEST)

    def answer(self, ports: Ports, request: Document | None) -> None:
        """Delete the request that was pending when a run started, unless it was made again since."""
        if request:
            with suppress(Conflict):
                ports.documents.delete(self.collection, REQUEST, if_version=request.version)

    def last_run(self, ports: Ports) -> Run | None:
        """The record of the last run that ended."""
        document = ports.documents.get(self.collection, LAST_RUN)
        return from_json(self.kind, document.data) if document else None

    def save_run(self, ports: Ports, run: Run, answered: Document | None = None) -> None:
        """Record a run that ended, then answer the request."""
        ports.documents.put(self.collection, LAST_RUN, to_json(run))
        self.answer(ports, answered)

    def note_failure(self, ports: Ports, answered: Document | None = None) -> None:
        """Record that a run failed now, then answer the request, so that it is not tried again at once."""
        ports.documents.put(self.collection, FAILED_RUN, {"at": instant_text(ports.clock.now())})
        self.answer(ports, answered)

    def has_failed_within(self, ports: Ports, time: timedelta) -> bool:
        failed = ports.documents.get(self.collection, FAILED_RUN)
        return failed is not None and ports.clock.now() - datetime.fromisoformat(failed.data["at"]) < time


@dataclass(frozen=True)
class Attempts:
    """Fields of a record with a run of its own, such as a destination. Times are ISO 8601 UTC text; empty: never."""

    next_at: str = ""
    """When it is due; empty: at once."""
    failures: int = 0
    """Runs that failed since the last one that did not."""
    error: str = ""
    """Why the last run failed; empty: it did not."""

    def is_due(self, now: datetime) -> bool:
        return not self.next_at or now >= datetime.fromisoformat(self.next_at)

    def ended(self, next_at: datetime, error: str = "") -> Self:
        """After a run. error: why it failed."""
        failures = self.failures + 1 if error else 0
        return replace(self, next_at=instant_text(next_at), failures=failures, error=error)


def growing_pause(failures: int, first: timedelta, longest: timedelta) -> timedelta:
    """The pause before the next try, which doubles with each failure. failures: in a row, at least 1."""
    return min(first * int(2 ** min(failures - 1, 10)), longest)


def run_each(
    due: Iterable[Due],
    run: Callable[[Due], Run | None],
    message: str,
    note_failure: Callable[[Due, Exception], None] = lambda _due, _error: None,
    stopping: threading.Event | None = None,
) -> Iterator[Run]:
    """Run what is due, one after the other, until `stopping` is set; yield the results other than None.

    An error does not keep back those after it. Raises `Unavailable` at once, and other errors as a group at the end.
    note_failure: called after each of these. message: of the group.
    """
    errors: list[Exception] = []
    for one in due:
        if stopping and stopping.is_set():
            break
        try:
            result = run(one)
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001 - raised below, after the others
            errors.append(error)
            note_failure(one, error)
            continue
        if result is not None:
            yield result
    if errors:
        raise ExceptionGroup(message, errors)
