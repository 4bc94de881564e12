"""Large settlements in a cloud: what is left to the job `settle-large`, and its lease, of one run at a time.

The lease is one document. A run renews it every minute, so a run that died blocks nothing for longer than `LEASE_TIME`.
A lost lease does no harm: the warehouse rejects a commit that another one preceded.

A staged batch is large by its rows, or because it was refused as too large; an undo by the rows of its batch. Only
the second and the third are stored, as requests: they last until they are done, however often the job fails.
"""

import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any
from uuid import uuid4

from tillstream.contracts.registry import ContractRegistry
from tillstream.model.batch import Batch, BatchKind
from tillstream.model.errors import Conflict, TillstreamError, TooLarge
from tillstream.ports import Ports
from tillstream.ports.documents import Document, Update, update_document
from tillstream.ports.jobs import SETTLE_LARGE_JOB
from tillstream.records import batch_records

LEASE_COLLECTION, LEASE_ID = "settling", "settle-large"
START_TIME = timedelta(minutes=10)
"""A run that did not begin in this time after its start is started again."""
BEAT_INTERVAL, LEASE_TIME = timedelta(minutes=1), timedelta(minutes=3)
LONGEST_PAUSE = timedelta(hours=1)
"""After this, other settlements continue even if the run is still at work; its commit then fails and is repeated."""
START_WAITS = tuple(timedelta(minutes=minutes) for minutes in (0, 5, 20, 80, 320))
"""Pauses before the next start, by the number of runs since the last one that succeeded."""
_NEVER = datetime.min.replace(tzinfo=UTC).isoformat()

REQUEST_COLLECTION = "large_settlements"
NO_DETAILS: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class JobLease:
    """The document. Times are ISO 8601 texts."""

    holder: str = ""
    """The run that is at work; empty: none, or one that was started and has not begun."""
    until: str = _NEVER
    paused_at: str = ""
    """When the pause of other settlements began; empty: there is none."""
    starts: int = 0
    """Runs since the last one that succeeded."""

    def is_active(self, now: datetime) -> bool:
        return now < datetime.fromisoformat(self.until)


def _read_lease(document: Document | None) -> JobLease:
    return JobLease(**document.data) if document else JobLease()


def reserve_run(ports: Ports) -> bool:
    """Reserve the next run for the caller, who starts it; False if one is active or the last one failed recently."""
    now, is_reserved = ports.clock.now(), False

    def change(document: Document | None) -> Update | Document | None:
        nonlocal is_reserved
        lease = _read_lease(document)
        wait = START_WAITS[min(lease.starts, len(START_WAITS) - 1)]
        is_reserved = now >= datetime.fromisoformat(lease.until) + wait
        if not is_reserved:
            return document
        return Update(asdict(JobLease("", (now + START_TIME).isoformat(), "", lease.starts + 1)))

    update_document(ports.documents, LEASE_COLLECTION, LEASE_ID, change)
    return is_reserved


def unreserve_run(ports: Ports) -> None:
    """Give up a reservation whose run could not be started."""
    _change_lease(ports, lambda lease: replace(lease, until=_NEVER, starts=max(0, lease.starts - 1)), holder="")


def is_settling_paused(ports: Ports) -> bool:
    """Whether a run is about to commit, so that other settlements wait."""
    lease, now = _read_lease(ports.documents.get(LEASE_COLLECTION, LEASE_ID)), ports.clock.now()
    if not lease.paused_at or not lease.is_active(now):
        return False
    return now < datetime.fromisoformat(lease.paused_at) + LONGEST_PAUSE


def is_run_active(ports: Ports) -> bool:
    """Whether a run is at work, or was started and is about to begin."""
    return _read_lease(ports.documents.get(LEASE_COLLECTION, LEASE_ID)).is_active(ports.clock.now())


class LeasedRun:
    """A run that holds the lease."""

    def __init__(self, ports: Ports, holder: str) -> None:
        self._ports, self._holder = ports, holder

    @contextmanager
    def pause(self) -> Iterator[None]:
        """Pause other settlements within the block."""
        now = self._ports.clock.now().isoformat()
        self._change(lambda lease: replace(lease, paused_at=now))
        try:
            yield
        finally:
            self._change(lambda lease: replace(lease, paused_at=""))

    def beat(self) -> None:
        """Renew the lease."""
        self._change(lambda lease: lease)

    def _change(self, change: Callable[[JobLease], JobLease]) -> None:
        until = (self._ports.clock.now() + LEASE_TIME).isoformat()
        _change_lease(self._ports, lambda lease: replace(change(lease), until=until), self._holder)


@contextmanager
def hold_run(ports: Ports) -> Iterator[LeasedRun]:
    """Hold the lease within the block, and renew it. Raises `Conflict` if another run is at work."""
    holder, now = uuid4().hex, ports.clock.now()

    def claim(document: Document | None) -> Update:
        lease = _read_lease(document)
        if lease.holder and lease.is_active(now):
            raise Conflict("Another run settles large batches. Wait until it has finished.")
        return Update(asdict(JobLease(holder, (now + LEASE_TIME).isoformat(), "", max(1, lease.starts))))

    update_document(ports.documents, LEASE_COLLECTION, LEASE_ID, claim)
    run, ending = LeasedRun(ports, holder), threading.Event()
    beats = threading.Thread(target=_beat_until, args=(run, ending), name="job-lease", daemon=True)
    beats.start()
    succeeded = False
    try:
        yield run
        succeeded = True
    finally:
        ending.set()
        beats.join()
        ended = ports.clock.now().isoformat()
        _change_lease(ports, lambda lease: JobLease("", ended, "", 0 if succeeded else lease.starts), holder)


