"""Repair a ledger shorter than its records from the kept originals, and records that lack what the ledger has.

Each lost settlement is settled again in its order, with the same batches and undos and, if nothing else was settled
since, with its old number. A batch keeps its id and its place in time. Records that the ledger contradicts are written
before (`write_records`).
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property, partial
from typing import Any

from tillstream.contracts.registry import ContractRegistry
from tillstream.intake import micro_batch
from tillstream.model.batch import (
    STATES_IN_LEDGER,
    Batch,
    BatchKind,
    BatchState,
    IssueCount,
    StagingReport,
    receipt_time,
)
from tillstream.model.errors import NotFound, Rejected
from tillstream.model.events import INBOX
from tillstream.model.ids import batch_id
from tillstream.model.object_names import SYNCED_NAME, home_in_name
from tillstream.model.people import EACH_OWN_STORE, BoundStores, writers_from_text
from tillstream.operations import document_mirrors, ledger_agreement, maintenance_status
from tillstream.operations.ledger_agreement import RETIRED_STATES, LedgerComparison
from tillstream.pipeline.publishing import sale_events
from tillstream.pipeline.settling import large_job, settle
from tillstream.pipeline.staging import expiry
from tillstream.ports import Ports
from tillstream.ports.documents import Put
from tillstream.ports.objects import StoredObject
from tillstream.ports.warehouse import Settlement, SettlementResult, StagedBatch
from tillstream.records import batch_originals, batch_records, batch_registration, data_version, losses
from tillstream.records.batch_originals import UnreadableOriginal

CORRECTION_FOLDER_NAME = "corrections"
MAX_NAMED_FILES = 5
"""Files that a sentence names; more are counted."""


def write_records(ports: Ports, contracts: ContractRegistry, rows: Sequence[Mapping[str, Any]]) -> int:
    """Write the record of each row of `batches`; return their number. Idempotent.

    An existing record keeps what the ledger does not contain: its sender, its size, its staged amounts.
    """
    originals = _Originals(ports)
    replays = {(row["parent"], row["settlement_no"]) for row in rows if row["kind"] == BatchKind.REPLAY}
    for row in rows:
        _pin_version(contracts, row["contract"], row["contract_version"])
        document = ports.documents.get(batch_records.BATCHES, row["batch_id"])
        if document:
            batch_records.repair_batch(ports, row["batch_id"], partial(_updated_record, ports, row, replays))
        else:
            batch = _updated_record(ports, row, replays, _created_record(row, originals))
            # another process may have registered the object meanwhile; the next comparison updates its record
            ports.documents.put_all([Put(batch_records.BATCHES, batch.batch_id, batch.to_json())])
    return len(rows)


def pin_contracts(ports: Ports, contracts: ContractRegistry) -> None:
    """Pin the contract versions of all batches that are current: a damaged file may have lost them. Idempotent."""
    in_ledger = ports.warehouse.query("SELECT DISTINCT contract, contract_version FROM batches").to_pylist()
    versions = {(row["contract"], row["contract_version"]) for row in in_ledger}
    for contract, version in versions | {
        (one.contract, one.contract_version) for one in batch_records.all_batches(ports)
    }:
        _pin_version(contracts, contract, version)


def _pin_version(contracts: ContractRegistry, contract: str, version: int) -> None:
    """Pin the contract version that a batch was read with, if it is the current one."""
    try:
        if contracts.current(contract).version == version:
            contracts.pin(contract)
    except (NotFound, Rejected):
        return  # a version that no file has any more; the batch cannot be read again without it


class _Originals:
    """The inbox objects by generation, micro-batches by file name, and what homes sent; listed once."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    @cached_property
    def _objects(self) -> list[StoredObject]:
        return list(self._ports.objects.list(INBOX))

    @cached_property
    def _by_generation(self) -> dict[int, StoredObject]:
        return {stored.generation: stored for stored in self._objects}

    @cached_property
    def _by_file_name(self) -> dict[str, StoredObject]:
        packed = (
            stored for pack in batch_originals.all_packs(self._ports) for stored in _pack_members(self._ports, pack)
        )
        return {stored.name.rpartition("/")[2]: stored for stored in (*packed, *self._objects)}

    @cached_property
    def _of_homes(self) -> Mapping[str, Sequence[StoredObject]]:
        """What other homes sent, by its generation in the home and by its name there."""
        sent = defaultdict[str, list[StoredObject]](list)
        for stored in self._objects:
            if match := SYNCED_NAME.fullmatch(stored.name):
                sent[match["generation"]].append(stored)
                sent[match["name"]].append(stored)
        return sent

    def _of_a_home(self, key: str, row: Mapping[str, Any]) -> StoredObject | None:
        return next((one for one in self._of_homes.get(key, ()) if self._digest(one) == row["sha256"]), None)

    def _received_before(self, row: Mapping[str, Any]) -> StoredObject | None:
        """The original of a file that was received before it was stored, as those of the samples: its generation is in
        the ID of its batch only, and a replay has the same bytes."""
        named, sha256 = self._named.get(row["file"], ()), row["sha256"]
        if row["kind"] == BatchKind.REPLAY:
            return next((one for one in named if self._digest(one) == sha256), None)
        own = (one for one in named if batch_id(f"{INBOX}/{one.name}", one.generation, sha256) == row["batch_id"])
        return next(own, None)

    @cached_property
    def _named(self) -> Mapping[str, Sequence[StoredObject]]:
        """The inbox objects by the last part of their names."""
        named = defaultdict[str, list[StoredObject]](list)
        for stored in self._objects:
            named[stored.name.rpartition("/")[2]].append(stored)
        return named

    def _digest(self, stored: StoredObject) -> str:
        try:
            with self._ports.objects.open(stored.bucket, stored.name, stored.generation) as stream:
                return batch_registration.digest_of_stream(stream)
        except (NotFound, OSError):
            return ""

    def original_of(self, row: Mapping[str, Any]) -> StoredObject:
        """The original of a batch; one without a name if it is missing."""
        if row["kind"] == BatchKind.CORRECTION:
            name = f"{CORRECTION_FOLDER_NAME}/{row['parent']}/{row['fix_number']}.csv"
            try:
                return self._ports.objects.stat(INBOX, name)
            except NotFound:
                return self._of_a_home(name, row) or StoredObject(INBOX, name, 0, 0)
        missing = StoredObject(INBOX, row["file"], row["received_seq"], 0)
        if row["kind"] == BatchKind.STORE_SALES:
            return self._by_file_name.get(
                micro_batch.micro_batch_file_name(row["received_seq"], row["sha256"]), missing
            )
        return (
            self._by_generation.get(row["received_seq"])
            or self._of_a_home(f"{row['received_seq']}", row)
            or self._of_parent(row)
            or self._received_before(row)
            or missing
        )

    def _of_parent(self, row: Mapping[str, Any]) -> StoredObject | None:
        """The original of a replay that has a time of receipt of its own: that of the batch which it replaces."""
        document = self._ports.documents.get(batch_records.BATCHES, row["parent"]) if row["parent"] else None
        if document is None:
            return None
        parent = Batch.from_json(document.data)
        return StoredObject(parent.bucket, parent.object, parent.generation, parent.size)


