"""Rebuild: settle everything again in an empty warehouse, and say where the ledger differs from it.

`check` takes the rows from the ledger itself, `from_originals` stages the kept originals again with the contracts of
their time. Both must give the same flags, outcomes, changes and receipts. `anew` fills an empty warehouse for good.
"""

from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from typing import Any

import pyarrow as pa

import sql
from tillstream.batches import records
from tillstream.contracts.registry import ContractBook, contract_version
from tillstream.domain.batch import State
from tillstream.domain.daily_totals import SUMS
from tillstream.domain.errors import Rejected
from tillstream.domain.events import STAGING
from tillstream.pipeline.publishing.daily_totals import project
from tillstream.pipeline.settling import settle
from tillstream.pipeline.staging import stage
from tillstream.pipeline.staging.hashes import Hasher
from tillstream.pipeline.staging.writer import parquet_writer
from tillstream.ports import Ports
from tillstream.ports.warehouse import Settled, Settlement, StagedBatch, Warehouse

COMPARED = {
    "current lines": "SELECT key, content FROM sale_versions WHERE is_current",
    "versions": "SELECT key, content, region, sale_id, line_key FROM sale_versions",
    "outcomes": "SELECT batch_no, row_number, fix_number, key, content, outcome, superseded FROM sightings",
    "refusals": "SELECT batch_no, row_number, fix_number, outcome, refused_by, code FROM refusals",
    "lines that stand for their sale": (
        "SELECT sale, COUNTIF(leads = 1) AS leading, COUNTIF(leads = 2) AS mixed FROM current_lines"
        " WHERE status NOT IN ('cancelled', 'returned') GROUP BY sale"
    ),
    "changes": "SELECT settlement_no, key, kind, old, `new` FROM changes",
    "receipts": (
        "SELECT batch_id, rows_read, rows_new, rows_corrected, rows_duplicate, rows_quarantined, rows_blank,"
        " rows_ignored, removed"
        " FROM receipts"
    ),
}
SOURCE = ("batch_id", "kind", "source", "region", "contract", "contract_version", "file", "sha256", "received_seq")
TOLD = ("rows_read", "rows_blank", "rows_ignored", "problems", "parent", "fix_number", "as_new", "replaces", "rules")
Rows = Callable[[dict[str, Any], str], tuple[list[str], list[str]]]
"""(batch row, prefix) → names of the accepted and refused objects that were written for it."""


def check(
    ports: Ports, fresh: Callable[[], Warehouse], progress: Callable[[int], None] | None = None
) -> dict[str, Any]:
    """Replay every settlement from the ledger's own rows. The report's `differences` are empty where all agrees."""
    return _rebuild(ports, fresh, lambda batch, prefix: _from_ledger(ports, batch, prefix), progress)


def from_originals(
    ports: Ports, fresh: Callable[[], Warehouse], progress: Callable[[int], None] | None = None
) -> dict[str, Any]:
    """Stage every kept original again and replay every settlement."""
    return _rebuild(ports, fresh, lambda batch, prefix: _from_original(ports, batch, prefix), progress)


def _rebuild(
    ports: Ports, fresh: Callable[[], Warehouse], rows: Rows, progress: Callable[[int], None] | None
) -> dict[str, Any]:
    prefix = f"rebuild/{ports.clock.tick()}"
    again = fresh()
    try:
        batches = ports.warehouse.query("SELECT * FROM batches ORDER BY batch_no").to_pylist()
        last = (
            ports.warehouse.query("SELECT COALESCE(MAX(settlement_no), 0) AS n FROM settlements").column("n")[0].as_py()
        )
        for number, taken, undo in _settlements(batches, last):
            again.settle(Settlement([_staged(ports, batch, rows, f"{prefix}/{number}") for batch in taken], undo))
            _clear(ports, f"{prefix}/{number}")
            if progress:
                progress(1)
        project(again)
        return {"settlements": last, "batches": len(batches), "differences": _differences(ports.warehouse, again)}
    finally:
        again.close()
        _clear(ports, prefix)


def anew(
    ports: Ports, book: ContractBook, old: Warehouse, progress: Callable[[int], None] | None = None
) -> dict[str, Any]:
    """Settle all that another warehouse holds into the empty one of `ports`, from the kept originals.

    Of the old one it reads only what every schema has. Numbers and times of settlements stay, as records and
    announcements name them. Raises `Rejected` where that cannot be: then nobody may use what was filled so far.
    """
    prefix = f"rebuild/{ports.clock.tick()}"
    known = "SELECT batch_id, batch_no, root_no, settlement_no, undone_no FROM batches ORDER BY batch_no"
    batches = old.query(known).to_pylist()
    before = old.query("SELECT settlement_no, settled_at, request_id FROM settlements ORDER BY settlement_no")
    requests = before.column("request_id").to_pylist()
    try:
        for number, taken, undo in _settlements(batches, len(requests)):
            staged = [_staged_anew(ports, book, batch["batch_id"], f"{prefix}/{number}") for batch in taken]
            settled = ports.warehouse.settle(Settlement(staged, undo, requests[number - 1]))
            if settled.settlement_no != number or len(settled.batches) != len(taken):
                raise Rejected(f"Settlement {number} cannot be made again: {_why(settled)}.")
            _clear(ports, f"{prefix}/{number}")
            if progress:
                progress(1)
    finally:
        _clear(ports, prefix)
    made = ports.warehouse.query("SELECT * EXCEPT (settled_at) FROM settlements ORDER BY settlement_no")
    timed = made.append_column("settled_at", before.column("settled_at"))
    ports.warehouse.upsert("settlements", timed, ["settlement_no"])
    _stage_waiting(ports)
    return {"settlements": len(requests), "batches": len(batches), "differences": []}


