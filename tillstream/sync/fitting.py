"""What one settlement of a sync may contain in a project, where memory and time are limited; on one machine, DuckDB
spills."""

from collections.abc import Sequence

from tillstream.contracts.registry import ContractRegistry
from tillstream.model.batch import STATES_IN_LEDGER, Batch
from tillstream.model.errors import TooLarge
from tillstream.pipeline.settling import large_job, repetition
from tillstream.pipeline.settling.lanes import MAX_BATCHES
from tillstream.pipeline.settling.repetition import Repetition
from tillstream.ports import Ports
from tillstream.records import batch_records
from tillstream.sync.refusals import AFTER_A_JOB, Busy

PAUSED = "The head office is committing a large file. What was sent is settled after it."


def parts(ports: Ports, contracts: ContractRegistry, staged: Sequence[Batch]) -> list[list[Batch]]:
    """The batches in groups that are settled one after the other; one group, which may be empty, on one machine."""
    if ports.jobs is None:
        return [list(staged)]
    read = large_job.rows_to_read(ports, contracts, staged)
    result: list[list[Batch]] = [[]]
    total = 0
    for batch in staged:
        total += read[batch.batch_id]
        if len(result[-1]) >= MAX_BATCHES or (result[-1] and large_job.is_large_settlement(ports, total)):
            result.append([])
            total = read[batch.batch_id]
        result[-1].append(batch)
    return result


def still_counting(ports: Ports, undone: Sequence[str]) -> Sequence[str]:
    """The batches that are to be undone and are not yet: after the job, the same entries are sent again."""
    if ports.jobs is None:
        return undone
    return [batch for batch in undone if batch_records.get_batch(ports, batch).state in STATES_IN_LEDGER]


def settle(ports: Ports, contracts: ContractRegistry, work: Repetition) -> None:
    """Settle it here, or leave it to the job `settle-large`. Raises `Busy` until it is settled, and as `perform`."""
    if ports.jobs is None:
        return repetition.perform_repetition(ports, contracts, work)
    if large_job.is_settling_paused(ports):
        raise Busy(PAUSED, AFTER_A_JOB)
    rows = _rows(ports, contracts, work)
    if large_job.is_large_settlement(ports, rows):
        _leave_to_job(ports, work, rows)
    try:
        repetition.perform_repetition(ports, contracts, work)
    except TooLarge:
        _leave_to_job(ports, work, rows)


def forget_requests(ports: Ports, home: str) -> None:
    """Remove the requests to the job about batches of a home. Idempotent."""
    for work in repetition.repetitions_left_to_job(ports):
        if batch_records.get_batch(ports, work.subject).home == home:
            large_job.close_request(ports, work.subject)


def _rows(ports: Ports, contracts: ContractRegistry, work: Repetition) -> int:
    """Rows that a settlement reads: those of its batches, and of what it replaces or undoes."""
    staged = [batch_records.get_batch(ports, batch) for batch in work.staged]
    replaced = {batch.parent for batch in staged}
    undone = [batch_records.get_batch(ports, batch) for batch in work.undone if batch not in replaced]
    read = large_job.rows_to_read(ports, contracts, staged)
    return sum(read.values()) + sum(large_job.undone_rows(ports, batch) for batch in undone)


def _leave_to_job(ports: Ports, work: Repetition, rows: int) -> None:
    repetition.leave_repetition_to_job(ports, work)
    file = batch_records.get_batch(ports, work.subject).file
    why = f"The head office settles {file} ({rows:,} rows) in a job of its own, which takes some minutes."
    raise Busy(why, AFTER_A_JOB)