def _pack_members(ports: Ports, pack: StoredObject) -> list[StoredObject]:
    """The originals in a pack; none of a damaged one, which is a named loss."""
    try:
        return batch_originals.pack_members(ports, pack)
    except Rejected:
        return []


def _created_record(row: Mapping[str, Any], originals: _Originals) -> Batch:
    stored = originals.original_of(row)
    received = receipt_time(row["received_seq"]).isoformat()
    return Batch(
        batch_id=row["batch_id"],
        kind=BatchKind(row["kind"]),
        bucket=stored.bucket,
        object=stored.name,
        generation=stored.generation,
        size=stored.size,
        file=row["file"],
        contract=row["contract"],
        contract_version=row["contract_version"],
        region=row["region"],
        received_seq=row["received_seq"],
        received_at=received if row["kind"] != BatchKind.REPLAY else row["settled_at"].isoformat(),
        received_by=batch_records.UNKNOWN_SENDER,
        sha256=row["sha256"],
        parent=row["parent"],
        fix_number=row["fix_number"],
        stores=_writer_stores(row),
        own_stores=row["writers"] == EACH_OWN_STORE,
        home=home_in_name(stored.name),
    )


def _writer_stores(row: Mapping[str, Any]) -> BoundStores:
    """The stores to which the writer of the batch was bound; None: not bound."""
    bound = writers_from_text(row["writers"]) if row["writers"] else None
    stores = bound.get(row["fix_number"]) if bound else None
    return None if stores is None else tuple(stores)