def _why(settled: Settled) -> str:
    held = [hold.message for hold in settled.holds.values()]
    return " ".join(held).rstrip(".") or "its batches would be settled otherwise"


def _staged_anew(ports: Ports, book: ContractBook, batch: str, prefix: str) -> StagedBatch:
    upload = records.get(ports, batch)
    account = stage.write(ports, upload, f"{prefix}/{batch}")
    return settle.describe(ports, book, replace(upload, staged=asdict(account)))


def _stage_waiting(ports: Ports) -> None:
    """What was staged and not settled yet was written for the old tables."""
    for state in (State.STAGED, State.HELD):
        for upload in records.find(ports, state=state, kind=None, limit=None):
            if not upload.staged:  # held before it was read
                continue
            account = stage.write(ports, upload, f"{upload.batch_id}/{ports.clock.tick()}")
            records.move(ports, upload.batch_id, state, among=frozenset({state}), staged=asdict(account))


def _settlements(batches: list[dict[str, Any]], last: int) -> Iterator[tuple[int, list[dict[str, Any]], list[str]]]:
    """Each settlement with the batches that it took in and the ids of those that it undid, in their order."""
    for number in range(1, last + 1):
        taken = [batch for batch in batches if batch["settlement_no"] == number]
        undone = [batch for batch in batches if batch["undone_no"] == number and batch["root_no"] == batch["batch_no"]]
        yield number, taken, [batch["batch_id"] for batch in undone]


def _staged(ports: Ports, batch: dict[str, Any], rows: Rows, prefix: str) -> StagedBatch:
    accepted, refused = rows(batch, f"{prefix}/{batch['batch_id']}")
    confirmed = tuple(code for code in batch["confirmed"].split(",") if code)
    return StagedBatch(
        accepted=tuple(ports.objects.address(STAGING, name) for name in accepted),
        refused=tuple(ports.objects.address(STAGING, name) for name in refused),
        confirmed=confirmed,
        **{name: batch[name] for name in (*SOURCE, *TOLD)},
    )


def _from_original(ports: Ports, batch: dict[str, Any], prefix: str) -> tuple[list[str], list[str]]:
    account = stage.write(ports, records.get(ports, batch["batch_id"]), prefix)
    return account.accepted, account.refused


def _from_ledger(ports: Ports, batch: dict[str, Any], prefix: str) -> tuple[list[str], list[str]]:
    numbered = contract_version(ports.documents, batch["contract"], batch["contract_version"]).numbered
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


def _differences(ledger: Warehouse, again: Warehouse) -> list[str]:
    """In words, each kind of difference once, with how many and one example."""
    found = []
    sums, params = _sums(ledger)
    for name, query in (COMPARED | sums).items():
        here, there = (_rows(warehouse.query(query, params if name in sums else None)) for warehouse in (ledger, again))
        if here != there:
            only_here, only_there = here - there, there - here
            example = min(map(str, only_here or only_there))
            found.append(
                f"{name}: {len(only_here)} only in the ledger, {len(only_there)} only in the rebuild, such as {example}"
            )
    return found


def _sums(ledger: Warehouse) -> tuple[dict[str, str], dict[str, Any]]:
    """(name → query, parameters) of the sums by day, of the days that they claim to know."""
    summed = ledger.query(sql.text("daily_totals/summed")).to_pylist()[0]["summed_settlement"]
    if not summed:
        return {}, {}
    stale = ledger.query(sql.text("daily_totals/stale_days"), {"settlement_no": summed}).column("sale_date").to_pylist()
    where = " WHERE sale_date NOT IN UNNEST(@stale)" if stale else ""
    return {f"{table} by day": f"SELECT * FROM {table}{where}" for table in SUMS}, {"stale": stale} if stale else {}


def _rows(table: pa.Table) -> set[tuple[Any, ...]]:
    return set(zip(*(column.to_pylist() for column in table.columns), strict=True))


def _clear(ports: Ports, prefix: str) -> None:
    for stored in list(ports.objects.list(STAGING, prefix)):
        ports.objects.delete(STAGING, stored.name)
