"""Repetitions of settlements of another home: by the sync, or by the job `settle-large` if they are large."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields

from tillstream.contracts.registry import ContractRegistry
from tillstream.model.batch import STATES_IN_LEDGER, BatchKind, BatchState
from tillstream.pipeline.settling import large_job
from tillstream.pipeline.settling.settle import retire_batch, to_staged_batch, update_records
from tillstream.ports import Ports
from tillstream.ports.warehouse import Settlement
from tillstream.records import batch_records


@dataclass(frozen=True)
class Repetition:
    """Staged batches and undos of one settlement, as IDs of batches. request_id: the same for the same work only."""

    staged: Sequence[str]
    undone: Sequence[str]
    request_id: str

    @property
    def subject(self) -> str:
        """The batch that names the whole."""
        return [*self.staged, *self.undone][0]


def perform_repetition(
    ports: Ports, contracts: ContractRegistry, work: Repetition, tries: int = Settlement.tries
) -> None:
    """Settle batches whatever their holds are, and undos, then update their records. Idempotent.

    A replay replaces its parent. Raises as `Warehouse.settle`, and `NotFound` if staged rows have expired.
    """
    staged = [batch_records.get_batch(ports, batch) for batch in work.staged]
    replaced = [batch.parent for batch in staged if batch.kind is BatchKind.REPLAY]
    settlement = Settlement(
        [to_staged_batch(ports, contracts, batch) for batch in staged],
        list(dict.fromkeys([*work.undone, *replaced])),
        work.request_id,
        tries=tries,
        is_repetition=True,
    )
    settled = ports.warehouse.settle(settlement)
    update_records(ports, staged, settled)
    for batch in work.undone:
        if batch_records.get_batch(ports, batch).state in STATES_IN_LEDGER:
            retire_batch(ports, batch, BatchState.UNDONE, settled.settlement_no)
    if settled.settlement_no:
        batch_records.publish_settled(ports, settled.settlement_no)


def leave_repetition_to_job(ports: Ports, work: Repetition) -> None:
    """Request a repetition from the job, and start it. Idempotent. Raises `Unavailable`."""
    large_job.request_work(ports, work.subject, large_job.RequestedWork.REPETITION, details=asdict(work))
    large_job.start_large_job(ports)


def repetitions_left_to_job(ports: Ports) -> list[Repetition]:
    """The repetitions that are requested."""
    subjects = large_job.requested_batches(ports, large_job.RequestedWork.REPETITION)
    documents = (ports.documents.get(large_job.REQUEST_COLLECTION, subject) for subject in subjects)
    names = [one.name for one in fields(Repetition)]
    return [Repetition(**{name: one.data[name] for name in names}) for one in documents if one]