def _updated_record(ports: Ports, row: Mapping[str, Any], replays: set[tuple[str, int]], batch: Batch) -> Batch:
    undone_no = row["undone_no"] or 0
    state = BatchState.SETTLED
    if undone_no:
        is_replaced = (row["batch_id"], undone_no) in replays or (row["parent"], undone_no) in replays
        state = BatchState.REPLAYED if is_replaced else BatchState.UNDONE
    same_contract = (batch.contract, batch.contract_version) == (row["contract"], row["contract_version"])
    return replace(
        batch,
        state=state,
        state_at=ports.clock.now().isoformat(),
        contract=row["contract"],
        contract_version=row["contract_version"],
        region=row["region"],
        as_new=row["as_new"],
        confirmed=tuple(code for code in row["confirmed"].split(",") if code),
        holds=(),
        error="",
        proposed=None,
        staged=batch.staged if batch.staged and same_contract else _report_of_row(row),
        settlement_no=row["settlement_no"],
        undone_no=undone_no,
    )


def _report_of_row(row: Mapping[str, Any]) -> StagingReport:
    """The staging report as far as the ledger has it; without a reader, so that its rows are not reused."""
    return StagingReport(
        rows_read=row["rows_read"],
        rows_blank=row["rows_blank"],
        rows_ignored=row["rows_ignored"],
        problems=tuple(_problem_counts(row["problems"])),
    )


def _problem_counts(text: str) -> Iterator[IssueCount]:
    yield from (IssueCount(**problem) for problem in json.loads(text))


@dataclass
class LedgerRepair:
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
                f"was put back. What was lost was settled again from the kept originals{_file_list(self.files)}."
            )
        if self.recorded:
            count = "1 batch" if self.recorded == 1 else f"{self.recorded:,} batches"
            sentences.append(
                f"The records of {count} in the ledger were missing or outdated, as if an older documents file was put "
                "back. They were written again from the ledger. Check the accounts, tokens and contracts: changes "
                "since that file was written are lost, unless you restore a backup."
            )
        return [*sentences, *self.lost]


def _file_list(files: Sequence[str]) -> str:
    names = list(dict.fromkeys(files))
    more = f" and {len(names) - MAX_NAMED_FILES:,} more" if len(names) > MAX_NAMED_FILES else ""
    return f": {', '.join(names[:MAX_NAMED_FILES])}{more}" if names else ""


