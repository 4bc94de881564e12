"""Rebuild: settle everything again in an empty warehouse, and say where the ledger differs from it.

`check` takes the rows from the ledger itself, `from_originals` stages the kept originals again with the contracts of
their time. Both must give the same flags, outcomes, changes and receipts.
"""

from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

import sql
from tillstream.domain.events import STAGING
from tillstream.pipeline import stage, uploads
from tillstream.pipeline.contracts import contract_version
from tillstream.ports import Ports
from tillstream.ports.warehouse import Settlement, StagedBatch, Warehouse

COMPARED = {
    "current lines": "SELECT key, content FROM sale_versions WHERE is_current",
    "versions": "SELECT key, content, region, sale_id, line_key FROM sale_versions",
    "outcomes": "SELECT batch_no, row_number, fix_number, key, content, outcome, superseded FROM sightings",
    "refusals": "SELECT batch_no, row_number, fix_number, outcome, refused_by, code FROM refusals",
    "changes": "SELECT settlement_no, key, kind, old, new FROM changes",
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
        for number in range(1, last + 1):
            staged = [
                _staged(ports, batch, rows, f"{prefix}/{number}")
                for batch in batches
                if batch["settlement_no"] == number
            ]
            undo = [
                batch["batch_id"]
                for batch in batches
                if batch["undone_no"] == number and batch["root_no"] == batch["batch_no"]
            ]
            again.settle(Settlement(staged, undo))
            _clear(ports, f"{prefix}/{number}")
            if progress:
                progress(1)
        return {"settlements": last, "batches": len(batches), "differences": _differences(ports.warehouse, again)}
    finally:
        again.close()
        _clear(ports, prefix)


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
    account = stage.write(ports, uploads.get(ports, batch["batch_id"]), prefix)
    return account.accepted, account.refused


def _from_ledger(ports: Ports, batch: dict[str, Any], prefix: str) -> tuple[list[str], list[str]]:
    numbered = contract_version(ports.documents, batch["contract"], batch["contract_version"]).numbered
    params = {
        "root_no": batch["root_no"],
        "settlement_no": batch["settlement_no"],
        "fix_number": batch["fix_number"] if batch["kind"] == "correction" else -1,
        "numbered": numbered,
    }
    names = (f"{prefix}/accepted.parquet", f"{prefix}/refused.parquet")
    written = [
        [name] if _write(ports, name, sql.text(f"ledger/{query}"), params) else []
        for name, query in zip(names, ("batch_rows", "batch_refused_rows"), strict=True)
    ]
    return written[0], written[1]


def _write(ports: Ports, name: str, query: str, params: dict[str, Any]) -> bool:
    rows = ports.warehouse.query(query, params)
    if not rows.num_rows:
        return False
    sink = pa.BufferOutputStream()
    pq.write_table(rows, sink, compression="lz4")
    with ports.objects.writer(STAGING, name) as writer:
        writer.write(sink.getvalue())
    return True


def _differences(ledger: Warehouse, again: Warehouse) -> list[str]:
    """In words, each kind of difference once, with how many and one example."""
    found = []
    for name, query in COMPARED.items():
        here, there = (_rows(warehouse.query(query)) for warehouse in (ledger, again))
        if here != there:
            only_here, only_there = here - there, there - here
            example = min(map(str, only_here or only_there))
            found.append(
                f"{name}: {len(only_here)} only in the ledger, {len(only_there)} only in the rebuild, such as {example}"
            )
    return found


def _rows(table: pa.Table) -> set[tuple[Any, ...]]:
    return set(zip(*(column.to_pylist() for column in table.columns), strict=True))


def _clear(ports: Ports, prefix: str) -> None:
    for stored in list(ports.objects.list(STAGING, prefix)):
        ports.objects.delete(STAGING, stored.name)
