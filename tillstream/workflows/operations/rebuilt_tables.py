"""Compare the tables of a rebuild with those of the ledger."""

from typing import Any

import sql
from tillstream.model.tables.daily_totals import ROLLUPS, select_rollup
from tillstream.ports.warehouse import Warehouse
from tillstream.workflows.operations.table_differences import only_in_one

COMPARED = {  # in an order, so that both sides can be compared piece by piece
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


def differences(ledger: Warehouse, rebuilt: Warehouse) -> list[str]:
    """Describe each kind of difference once, with counts and one example."""
    sentences = []
    sums, params = _sums(ledger)
    for name, query in (COMPARED | sums).items():
        ledger_only, rebuilt_only = only_in_one(
            *(warehouse.stream(query, params if name in sums else None) for warehouse in (ledger, rebuilt))
        )
        if ledger_only or rebuilt_only:
            example = min(map(str, ledger_only or rebuilt_only))
            sentences.append(
                f"{name}: {len(ledger_only)} only in the ledger, {len(rebuilt_only)} only in the rebuild, such as "
                f"{example}"
            )
    return sentences


def _sums(ledger: Warehouse) -> tuple[dict[str, str], dict[str, Any]]:
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
