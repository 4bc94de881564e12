"""Rebuild: replay all settlements in an empty warehouse and compare the result with the ledger.

`check` takes the rows from the ledger itself; `from_originals` stages the stored originals again with their original
contract versions. Both must give the same flags, outcomes, changes and receipts. `rebuild_warehouse` fills an empty
warehouse permanently.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa

import sql
from tillstream.catalogue.mirror_rows import MARGIN_TABLES
from tillstream.contracts.registry import ContractRegistry, contract_version
from tillstream.model.batch import BatchState
from tillstream.model.errors import Rejected
from tillstream.model.events import STAGING
from tillstream.pipeline.settling import settle
from tillstream.pipeline.staging import stage
from tillstream.pipeline.staging.split_rows import Hasher
from tillstream.pipeline.staging.write_rows import parquet_writer
from tillstream.ports import Ports
from tillstream.ports.warehouse import Settlement, SettlementResult, StagedBatch, Warehouse
from tillstream.records import batch_originals, batch_records
from tillstream.workflows.operations import batch_contents, kept_originals, ledger_agreement, rebuilt_tables

SOURCE = ("batch_id", "kind", "source", "region", "contract", "contract_version", "file", "sha256", "received_seq")
STAGING_FIELDS = (
    "rows_read",
    "rows_blank",
    "rows_ignored",
    "problems",
    "parent",
    "fix_number",
    "as_new",
    "replaces",
    "rules",
    "writers",
)
Rows = Callable[[dict[str, Any], str], tuple[Sequence[str], Sequence[str]]]
"""(batch row, prefix) → names of the accepted and rejected objects written for it."""


def check(
    ports: Ports, fresh: Callable[[], Warehouse], progress: Callable[[int], None] | None = None
) -> dict[str, Any]:
    """Replay every settlement from the ledger's own rows. The report's `differences` are empty if all agree."""
    return _rebuild(ports, fresh, lambda batch, prefix: _from_ledger(ports, batch, prefix), progress)


def from_originals(
    ports: Ports, fresh: Callable[[], Warehouse], progress: Callable[[int], None] | None = None
) -> dict[str, Any]:
    """Stage every stored original again and replay every settlement.

    The report's `unread` names what could not be compared; such batches are replayed from the ledger's own rows.
    """
    unread: list[str] = []

    def rows(batch: dict[str, Any], prefix: str) -> tuple[Sequence[str], Sequence[str]]:
        try:
            return _from_original(ports, batch, prefix)
        except Rejected as error:
            unread.append(f"{batch['file']} (batch {batch['batch_id']}) was not compared with its original: {error}")
            return _from_ledger(ports, batch, f"{prefix}/ledger")

    report = _rebuild(ports, fresh, rows, progress)
    return report | {"unread": [*unread, *report["unread"]]}


def _rebuild(
    ports: Ports, fresh: Callable[[], Warehouse], rows: Rows, progress: Callable[[int], None] | None
) -> dict[str, Any]:
    prefix = f"rebuild/{ports.clock.tick()}"
    rebuilt = fresh()
    try:
        batches = ports.warehouse.query("SELECT * FROM batches ORDER BY batch_no").to_pylist()
        last_no = (
            ports.warehouse.query("SELECT COALESCE(MAX(settlement_no), 0) AS n FROM settlements").column("n")[0].as_py()
        )
        for number, taken, undo in _settlements(batches, last_no):
            staged = [_staged(ports, batch, rows, f"{prefix}/{number}") for batch in taken]
            rebuilt.settle(Settlement(staged, undo, is_repetition=True))
            _clear(ports, f"{prefix}/{number}")
            if progress:
                progress(1)
        for table in MARGIN_TABLES:  # not of the ledger, but the totals have the costs of the catalogue
            rebuilt.replace_table(table, ports.warehouse.query(f"SELECT * FROM {table}"))
        rebuilt.refresh_totals()
        differences = [*disagreements(ports), *rebuilt_tables.differences(ports.warehouse, rebuilt)]
        report = {"settlements": last_no, "batches": len(batches), "differences": differences}
        return report | {"unread": kept_originals.unread(ports)}
    finally:
        rebuilt.close()
        _clear(ports, prefix)


def disagreements(ports: Ports) -> list[str]:
    """Describe what the ledger and the batch records do not have in common. Reads all of both."""
    return [*ledger_agreement.compare(ports, whole=True).sentences(), *batch_contents.differences(ports)]


def rebuild_warehouse(
    ports: Ports, contracts: ContractRegistry, old: Warehouse, progress: Callable[[int], None] | None = None
) -> dict[str, Any]:
    """Settle all batches of the warehouse `old` into the empty one of `ports`, from the stored originals.

    Reads only columns of `old` that every schema has. Settlement numbers and times are preserved, because records and
    published events refer to them. Raises `Rejected` if they cannot be; the new warehouse must be discarded then.
    """
    prefix = f"rebuild/{ports.clock.tick()}"
    batches_sql = "SELECT batch_id, batch_no, root_no, settlement_no, undone_no FROM batches ORDER BY batch_no"
    batches = old.query(batches_sql).to_pylist()
    old_settlements = old.query("SELECT settlement_no, settled_at, request_id FROM settlements ORDER BY settlement_no")
    requests = old_settlements.column("request_id").to_pylist()
    try:
        for number, taken, undo in _settlements(batches, len(requests)):
            staged = [_restage(ports, contracts, batch["batch_id"], f"{prefix}/{number}") for batch in taken]
            settled = ports.warehouse.settle(Settlement(staged, undo, requests[number - 1], is_repetition=True))
            if settled.settlement_no != number or len(settled.batches) != len(taken):
                raise Rejected(f"Settlement {number} cannot be repeated: {_reason(settled)}.")
            _clear(ports, f"{prefix}/{number}")
            if progress:
                progress(1)
    finally:
        _clear(ports, prefix)
    settlements = ports.warehouse.query("SELECT * EXCEPT (settled_at) FROM settlements ORDER BY settlement_no")
    with_times = settlements.append_column("settled_at", old_settlements.column("settled_at"))
    ports.warehouse.upsert("settlements", with_times, ["settlement_no"])
    _restage_unsettled(ports)
    return {"settlements": len(requests), "batches": len(batches), "differences": []}


def _reason(settled: SettlementResult) -> str:
    held = [hold.message for hold in settled.holds.values()]
    return " ".join(held).rstrip(".") or "its batches would be settled differently"


def _restage(ports: Ports, contracts: ContractRegistry, batch: str, prefix: str) -> StagedBatch:
    upload = batch_records.get_batch(ports, batch)
    report = stage.write(ports, upload, f"{prefix}/{batch}")
    return settle.to_staged_batch(ports, contracts, replace(upload, staged=report))


def _restage_unsettled(ports: Ports) -> None:
    """Restage unsettled batches: their staged rows have the old schema."""
    for state in (BatchState.STAGED, BatchState.HELD):
        for upload in batch_records.find_batches(ports, state=state, kind=None, limit=None):
            if not upload.staged:  # held before staging
                continue
            try:
                report = stage.write(ports, upload, f"{upload.batch_id}/{ports.clock.tick()}")
            except batch_originals.UnreadableOriginal as error:
                batch_originals.reject_unreadable(ports, upload, error)
                continue
            batch_records.transition_batch(ports, upload.batch_id, state, only_from=frozenset({state}), staged=report)


def _settlements(batches: list[dict[str, Any]], last: int) -> Iterator[tuple[int, list[dict[str, Any]], list[str]]]:
    """Yield (settlement number, settled batches, ids of undone batches) in order."""
    for number in range(1, last + 1):
        taken = [batch for batch in batches if batch["settlement_no"] == number]
        undone = [batch for batch in batches if batch["undone_no"] == number and batch["root_no"] == batch["batch_no"]]
        yield number, taken, [batch["batch_id"] for batch in undone]


def _staged(ports: Ports, batch: dict[str, Any], rows: Rows, prefix: str) -> StagedBatch:
    accepted, refused = rows(batch, f"{prefix}/{batch['batch_id']}")
    confirmed = tuple(code for code in batch["confirmed"].split(",") if code)
    return StagedBatch(
        accepted=tuple(ports.objects.uri(STAGING, name) for name in accepted),
        refused=tuple(ports.objects.uri(STAGING, name) for name in refused),
        confirmed=confirmed,
        **{name: batch[name] for name in (*SOURCE, *STAGING_FIELDS)},
    )


def _from_original(ports: Ports, batch: dict[str, Any], prefix: str) -> tuple[Sequence[str], Sequence[str]]:
    report = stage.write(ports, batch_records.get_batch(ports, batch["batch_id"]), prefix)
    return report.accepted, report.refused


def _from_ledger(ports: Ports, batch: dict[str, Any], prefix: str) -> tuple[Sequence[str], Sequence[str]]:
    numbered = contract_version(ports.documents, batch["contract"], batch["contract_version"]).has_line_numbers
    params = {
        "root_no": batch["root_no"],
        "settlement_no": batch["settlement_no"],
        "fix_number": batch["fix_number"] if batch["kind"] == "correction" else -1,
        "numbered": numbered,
    }
    accepted = ports.warehouse.query(sql.text("ledger/batch_rows"), params)
    refused = ports.warehouse.query(sql.text("ledger/batch_refused_rows"), params)
    hashed = Hasher().with_hashes(accepted)
    return _write(ports, f"{prefix}/accepted.parquet", hashed), _write(ports, f"{prefix}/refused.parquet", refused)


def _write(ports: Ports, name: str, rows: pa.Table) -> list[str]:
    if not rows.num_rows:
        return []
    sink = pa.BufferOutputStream()
    with parquet_writer(sink, rows.schema) as parquet:
        parquet.write_table(rows)
    with ports.objects.writer(STAGING, name) as writer:
        writer.write(sink.getvalue())
    return [name]


def _clear(ports: Ports, prefix: str) -> None:
    for stored in list(ports.objects.list(STAGING, prefix)):
        ports.objects.delete(STAGING, stored.name)
