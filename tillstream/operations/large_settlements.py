"""Settle what other processes leave to the job `settle-large`: requested undos, large batches, also of other homes."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypedDict, TypeVar

from tillstream.contracts.registry import ContractRegistry
from tillstream.model.batch import BatchState
from tillstream.model.errors import Conflict, Rejected, TooLarge
from tillstream.operations import ledger_repair, reconcile
from tillstream.pipeline.settling import large_job, repetition, settle
from tillstream.pipeline.settling.lanes import whole_budget
from tillstream.pipeline.settling.repetition import Repetition
from tillstream.ports import Ports
from tillstream.ports.warehouse import Settlement
from tillstream.records import batch_records
from tillstream.review import undo

Settled = TypeVar("Settled")


class LargeSettlements(TypedDict):
    """How much was settled and undone, and the sentences of a repair."""

    settled: int
    undone: int
    repaired: list[str]


def settle_large(ports: Ports, contracts: ContractRegistry) -> LargeSettlements:
    """Settle in this process what is large, until none of it waits; without a job, all that is staged. Return the
    counts, and what was repaired before in sentences.

    Raises `Conflict` if another run is at work, `TooLarge` if a batch does not fit into the memory, `Unavailable`. What
    was not settled then is still requested, and a later run continues. A batch of a home that does not fit is an error
    at the end, when all others are settled.
    """
    try:
        with large_job.hold_run(ports) as lease:
            repaired = ledger_repair.repair_ledger(
                replace(ports, jobs=None), contracts, ports.clock.now() - reconcile.RUN_PATIENCE
            )
            undone = _undo_requested(ports, lease)
            settled, error = _repeat_synced(ports, contracts, lease)
            settled += _settle_waiting(ports, contracts, lease)
            undone += _undo_requested(ports, lease)  # those of the meantime
            _close_requests(ports)
            if error:
                raise error
    except TooLarge:
        _publish_waiting(ports)
        raise
    _publish_waiting(ports)
    return {"settled": settled, "undone": undone, "repaired": repaired.sentences()}


def _publish_waiting(ports: Ports) -> None:
    """Cause the settlement of what other processes did not settle during a pause."""
    for waiting in batch_records.find_batches(ports, state=BatchState.STAGED, kind=None, limit=1):
        batch_records.publish_due(ports, waiting)


def _undo_requested(ports: Ports, lease: large_job.LeasedRun) -> int:
    return sum(
        _undo_batch(ports, lease, batch) for batch in large_job.requested_batches(ports, large_job.RequestedWork.UNDO)
    )


def _undo_batch(ports: Ports, lease: large_job.LeasedRun, batch: str) -> bool:
    try:
        _try_twice(lease, lambda tries: undo.settle_undo(ports, batch, tries))
    except TooLarge:
        raise
    except Rejected:  # it is undone already, or was replayed meanwhile
        large_job.close_request(ports, batch)
        return False
    large_job.close_request(ports, batch)
    return True


def _repeat_synced(
    ports: Ports, contracts: ContractRegistry, lease: large_job.LeasedRun
) -> tuple[int, TooLarge | None]:
    """Settle what the sync of homes left. Return the number of settlements, and the first error: what does not fit
    holds up no other home, nor the files of the head office."""
    count, first = 0, None
    for work in repetition.repetitions_left_to_job(ports):
        try:
            count += _repeat_work(ports, contracts, lease, work)
        except TooLarge as error:
            first = first or _does_not_fit(ports, work, error)
    return count, first


def _does_not_fit(ports: Ports, work: Repetition, error: TooLarge) -> TooLarge:
    batch = batch_records.get_batch(ports, work.subject)
    return TooLarge(
        f"{batch.file} (batch {batch.batch_id}) of the home {batch.home} cannot be settled: {error} Settle it with "
        "more memory (docs/runbook.md), or remove the home."
    )


def _repeat_work(ports: Ports, contracts: ContractRegistry, lease: large_job.LeasedRun, work: Repetition) -> bool:
    try:
        _try_twice(lease, lambda tries: repetition.perform_repetition(ports, contracts, work, tries))
    except TooLarge:
        raise
    except Rejected:  # its staged rows have expired: the home sends it again, and it is staged again
        large_job.close_request(ports, work.subject)
        return False
    large_job.close_request(ports, work.subject)
    return True


def _settle_waiting(ports: Ports, contracts: ContractRegistry, lease: large_job.LeasedRun) -> int:
    """Settle in received order until no large batch is left; return the number of settlements."""
    count, budget = 0, whole_budget()
    while ports.jobs is None or settle.has_large_settlements(ports, contracts):
        settled = _try_twice(lease, lambda tries: settle.settle_here(ports, contracts, budget, tries))
        count += bool(settled.settlement_no)
        if not settled.batches and not settled.holds:
            break
    return count


def _try_twice(lease: large_job.LeasedRun, work: Callable[[int], Settled]) -> Settled:
    """Try without a pause; if another settlement commits first, try again while the others are paused.

    The first try has written the sale index by then, which takes most of the time, so the pause is short. A settlement
    of a function can have begun before the pause, so there are more tries within it.
    """
    try:
        return work(1)
    except Conflict:
        with lease.pause():
            return work(Settlement.tries)


def _close_requests(ports: Ports) -> None:
    for batch in large_job.requested_batches(ports, large_job.RequestedWork.SETTLE):
        if batch_records.get_batch(ports, batch).state is not BatchState.STAGED:
            large_job.close_request(ports, batch)
