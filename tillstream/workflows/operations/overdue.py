"""Batches that are staged and not settled in time, for the alert about settlements that do not happen."""

from datetime import datetime, timedelta

from tillstream.model.batch import BatchState
from tillstream.pipeline.settling import large_job
from tillstream.ports import Ports
from tillstream.records import batch_records

OVERDUE = "batches overdue"
"""Message of the log line, which the alert counts."""
SETTLED_WITHIN = timedelta(minutes=15)
"""A settlement takes a minute or two, and each sweep starts one for batches whose event was lost."""


def overdue_batches(ports: Ports) -> list[str]:
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
