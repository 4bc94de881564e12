"""Repetitions of settlements of another home: by the sync, or by the job `settle-large` if they are large."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields

from tillstream.batches import events, records
from tillstream.contracts.registry import ContractRegistry
from tillstream.domain.batch.record import IN_LEDGER, BatchKind, State
from tillstream.pipeline.settling import large
from tillstream.pipeline.settling.settle import retire, to_staged_batch, update_records
from tillstream.ports import Ports
from tillstream.ports.warehouse import Settlement


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


def perform(ports: Ports, contracts: ContractRegistry, work: Repetition, tries: int = Settlement.tries) -> None:
    """Settle batches whatever their holds are, and undos, then update their records. Idempotent.

    A replay replaces its parent. Raises as `Warehouse.settle`, and `NotFound` if staged rows have expired.
    """
    staged = [records.get(ports, batch) for batch in work.staged]
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
        if records.get(ports, batch).state in IN_LEDGER:
            retire(ports, batch, State.UNDONE, settled.settlement_no)
    if settled.settlement_no:
        events.publish_settled(ports, settled.settlement_no)


def leave_to_job(ports: Ports, work: Repetition) -> None:
    """Request a repetition from the job, and start it. Idempotent. Raises `Unavailable`."""
    large.request(ports, work.subject, large.Work.REPETITION, details=asdict(work))
    large.start_job(ports)


def left_to_job(ports: Ports) -> list[Repetition]:
    """The repetitions that are requested."""
    subjects = large.requested(ports, large.Work.REPETITION)
    documents = (ports.documents.get(large.COLLECTION, subject) for subject in subjects)
    names = [one.name for one in fields(Repetition)]
    return [Repetition(**{name: one.data[name] for name in names}) for one in documents if one]
