"""The columns of every table of the dataset.

They are those of `domain.tables`, with one difference: `sale_versions` is a view over `stored_versions` and
`version_flags`, because an UPDATE would rewrite whole partitions. A further table collects the rows of settlements
before they are moved.
"""

from collections.abc import Iterable
from dataclasses import replace

from tillstream.domain.columns import Kind
from tillstream.domain.daily_totals import DAY
from tillstream.domain.tables import TABLES, Field

VERSIONS = "schema_versions"
EPOCH = "epoch"
INCOMING = "incoming"
SALE_VERSIONS = "sale_versions"
STORED, FLAGS = "stored_versions", "version_flags"
"""The tables that the view `SALE_VERSIONS` reads."""
APPENDED = (
    "settlements",
    "batches",
    "batch_days",
    "settlement_days",
    "sightings",
    STORED,
    FLAGS,
    "statements",
    "refusals",
    "listed_changes",
)
"""The tables whose rows arrive through `INCOMING`."""
_FLAG_COLUMNS = ("key", "content", "sale", DAY, "is_current", "leads", "settlement_no")


def _columns(table: str, *names: str) -> tuple[Field, ...]:
    columns = {field.name: field for field in TABLES[table]}
    return tuple(columns[name] for name in names)


def _nullable_union(columns: Iterable[Field]) -> tuple[Field, ...]:
    """These columns, once per name, nullable."""
    by_name: dict[str, Field] = {}
    for field in columns:
        by_name.setdefault(field.name, replace(field, required=False))
    return tuple(by_name.values())


_LEDGER = {
    **{name: fields for name, fields in TABLES.items() if name != SALE_VERSIONS},
    STORED: TABLES[SALE_VERSIONS],
    FLAGS: _columns(SALE_VERSIONS, *_FLAG_COLUMNS),
}
FIELDS: dict[str, tuple[Field, ...]] = {
    VERSIONS: (
        Field("version", Kind.INT64, "Number of the migration", required=True),
        Field("name", Kind.STRING, "Name of the migration", required=True),
        Field("migrated_at", Kind.TIMESTAMP, "When the dataset was migrated, UTC", required=True),
    ),
    EPOCH: (
        Field("number", Kind.INT64, "Raised by each settlement, so that only one at a time commits", required=True),
        Field("settlement_no", Kind.INT64, "Greatest settlement_no of the ledger; 0 if none", required=True),
        Field("batch_no", Kind.INT64, "Greatest batch_no of the ledger; 0 if none", required=True),
    ),
    **_LEDGER,
    INCOMING: (
        Field("arrived_at", Kind.TIMESTAMP, "When the row was added to this table, UTC", required=True),
        Field("token", Kind.STRING, "ID of the attempt that added the row", required=True),
        Field("target", Kind.STRING, "Name of the table that the row belongs to", required=True),
        *_nullable_union(field for name in APPENDED for field in _LEDGER[name]),
    ),
}
"""Table → its columns."""
