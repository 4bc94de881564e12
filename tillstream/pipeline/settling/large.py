"""Large settlements in a cloud: what a function leaves to the job `settle-large`, and what the job is asked to do.

A staged batch is large by its rows, or because it was refused as too large; an undo by the rows of its batch. Only
the second and the third are stored, as requests: they last until they are done, however often the job fails.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from tillstream.batches import records
from tillstream.contracts.registry import ContractRegistry
from tillstream.domain.batch.record import Batch, BatchKind
from tillstream.domain.errors import TooLarge
from tillstream.pipeline.settling import job_lease
from tillstream.ports import Ports
from tillstream.ports.jobs import SETTLE_LARGE

COLLECTION = "large_settlements"
NO_DETAILS: Mapping[str, Any] = MappingProxyType({})


class Work(StrEnum):
    """What is requested for a batch."""

    SETTLE = "settle"
    UNDO = "undo"
    REPETITION = "repetition"
    """Of a settlement of another home."""


def request(
    ports: Ports, batch: str, work: Work, after: timedelta = timedelta(), details: Mapping[str, Any] = NO_DETAILS
) -> None:
    """Record that the job must do it. Idempotent. after: time that another process has for it."""
    at = (ports.clock.now() + after).isoformat(timespec="seconds")
    ports.documents.put(COLLECTION, batch, {"batch_id": batch, "work": work.value, "at": at, **details})


def requested(ports: Ports, work: Work) -> list[str]:
    """The batches of the open requests whose time has come, by their id."""
    now = ports.clock.now()
    requests = ports.documents.find(COLLECTION, {"work": work.value})
    return [document.id for document in requests if datetime.fromisoformat(document.data["at"]) <= now]


def is_requested(ports: Ports, batch: str, work: Work) -> bool:
    document = ports.documents.get(COLLECTION, batch) if ports.jobs else None
    return document is not None and document.data["work"] == work.value


def close(ports: Ports, batch: str) -> None:
    """Remove the request of a batch, which is done or has become impossible. Idempotent."""
    ports.documents.delete(COLLECTION, batch)


def is_large(ports: Ports, rows: int) -> bool:
    """Whether so many rows are left to the job; never where there is none."""
    return ports.jobs is not None and rows > ports.limits.settled_rows


def staged_rows(batch: Batch) -> int:
    return batch.staged.rows_read if batch.staged else 0


def undone_rows(ports: Ports, batch: Batch) -> int:
    """Rows that an undo of the batch reads: its own and those of its corrections."""
    corrections = records.children(ports, batch.batch_id, BatchKind.CORRECTION)
    return staged_rows(batch) + sum(map(staged_rows, corrections))


def check_preview(ports: Ports, file: str, rows: int) -> None:
    """Raise `TooLarge` if a preview of so many rows would need the memory of the job."""
    if is_large(ports, rows):
        most = ports.limits.settled_rows
        raise TooLarge(f"{file} has {rows:,} rows. There is no preview for more than {most:,} rows.")


def rows_read(ports: Ports, contracts: ContractRegistry, staged: Iterable[Batch]) -> dict[str, int]:
    """Batch → the rows that its settlement reads: its own, and those of the batch that it replaces or completes."""
    rows = {}
    for batch in staged:
        rows[batch.batch_id] = staged_rows(batch)
        if ports.jobs and batch.parent and _reads_parent(contracts, batch):
            rows[batch.batch_id] += staged_rows(records.get(ports, batch.parent))
    return rows


def _reads_parent(contracts: ContractRegistry, batch: Batch) -> bool:
    """A correction of a complete statement is compared with all of it; other corrections only with their own lines."""
    return batch.kind is BatchKind.REPLAY or bool(contracts.version(batch.contract, batch.contract_version).replaces)


def replaced_regions(ports: Ports, staged: Iterable[Batch]) -> Mapping[str, str]:
    """Replay → the region of the batch that it replaces."""
    return {
        batch.batch_id: records.get(ports, batch.parent).region for batch in staged if batch.kind is BatchKind.REPLAY
    }


def does_not_fit(batch: Batch, rows: int, error: TooLarge) -> TooLarge:
    """The error of a batch that cannot be settled even alone."""
    return TooLarge(
        f"{batch.file} (batch {batch.batch_id}) cannot be settled: {error} It has {rows:,} rows. Settle it with more "
        "memory (docs/runbook.md), or cancel it and send the file in parts."
    )


def left_to_job(ports: Ports, rows: Mapping[str, int]) -> Collection[str]:
    """The staged batches among these that the job settles."""
    if ports.jobs is None:
        return frozenset()
    refused = set(requested(ports, Work.SETTLE)) & rows.keys()
    return refused | {batch for batch, count in rows.items() if is_large(ports, count)}


def start_job(ports: Ports) -> bool:
    """Start the job unless a run is active or failed a short time ago; True if it was started. Raises `Unavailable`."""
    if ports.jobs is None or not job_lease.reserve(ports):
        return False
    try:
        ports.jobs.start(SETTLE_LARGE)
    except BaseException:
        job_lease.unreserve(ports)
        raise
    return True
