"""The last runs of each connector and what they brought, and the parts in which a backfill is settled."""

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, NamedTuple, Protocol

from tillstream.model.batch import Batch, BatchState
from tillstream.model.document_json import from_json, to_json
from tillstream.ports import Ports
from tillstream.ports.documents import AFTER_ANY
from tillstream.records import batch_records

RUNS_COLLECTION = "connector_runs"
KEPT_RUNS = 100
"""Runs of a connector that are kept."""
MAX_BATCHES = 500
"""Batches of a run that its record names."""
RUNNING, DONE, FAILED, STOPPED = "running", "done", "failed", "stopped"
FAILED_RUN = "connector failed"
"""Message of the log for runs that failed."""
INTERRUPTED = "The process ended before the run did. What it had brought is counted once; the rest is read again."

PART_PAUSE = timedelta(minutes=1)
"""Before the next run, in which the events of copied objects create their records."""


@dataclass(frozen=True)
class ConnectorRun:
    """outcome: running; done if the source was read to its end; stopped if it has more for the next run; or failed.

    items: files and pages that were read. bytes: of these. batches: ids of the first batches that it created.
    sales: messages for the entry point of stores. refused: files that cannot be read, each with the reason.
    Times are ISO 8601 UTC text; ended_at is empty while it runs.
    """

    connector: str
    started_at: str
    ended_at: str = ""
    outcome: str = RUNNING
    error: str = ""
    items: int = 0
    bytes: int = 0
    batches: tuple[str, ...] = ()
    sales: int = 0
    notes: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()

    @property
    def is_interrupted(self) -> bool:
        """Whether its process ended before it did: what it had brought is not recorded."""
        return self.error == INTERRUPTED


def new_run_id(ports: Ports, connector: str) -> str:
    """An id that sorts after those of the earlier runs of the connector."""
    return f"{connector}:{ports.clock.tick():016x}-{secrets.token_hex(4)}"


def save_run(ports: Ports, id: str, run: ConnectorRun) -> None:
    """Write a run; of each connector, only the last ones are kept."""
    ports.documents.put(RUNS_COLLECTION, id, to_json(replace(run, batches=run.batches[:MAX_BATCHES])))
    if run.outcome != RUNNING:
        for document in _find_runs(ports, run.connector, offset=KEPT_RUNS):
            ports.documents.delete(RUNS_COLLECTION, document.id)


def latest_runs(ports: Ports, name: str, limit: int = 20, offset: int = 0) -> list[ConnectorRun]:
    """The runs of a connector, newest first."""
    return [from_json(ConnectorRun, document.data) for document in _find_runs(ports, name, limit, offset)]


def note_interrupted(ports: Ports, id: str) -> None:
    """Note that a run will not end, because its process has ended."""
    document = ports.documents.get(RUNS_COLLECTION, id)
    if document and document.data["outcome"] == RUNNING:
        now = ports.clock.now().isoformat(timespec="seconds")
        changes = {"outcome": FAILED, "error": INTERRUPTED, "ended_at": now}
        ports.documents.put(RUNS_COLLECTION, id, document.data | changes)


def count_batches(ports: Ports, name: str, *states: BatchState) -> int:
    """How many of the batches that a connector brought are in one of the states."""
    sender = batch_records.connector_sender(name)
    return sum(
        ports.documents.count(batch_records.BATCHES, {"received_by": sender, "state": state.value}) for state in states
    )


def batches_in_state(ports: Ports, name: str, *states: BatchState) -> Iterator[Batch]:
    """The batches that a connector brought in one of the states, in no particular order."""
    sender = batch_records.connector_sender(name)
    for state in states:
        for document in ports.documents.find(batch_records.BATCHES, {"received_by": sender, "state": state.value}):
            yield Batch.from_json(document.data)


def count_recorded(ports: Ports, name: str) -> int:
    """How many batches a connector has brought, in any state."""
    return ports.documents.count(batch_records.BATCHES, {"received_by": batch_records.connector_sender(name)})


def remove_runs(ports: Ports, name: str) -> None:
    """Remove the runs of a connector."""
    for document in _find_runs(ports, name):
        ports.documents.delete(RUNS_COLLECTION, document.id)


def _find_runs(ports: Ports, name: str, limit: int | None = None, offset: int = 0) -> Any:
    return ports.documents.find(
        RUNS_COLLECTION, descending=True, above=f"{name}:", below=f"{name}:{AFTER_ANY}", limit=limit, offset=offset
    )


class PartSize(NamedTuple):
    """What a part has at most, before the file that fills it."""

    files: int
    bytes: int


PART_SIZE = PartSize(500, 256 << 20)
"""A settlement of the sales of many months can run longer than a function may."""
LARGE_PART = PartSize(5_000, 16 << 30)
"""For what takes minutes to begin. A project settles it in steps, the large ones in the job `settle-large`."""


class PartPace(Protocol):
    """What the process that runs a backfill does meanwhile."""

    part: PartSize

    def taken(self, size: int) -> None:
        """A file is taken in. size: its bytes."""

    def settle(self, beat: Callable[[], None]) -> None:
        """Return when what was taken in is settled. beat: renews the lease. Raises `Unavailable`."""


class BackfillParts:
    """Counts what a run of a backfill brings."""

    def __init__(self, size: PartSize | None = None) -> None:
        self._size = size or PART_SIZE
        self._files = self._bytes = 0

    def is_full(self, run: ConnectorRun) -> bool:
        """Whether the run has brought a part since the last one; the next part begins then."""
        if run.items - self._files < self._size.files and run.bytes - self._bytes < self._size.bytes:
            return False
        self._files, self._bytes = run.items, run.bytes
        return True
