"""Repair a ledger that is shorter than its records: repeat the settlements that it lacks, from the kept originals.

Each lost settlement is settled again in its order, with the same batches and undos and, if nothing else was settled
since, with its old number. A batch keeps its id and its place in time. Records that the ledger contradicts are repaired
before (`record_repair`).
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from tillstream.contracts.registry import ContractRegistry
from tillstream.model.batch import STATES_IN_LEDGER, Batch, BatchKind, BatchState
from tillstream.model.errors import NotFound, Rejected
from tillstream.pipeline.publishing import sale_events
from tillstream.pipeline.settling import large_job, settle
from tillstream.pipeline.staging import expiry
from tillstream.ports import Ports
from tillstream.ports.warehouse import Settlement, SettlementResult, StagedBatch
from tillstream.records import batch_originals, batch_records, data_version, losses
from tillstream.records.batch_originals import UnreadableOriginal
from tillstream.workflows.operations import ledger_agreement, maintenance_log, mirrors, record_repair
from tillstream.workflows.operations.ledger_agreement import GONE, Comparison

NAMED = 5
"""Files that a sentence names; more are counted."""


@dataclass
class Repair:
    """What a repair did."""

    settlements: int = 0
    """Settlements that were repeated."""
    recorded: int = 0
    """Records that were written from the ledger."""
    files: list[str] = field(default_factory=list)
    """The names of the files that were settled again."""
    lost: list[str] = field(default_factory=list)
    """One sentence for each batch that could not be settled again."""
    rejected: set[str] = field(default_factory=set)
    """The batches that could not be settled again."""

    def sentences(self) -> list[str]:
        """Describe the repair for users; empty if nothing was to repair."""
        sentences = []
        if self.settlements:
            count = "1 settlement" if self.settlements == 1 else f"{self.settlements:,} settlements"
            sentences.append(
                f"The ledger lacked {count} that the records name, as after a power cut or if an older warehouse file "
                f"was put back. What was lost was settled again from the kept originals{_list(self.files)}."
            )
        if self.recorded:
            count = "1 batch" if self.recorded == 1 else f"{self.recorded:,} batches"
            sentences.append(
                f"The records of {count} in the ledger were missing or outdated, as if an older documents file was put "
                "back. They were written again from the ledger. Check the accounts, tokens and contracts: changes "
                "since that file was written are lost, unless you restore a backup."
            )
        return [*sentences, *self.lost]


def _list(files: Sequence[str]) -> str:
    names = list(dict.fromkeys(files))
    more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
    return f": {', '.join(names[:NAMED])}{more}" if names else ""


def run(
    ports: Ports,
    contracts: ContractRegistry,
    settled_by: datetime | None = None,
    *,
    whole: bool = False,
    delegate: bool = False,
) -> Repair:
    """Compare and repair; note what was done in the maintenance log. Idempotent.

    Raises `Unavailable`, `Conflict`, `TooLarge`.
    settled_by: later settlements are in progress. whole: compare all batches, not only those after the last verified
    settlement. delegate: leave what the ledger lacks to the job `settle-large`, if there is one.
    """
    if whole:
        record_repair.pin_contracts(ports, contracts)
    comparison = ledger_agreement.compare(ports, whole=whole, settled_by=settled_by)
    repair = Repair(recorded=record_repair.write(ports, contracts, comparison.unrecorded))
    if comparison.is_short and delegate and ports.jobs:
        repair.lost += [*comparison.sentences(), "The job settle-large settles what is missing again."]
        large_job.start_large_job(ports)
        return repair
    if comparison.is_short:
        _repeat(ports, contracts, comparison, repair)
        mirrors.forget(ports)
        data_version.reset_data_version(ports.documents, ledger_agreement.last_settlement(ports))
    sentences = repair.sentences()
    if sentences:
        maintenance_log.note_repair(ports, sentences)
    ledger_agreement.note_verified(ports, settled_by)
    return repair


def _repeat(ports: Ports, contracts: ContractRegistry, comparison: Comparison, repair: Repair) -> None:
    prefix = f"repair/{ports.clock.tick()}"
    try:
        for number, batches, undone in _settlements(comparison):
            _repeat_one(ports, contracts, (number, batches, undone), f"{prefix}/{number}", repair)
            expiry.delete_staged(ports, f"{prefix}/{number}/")
    finally:
        expiry.delete_staged(ports, f"{prefix}/")


def _settlements(comparison: Comparison) -> Iterator[tuple[int, list[Batch], list[Batch]]]:
    """Yield (old number, batches to settle, batches to undo) of each lost settlement, in order.

    Undos of which an earlier version did not record the number come last, with the number 0.
    """
    taken: defaultdict[int, list[Batch]] = defaultdict(list)
    undone: defaultdict[int, list[Batch]] = defaultdict(list)
    for batch in comparison.lacking:
        taken[batch.settlement_no].append(batch)
    for batch in comparison.counted:
        undone[batch.undone_no].append(batch)
    for number in sorted({*taken, *undone} - {0}):
        yield number, taken[number], undone[number]
    for batch in undone[0]:
        yield 0, [], [batch]


def _repeat_one(
    ports: Ports,
    contracts: ContractRegistry,
    lost: tuple[int, list[Batch], list[Batch]],
    prefix: str,
    repair: Repair,
) -> None:
    number, batches, undone = lost
    staged = [
        one for batch in batches for one in _restage(ports, contracts, batch, f"{prefix}/{batch.batch_id}", repair)
    ]
    replaced = [batch.parent for batch in batches if batch.kind is BatchKind.REPLAY]
    undo = list(dict.fromkeys([*(batch.batch_id for batch in undone), *replaced]))
    request = f"undo {undo[0]}" if undo and not batches else ""
    settled = ports.warehouse.settle(Settlement(staged, undo, request, is_repetition=True))
    for batch in batches:
        if batch.batch_id not in repair.rejected:
            _update(ports, batch, settled, repair)
    if not settled.settlement_no:
        return
    repair.settlements += 1
    repair.files += [batch.file for batch in undone]
    if settled.settlement_no != number:
        for batch in undone:
            _renumber_undo(ports, batch, settled.settlement_no)
        # its events are published again, with the new number
        ports.documents.delete(sale_events.RECORD_COLLECTION, str(settled.settlement_no))
    batch_records.publish_settled(ports, settled.settlement_no)


def _update(ports: Ports, batch: Batch, settled: SettlementResult, repair: Repair) -> None:
    hold = settled.holds.get(batch.batch_id)
    number = settled.batches.get(batch.batch_id, 0)
    if hold and batch.state in STATES_IN_LEDGER:
        _write(ports, batch, state=BatchState.HELD, holds=(hold,), settlement_no=0, undone_no=0)
    elif not number:
        _give_up(ports, batch, "The batch that it corrects no longer counts.", repair)
        return
    elif number != batch.settlement_no:
        _write(ports, batch, settlement_no=number)
    repair.files.append(batch.file)


def _renumber_undo(ports: Ports, batch: Batch, settlement_no: int) -> None:
    for one in (batch, *batch_records.child_batches(ports, batch.batch_id, BatchKind.CORRECTION)):
        if one.undone_no == batch.undone_no and one.state in GONE:
            _write(ports, one, undone_no=settlement_no)


def _restage(
    ports: Ports, contracts: ContractRegistry, batch: Batch, prefix: str, repair: Repair
) -> Iterator[StagedBatch]:
    """Stage a batch again; yield nothing if it cannot be read as it was."""
    from tillstream.pipeline.staging import stage  # lazy: loads all file readers, needed only for a repair

    if batch.kind is BatchKind.CORRECTION and batch.parent in repair.rejected:
        _give_up(ports, batch, "The file that it corrects is missing as well.", repair)
        return
    try:
        report = stage.write(ports, batch, prefix)
    except UnreadableOriginal as error:
        losses.report_losses(ports, batch_originals.loss_of_original(error))
        _give_up(ports, batch, str(error), repair)
        return
    except (NotFound, Rejected) as error:
        _give_up(ports, batch, str(error), repair)
        return
    yield settle.to_staged_batch(ports, contracts, replace(batch, staged=report))


def _give_up(ports: Ports, batch: Batch, reason: str, repair: Repair) -> None:
    """Reject a batch that is in neither the ledger nor the kept originals, so that its file can be sent again."""
    repair.rejected.add(batch.batch_id)
    error = f"{batch_originals.LOST_TWICE}{reason} Send the file again."
    if batch.state in STATES_IN_LEDGER:
        _write(ports, batch, state=BatchState.REJECTED, error=error, settlement_no=0)
        repair.lost.append(f"{batch.file} (batch {batch.batch_id}) is rejected. {error}")
    elif batch.state in GONE:  # nothing of it counted
        _write(ports, batch, settlement_no=0, undone_no=0)


def _write(ports: Ports, batch: Batch, **changes: Any) -> None:
    now = ports.clock.now().isoformat()
    batch_records.repair_batch(ports, batch.batch_id, lambda record: replace(record, state_at=now, **changes))