def repair_ledger(
    ports: Ports,
    contracts: ContractRegistry,
    settled_by: datetime | None = None,
    *,
    whole: bool = False,
    delegate: bool = False,
) -> LedgerRepair:
    """Compare and repair; note what was done in the maintenance log. Idempotent.

    Raises `Unavailable`, `Conflict`, `TooLarge`.
    settled_by: later settlements are in progress. whole: compare all batches, not only those after the last verified
    settlement. delegate: leave what the ledger lacks to the job `settle-large`, if there is one.
    """
    if whole:
        pin_contracts(ports, contracts)
    comparison = ledger_agreement.compare_ledger(ports, whole=whole, settled_by=settled_by)
    repair = LedgerRepair(recorded=write_records(ports, contracts, comparison.unrecorded))
    if comparison.is_short and delegate and ports.jobs:
        repair.lost += [*comparison.sentences(), "The job settle-large settles what is missing again."]
        large_job.start_large_job(ports)
        return repair
    if comparison.is_short:
        _repeat_settlements(ports, contracts, comparison, repair)
        document_mirrors.forget_mirrors(ports)
        data_version.reset_data_version(ports.documents, ledger_agreement.last_ledger_settlement(ports))
    sentences = repair.sentences()
    if sentences:
        maintenance_status.note_repair(ports, sentences)
    ledger_agreement.note_ledger_verified(ports, settled_by)
    return repair


def _repeat_settlements(
    ports: Ports, contracts: ContractRegistry, comparison: LedgerComparison, repair: LedgerRepair
) -> None:
    prefix = f"repair/{ports.clock.tick()}"
    try:
        for number, batches, undone in _lost_settlements(comparison):
            _repeat_settlement(ports, contracts, (number, batches, undone), f"{prefix}/{number}", repair)
            expiry.delete_staged(ports, f"{prefix}/{number}/")
    finally:
        expiry.delete_staged(ports, f"{prefix}/")


def _lost_settlements(comparison: LedgerComparison) -> Iterator[tuple[int, list[Batch], list[Batch]]]:
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


def _repeat_settlement(
    ports: Ports,
    contracts: ContractRegistry,
    lost: tuple[int, list[Batch], list[Batch]],
    prefix: str,
    repair: LedgerRepair,
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
            _update_record(ports, batch, settled, repair)
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


def _update_record(ports: Ports, batch: Batch, settled: SettlementResult, repair: LedgerRepair) -> None:
    hold = settled.holds.get(batch.batch_id)
    number = settled.batches.get(batch.batch_id, 0)
    if hold and batch.state in STATES_IN_LEDGER:
        _write_staged(ports, batch, state=BatchState.HELD, holds=(hold,), settlement_no=0, undone_no=0)
    elif not number:
        _give_up(ports, batch, "The batch that it corrects no longer counts.", repair)
        return
    elif number != batch.settlement_no:
        _write_staged(ports, batch, settlement_no=number)
    repair.files.append(batch.file)


def _renumber_undo(ports: Ports, batch: Batch, settlement_no: int) -> None:
    for one in (batch, *batch_records.child_batches(ports, batch.batch_id, BatchKind.CORRECTION)):
        if one.undone_no == batch.undone_no and one.state in RETIRED_STATES:
            _write_staged(ports, one, undone_no=settlement_no)


def _restage(
    ports: Ports, contracts: ContractRegistry, batch: Batch, prefix: str, repair: LedgerRepair
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


def _give_up(ports: Ports, batch: Batch, reason: str, repair: LedgerRepair) -> None:
    """Reject a batch that is in neither the ledger nor the kept originals, so that its file can be sent again."""
    repair.rejected.add(batch.batch_id)
    error = f"{batch_originals.LOST_TWICE}{reason} Send the file again."
    if batch.state in STATES_IN_LEDGER:
        _write_staged(ports, batch, state=BatchState.REJECTED, error=error, settlement_no=0)
        repair.lost.append(f"{batch.file} (batch {batch.batch_id}) is rejected. {error}")
    elif batch.state in RETIRED_STATES:  # nothing of it counted
        _write_staged(ports, batch, settlement_no=0, undone_no=0)


def _write_staged(ports: Ports, batch: Batch, **changes: Any) -> None:
    now = ports.clock.now().isoformat()
    batch_records.repair_batch(ports, batch.batch_id, lambda record: replace(record, state_at=now, **changes))