def _beat_until(run: LeasedRun, ending: threading.Event) -> None:
    while not ending.wait(BEAT_INTERVAL.total_seconds()):
        try:
            run.beat()
        except TillstreamError:
            continue  # the next beat comes before the lease ends


def _change_lease(ports: Ports, change: Callable[[JobLease], JobLease], holder: str) -> None:
    """Change the lease while it has this holder."""

    def changed(document: Document | None) -> Update | Document | None:
        lease = _read_lease(document)
        return document if lease.holder != holder else Update(asdict(change(lease)))

    update_document(ports.documents, LEASE_COLLECTION, LEASE_ID, changed)


class RequestedWork(StrEnum):
    """What is requested for a batch."""

    SETTLE = "settle"
    UNDO = "undo"
    REPETITION = "repetition"
    """Of a settlement of another home."""


def request_work(
    ports: Ports,
    batch: str,
    work: RequestedWork,
    after: timedelta = timedelta(),
    details: Mapping[str, Any] = NO_DETAILS,
) -> None:
    """Record that the job must do it. Idempotent. after: time that another process has for it."""
    at = (ports.clock.now() + after).isoformat(timespec="seconds")
    ports.documents.put(REQUEST_COLLECTION, batch, {"batch_id": batch, "work": work.value, "at": at, **details})


def requested_batches(ports: Ports, work: RequestedWork) -> list[str]:
    """The batches of the open requests whose time has come, by their id."""
    now = ports.clock.now()
    requests = ports.documents.find(REQUEST_COLLECTION, {"work": work.value})
    return [document.id for document in requests if datetime.fromisoformat(document.data["at"]) <= now]


def is_work_requested(ports: Ports, batch: str, work: RequestedWork) -> bool:
    document = ports.documents.get(REQUEST_COLLECTION, batch) if ports.jobs else None
    return document is not None and document.data["work"] == work.value


def close_request(ports: Ports, batch: str) -> None:
    """Remove the request of a batch, which is done or has become impossible. Idempotent."""
    ports.documents.delete(REQUEST_COLLECTION, batch)


def is_large_settlement(ports: Ports, rows: int) -> bool:
    """Whether so many rows are left to the job; never where there is none."""
    return ports.jobs is not None and rows > ports.limits.settled_rows


def staged_rows(batch: Batch) -> int:
    return batch.staged.rows_read if batch.staged else 0


def undone_rows(ports: Ports, batch: Batch) -> int:
    """Rows that an undo of the batch reads: its own and those of its corrections."""
    corrections = batch_records.child_batches(ports, batch.batch_id, BatchKind.CORRECTION)
    return staged_rows(batch) + sum(map(staged_rows, corrections))


def check_preview(ports: Ports, file: str, rows: int) -> None:
    """Raise `TooLarge` if a preview of so many rows would need the memory of the job."""
    if is_large_settlement(ports, rows):
        most = ports.limits.settled_rows
        raise TooLarge(f"{file} has {rows:,} rows. There is no preview for more than {most:,} rows.")


def rows_to_read(ports: Ports, contracts: ContractRegistry, staged: Iterable[Batch]) -> dict[str, int]:
    """Batch → the rows that its settlement reads: its own, and those of the batch that it replaces or completes."""
    rows = {}
    for batch in staged:
        rows[batch.batch_id] = staged_rows(batch)
        if ports.jobs and batch.parent and _reads_parent(contracts, batch):
            rows[batch.batch_id] += staged_rows(batch_records.get_batch(ports, batch.parent))
    return rows


def _reads_parent(contracts: ContractRegistry, batch: Batch) -> bool:
    """A correction of a complete statement is compared with all of it; other corrections only with their own lines."""
    return batch.kind is BatchKind.REPLAY or bool(contracts.version(batch.contract, batch.contract_version).replaces)


def replaced_regions(ports: Ports, staged: Iterable[Batch]) -> Mapping[str, str]:
    """Replay → the region of the batch that it replaces."""
    return {
        batch.batch_id: batch_records.get_batch(ports, batch.parent).region
        for batch in staged
        if batch.kind is BatchKind.REPLAY
    }


def too_large_for_memory(batch: Batch, rows: int, error: TooLarge) -> TooLarge:
    """The error of a batch that cannot be settled even alone."""
    return TooLarge(
        f"{batch.file} (batch {batch.batch_id}) cannot be settled: {error} It has {rows:,} rows. Settle it with more "
        "memory (docs/runbook.md), or cancel it and send the file in parts."
    )


def batches_left_to_job(ports: Ports, rows: Mapping[str, int]) -> Collection[str]:
    """The staged batches among these that the job settles."""
    if ports.jobs is None:
        return frozenset()
    refused = set(requested_batches(ports, RequestedWork.SETTLE)) & rows.keys()
    return refused | {batch for batch, count in rows.items() if is_large_settlement(ports, count)}


def start_large_job(ports: Ports) -> bool:
    """Start the job unless a run is active or failed a short time ago; True if it was started. Raises `Unavailable`."""
    if ports.jobs is None or not reserve_run(ports):
        return False
    try:
        ports.jobs.start(SETTLE_LARGE_JOB)
    except BaseException:
        unreserve_run(ports)
        raise
    return True
