"""When maintenance last ran, how large the ledger is, and which batches are overdue."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sql
from tillstream.model.batch import BatchState
from tillstream.pipeline.settling import large_job
from tillstream.ports import Ports
from tillstream.ports.warehouse import Warehouse
from tillstream.records import batch_records

UPKEEP_COLLECTION = "upkeep"
SWEEP_TASK, INBOX_TASK, BACKUP_TASK, REPAIR_TASK = "sweep", "inbox", "backup", "repair"

OVERDUE_MESSAGE = "batches overdue"
"""Message of the log line, which the alert counts."""
SETTLED_WITHIN = timedelta(minutes=15)
"""A settlement takes a minute or two, and each sweep starts one for batches whose event was lost."""


def note_run(ports: Ports, what: str) -> None:
    """Record that the task has run now. Idempotent."""
    ports.documents.put(UPKEEP_COLLECTION, what, {"at": ports.clock.now().isoformat(timespec="seconds")})


def last_run(ports: Ports, what: str) -> str:
    """Return the time of the last run, ISO 8601 UTC; empty if it never ran."""
    document = ports.documents.get(UPKEEP_COLLECTION, what)
    return str(document.data["at"]) if document else ""


def note_repair(ports: Ports, sentences: Sequence[str]) -> None:
    """Record a repair of the ledger or of the records, in sentences for users; the last one is kept."""
    at = ports.clock.now().isoformat(timespec="seconds")
    ports.documents.put(UPKEEP_COLLECTION, REPAIR_TASK, {"at": at, "sentences": list(sentences)})


def last_repair(ports: Ports) -> tuple[str, list[str]]:
    """Return the time and the sentences of the last repair; empty if there was none."""
    document = ports.documents.get(UPKEEP_COLLECTION, REPAIR_TASK)
    return (str(document.data["at"]), list(document.data["sentences"])) if document else ("", [])


def overdue_batches_text(ports: Ports) -> list[str]:
    """The sentence about overdue batches; none while the job `settle-large` runs, which can take hours."""
    if large_job.is_run_active(ports):
        return []
    latest = (ports.clock.now() - SETTLED_WITHIN).isoformat()
    staged = [
        batch
        for batch in batch_records.find_batches(ports, state=BatchState.STAGED, kind=None, limit=None)
        if batch.state_at <= latest
    ]
    if not staged:
        return []
    oldest = min(staged, key=lambda batch: batch.state_at)
    since = datetime.fromisoformat(oldest.state_at).isoformat(timespec="minutes")
    return [f"Staged and not settled: {len(staged):,}; the oldest is {oldest.batch_id}, since {since}."]


@dataclass(frozen=True)
class LedgerSize:
    """lines: current sale lines. as_of: time of the last settlement, UTC; None before the first."""

    lines: int
    as_of: datetime | None


def read_ledger_size(warehouse: Warehouse) -> LedgerSize:
    row = warehouse.query(sql.text("ledger/ledger_size")).to_pylist()[0]
    return LedgerSize(row["line_count"], row["as_of"])
