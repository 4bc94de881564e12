"""Rebuild: replay all settlements in an empty warehouse and compare its tables with those of the ledger.

`rebuild_from_ledger` takes the rows from the ledger itself; `rebuild_from_originals` stages the stored originals again
with their original contract versions. Both must give the same flags, outcomes, changes and receipts.
`rebuild_warehouse` fills an empty warehouse permanently.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import zip_longest
from typing import Any, NotRequired, TypedDict

import pyarrow as pa

import sql
from tillstream.catalogue.warehouse_mirror import MARGIN_TABLES
from tillstream.contracts.registry import ContractRegistry, contract_version
from tillstream.model.batch import BatchState
from tillstream.model.errors import Rejected
from tillstream.model.events import STAGING
from tillstream.model.tables.daily_totals import ROLLUPS, select_rollup
from tillstream.operations import kept_originals, ledger_agreement
from tillstream.pipeline.settling import settle
from tillstream.pipeline.staging import stage
from tillstream.pipeline.staging.expiry import delete_staged
from tillstream.pipeline.staging.split_rows import Hasher
from tillstream.pipeline.staging.write_rows import parquet_writer
from tillstream.ports import Ports
from tillstream.ports.warehouse import QueryParams, Row, Settlement, SettlementResult, StagedBatch, Warehouse
from tillstream.records import batch_originals, batch_records

COMPARED_ROWS = 100_000
"""Rows of both results that are compared at once."""
TableRow = tuple[Any, ...]

COMPARED_QUERIES = {  # in an order, so that both sides can be compared piece by piece
    "current lines": "SELECT key, content FROM sale_versions WHERE is_current ORDER BY key",
    "versions": "SELECT key, content, region, sale_id, line_key FROM sale_versions ORDER BY key, content",
    "outcomes": (
        "SELECT batch_no, row_number, fix_number, key, content, outcome, superseded FROM sightings"
        " ORDER BY batch_no, row_number, fix_number"
    ),
    "refusals": "SELECT batch_no, row_number, fix_number, outcome, refused_by, code FROM refusals",
    "lines counted as orders": (
        "SELECT sale, COUNTIF(leads = 1) AS leading, COUNTIF(leads = 2) AS mixed FROM current_lines"
        " WHERE status NOT IN ('cancelled', 'returned') GROUP BY sale ORDER BY sale"
    ),
    "changes": "SELECT settlement_no, key, kind, old, `new` FROM changes ORDER BY settlement_no, key",
    "receipts": (
        "SELECT batch_id, rows_read, rows_new, rows_corrected, rows_duplicate, rows_quarantined, rows_blank,"
        " rows_ignored, removed"
        " FROM receipts"
    ),
}

SOURCE_FIELDS = (
    "batch_id",
    "kind",
    "source",
    "region",
    "contract",
    "contract_version",
    "file",
    "sha256",
    "received_seq",
)
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
RowWriter = Callable[[Row, str], tuple[Sequence[str], Sequence[str]]]
"""(batch row, prefix) → names of the accepted and rejected objects written for it."""


class RebuildReport(TypedDict):
    """settlements, batches: how many were settled again. unread: what could not be compared with its original.

    kept_aside: the old warehouse, if it was replaced; repaired: what was wrong with it.
    """

    settlements: int
    batches: int
    differences: list[str]
    unread: NotRequired[list[str]]
    kept_aside: NotRequired[str]
    repaired: NotRequired[list[str]]


def rows_only_in_one(
    left: Iterable[pa.RecordBatch], right: Iterable[pa.RecordBatch]
) -> tuple[set[TableRow], set[TableRow]]:
    """Rows only in the left and only in the right result, perhaps with rows that one of them has more often.

    Both have the same columns. If both are in nearly the same order, memory follows the differences, not the rows.
    """
    only_left: set[TableRow] = set()
    only_right: set[TableRow] = set()
    for one, other in zip_longest(_row_chunks(left), _row_chunks(right)):
        if one is not None and other is not None and one.equals(other):
            continue
        only_left |= _table_rows(one)
        only_right |= _table_rows(other)
        common = only_left & only_right
        only_left -= common
        only_right -= common
    return only_left, only_right


def _row_chunks(batches: Iterable[pa.RecordBatch]) -> Iterable[pa.Table]:
    """The same rows in tables of exactly `COMPARED_ROWS` rows, except the last one."""
    waiting: list[pa.RecordBatch] = []
    for batch in batches:
        waiting.append(batch)
        while sum(one.num_rows for one in waiting) >= COMPARED_ROWS:
            table = pa.Table.from_batches(waiting)
            yield table.slice(0, COMPARED_ROWS)
            waiting = table.slice(COMPARED_ROWS).to_batches()
    if waiting:
        yield pa.Table.from_batches(waiting)


def _table_rows(table: pa.Table | None) -> set[TableRow]:
    return set(zip(*(column.to_pylist() for column in table.columns), strict=True)) if table is not None else set()


def table_differences(ledger: Warehouse, rebuilt: Warehouse) -> list[str]:
    """Describe each kind of difference once, with counts and one example."""
    sentences = []
    sums, params = _daily_total_queries(ledger)
    for name, query in (COMPARED_QUERIES | sums).items():
        ledger_only, rebuilt_only = rows_only_in_one(
            *(warehouse.stream(query, params if name in sums else None) for warehouse in (ledger, rebuilt))
        )
        if ledger_only or rebuilt_only:
            example = min(map(str, ledger_only or rebuilt_only))
            sentences.append(
                f"{name}: {len(ledger_only)} only in the ledger, {len(rebuilt_only)} only in the rebuild, such as "
                f"{example}"
            )
    return sentences


def _daily_total_queries(ledger: Warehouse) -> tuple[dict[str, str], QueryParams]:
    """Return (name → query, parameters) of the daily totals, without stale days."""
    summed = ledger.query(sql.text("daily_totals/summed")).to_pylist()[0]["summed_settlement"]
    if not summed:
        return {}, {}
    stale = ledger.query(sql.text("daily_totals/stale_days"), {"settlement_no": summed}).column("sale_date").to_pylist()
    fresh = "sale_date NOT IN UNNEST(@stale)" if stale else "TRUE"
    # each group as one row: it may have several in one warehouse, and one in the other
    return {f"{table} by day": select_rollup(table, fresh, table) for table in ROLLUPS}, {
        "stale": stale
    } if stale else {}


def rebuild_from_ledger(
    ports: Ports, fresh: Callable[[], Warehouse], progress: Callable[[int], None] | None = None
) -> RebuildReport:
    """Replay every settlement from the ledger's own rows. The report's `differences` are empty if all agree."""
    return _rebuild(ports, fresh, lambda batch, prefix: _rows_of_ledger(ports, batch, prefix), progress)


def rebuild_from_originals(
    ports: Ports, fresh: Callable[[], Warehouse], progress: Callable[[int], None] | None = None
) -> RebuildReport:
    """Stage every stored original again and replay every settlement.

    The report's `unread` names what could not be compared; such batches are replayed from the ledger's own rows.
    """
    unread: list[str] = []

    def rows(batch: Row, prefix: str) -> tuple[Sequence[str], Sequence[str]]:
        try:
            return _rows_of_original(ports, batch, prefix)
        except Rejected as error:
            unread.append(f"{batch['file']} (batch {batch['batch_id']}) was not compared with its original: {error}")
            return _rows_of_ledger(ports, batch, f"{prefix}/ledger")

    report = _rebuild(ports, fresh, rows, progress)
    return report | {"unread": [*unread, *report["unread"]]}


def _rebuild(
    ports: Ports, fresh: Callable[[], Warehouse], rows: RowWriter, progress: Callable[[int], None] | None
) -> RebuildReport:
    prefix = f"rebuild/{ports.clock.tick()}"
    rebuilt = fresh()
    try:
        batches = ports.warehouse.query("SELECT * FROM batches ORDER BY batch_no").to_pylist()
        last_no = (
            ports.warehouse.query("SELECT COALESCE(MAX(settlement_no), 0) AS n FROM settlements").column("n")[0].as_py()
        )
        for number, taken, undo in _settlements_in_order(batches, last_no):
            staged = [_staged_batch(ports, batch, rows, f"{prefix}/{number}") for batch in taken]
            rebuilt.settle(Settlement(staged, undo, is_repetition=True))
            delete_staged(ports, f"{prefix}/{number}")
            if progress:
                progress(1)
        for table in MARGIN_TABLES:  # not of the ledger, but the totals have the costs of the catalogue
            rebuilt.replace_table(table, ports.warehouse.query(f"SELECT * FROM {table}"))
        rebuilt.refresh_totals()
        differences = [*ledger_disagreements(ports), *table_differences(ports.warehouse, rebuilt)]
        unread = kept_originals.unread_originals(ports)
        return {"settlements": last_no, "batches": len(batches), "differences": differences, "unread": unread}
    finally:
        rebuilt.close()
        delete_staged(ports, prefix)


def ledger_disagreements(ports: Ports) -> list[str]:
    """Describe what the ledger and the batch records do not have in common. Reads all of both."""
    return [
        *ledger_agreement.compare_ledger(ports, whole=True).sentences(),
        *ledger_agreement.batch_content_differences(ports),
    ]


def rebuild_warehouse(
    ports: Ports, contracts: ContractRegistry, old: Warehouse, progress: Callable[[int], None] | None = None
) -> RebuildReport:
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
        for number, taken, undo in _settlements_in_order(batches, len(requests)):
            staged = [_restage(ports, contracts, batch["batch_id"], f"{prefix}/{number}") for batch in taken]
            settled = ports.warehouse.settle(Settlement(staged, undo, requests[number - 1], is_repetition=True))
            if settled.settlement_no != number or len(settled.batches) != len(taken):
                raise Rejected(f"Settlement {number} cannot be repeated: {_settlement_reason(settled)}.")
            delete_staged(ports, f"{prefix}/{number}")
            if progress:
                progress(1)
    finally:
        delete_staged(ports, prefix)
    settlements = ports.warehouse.query("SELECT * EXCEPT (settled_at) FROM settlements ORDER BY settlement_no")
    with_times = settlements.append_column("settled_at", old_settlements.column("settled_at"))
    ports.warehouse.upsert("settlements", with_times, ["settlement_no"])
    _restage_unsettled(ports)
    return {"settlements": len(requests), "batches": len(batches), "differences": []}


def _settlement_reason(settled: SettlementResult) -> str:
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


def _settlements_in_order(batches: list[Row], last: int) -> Iterator[tuple[int, list[Row], list[str]]]:
    """Yield (settlement number, settled batches, ids of undone batches) in order."""
    for number in range(1, last + 1):
        taken = [batch for batch in batches if batch["settlement_no"] == number]
        undone = [batch for batch in batches if batch["undone_no"] == number and batch["root_no"] == batch["batch_no"]]
        yield number, taken, [batch["batch_id"] for batch in undone]


def _staged_batch(ports: Ports, batch: Row, rows: RowWriter, prefix: str) -> StagedBatch:
    accepted, refused = rows(batch, f"{prefix}/{batch['batch_id']}")
    confirmed = tuple(code for code in batch["confirmed"].split(",") if code)
    return StagedBatch(
        accepted=tuple(ports.objects.uri(STAGING, name) for name in accepted),
        refused=tuple(ports.objects.uri(STAGING, name) for name in refused),
        confirmed=confirmed,
        **{name: batch[name] for name in (*SOURCE_FIELDS, *STAGING_FIELDS)},
    )


def _rows_of_original(ports: Ports, batch: Row, prefix: str) -> tuple[Sequence[str], Sequence[str]]:
    report = stage.write(ports, batch_records.get_batch(ports, batch["batch_id"]), prefix)
    return report.accepted, report.refused


def _rows_of_ledger(ports: Ports, batch: Row, prefix: str) -> tuple[Sequence[str], Sequence[str]]:
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
    return _write_rows(ports, f"{prefix}/accepted.parquet", hashed), _write_rows(
        ports, f"{prefix}/refused.parquet", refused
    )


def _write_rows(ports: Ports, name: str, rows: pa.Table) -> list[str]:
    if not rows.num_rows:
        return []
    sink = pa.BufferOutputStream()
    with parquet_writer(sink, rows.schema) as parquet:
        parquet.write_table(rows)
    with ports.objects.writer(STAGING, name) as writer:
        writer.write(sink.getvalue())
    return [name]
