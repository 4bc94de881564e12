"""Changes of the catalogue's tables in the warehouse, which daily totals and cached answers must follow.

Write the tables first, then note the change: a refresh of the totals that began before has not seen the new rows.
"""

from collections.abc import Collection
from datetime import date
from typing import TYPE_CHECKING
from uuid import uuid4

from tillstream.batches import freshness
from tillstream.ports.clock import Clock
from tillstream.ports.document_store import DocumentStore
from tillstream.ports.warehouse import Warehouse

if TYPE_CHECKING:
    import pyarrow as pa

MOST_CODES = 1_000
"""With more codes, all days with a product are computed again."""
_DAYS = """
SELECT sale_date
FROM product_sums
WHERE {condition}
  AND sale_date >= @since
UNION DISTINCT
SELECT sale_date
FROM settlement_days
WHERE sale_date >= @since
  AND settlement_no > (SELECT COALESCE(MAX(split_settlement_no), 0) FROM summed)
"""
"""The second part: days that a refresh may be computing now."""


def note_change(
    warehouse: Warehouse,
    documents: DocumentStore,
    clock: Clock,
    codes: Collection[str] | None = (),
    since: date = date.min,
) -> None:
    """Note that tables of the catalogue changed; answers from before are no longer used. Repeating it is harmless.

    codes: every code, alias and barcode, from before and after the change, of the products whose costs or codes
    changed; the margins of their days are computed again. None: of all products. Empty: only names changed, or prices.
    since: first of these days.
    """
    change = uuid4().hex
    if codes is None or codes:
        days = _days(warehouse, codes, since)
        if days:
            warehouse.upsert("catalogue_days", _table(change_id=[change] * len(days), sale_date=days), ["change_id"])
    warehouse.upsert("catalogue_changes", _table(change_id=[change], changed_at=[clock.now()]), ["change_id"])
    freshness.bump(documents)


def _days(warehouse: Warehouse, codes: Collection[str] | None, since: date) -> list[object]:
    params: dict[str, object] = {"since": since}
    condition = "product_id IS NOT NULL"
    if codes is not None and len(codes) <= MOST_CODES:
        condition, params["codes"] = "product_id IN UNNEST(@codes)", sorted(codes)
    days = warehouse.query(_DAYS.format(condition=condition), params)
    listed: list[object] = days.column("sale_date").to_pylist()
    return listed


def _table(**columns: list[object]) -> "pa.Table":
    import pyarrow as pa

    return pa.table(columns)
