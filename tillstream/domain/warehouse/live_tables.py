"""The table of store sales that are staged but not settled, so that they are visible within seconds."""

from datetime import timedelta

from tillstream.domain.columns import BY_NAME, CONTENT, STAGED, Column, Kind
from tillstream.domain.warehouse.fields import HASH64, Field, required

LIVE = "live_lines"
EXPIRES = timedelta(hours=2)
"""Age at which its rows are deleted: by then a sale is in the ledger, or it was rejected."""
_OMITTED = frozenset({"customer_id", "customer_name", "unit_cost", "returns_sale_id", "extra"})
_ORIGIN = {column.name: column for column in STAGED}


def _field(column: Column) -> Field:
    return Field(column.name, column.kind, column.description, column.required)


LIVE_TABLES: dict[str, tuple[Field, ...]] = {
    LIVE: (
        required("appended_at", Kind.TIMESTAMP, "When the row was added, UTC"),
        required("batch_id", Kind.STRING, "ID of the micro-batch"),
        *(_field(_ORIGIN[name]) for name in ("row_number", "received_seq", "source_version")),
        required("sale", HASH64, "Hash of (region, sale_id)"),
        *(_field(BY_NAME[name]) for name in ("region", "sale_id")),
        *(_field(column) for column in CONTENT if column.name not in _OMITTED),
    ),
}
