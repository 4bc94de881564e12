"""The tables of the warehouse on BigQuery, and their columns.

The tables are those of `model.tables`, with one difference: `sale_versions` is a view over `stored_versions` and
`version_flags`, because an UPDATE would rewrite whole partitions. A further table collects the rows of settlements
before they are moved.

Columns come from `fields`; this module adds their types and the layout of the tables. JSON is stored as the string that
stage wrote, because hashes are computed from it. No table requires a partition filter: each is also read as a whole
(docs/adr/032-bigquery-tables.md).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import pyarrow as pa
from google.cloud.bigquery import (
    DatasetReference,
    PartitionRange,
    RangePartitioning,
    SchemaField,
    Table,
    TableReference,
    TimePartitioning,
    TimePartitioningType,
)
from google.cloud.bigquery.table import ColumnReference, ForeignKey, PrimaryKey, TableConstraints

from tillstream.model.columns import Column, ColumnKind, Field
from tillstream.model.tables.daily_totals import DAY
from tillstream.model.tables.warehouse_tables import LIVE, LIVE_EXPIRES, TABLES

SCHEMA_VERSIONS = "schema_versions"
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

BIGQUERY_TYPES: Mapping[str, str] = {
    ColumnKind.STRING: "STRING",
    ColumnKind.DATE: "DATE",
    ColumnKind.TIMESTAMP: "TIMESTAMP",
    ColumnKind.NUMERIC: "NUMERIC",
    ColumnKind.INT64: "INTEGER",
    ColumnKind.BOOL: "BOOLEAN",
    ColumnKind.JSON: "STRING",
    "hash128": "BYTES",
    "hash64": "INTEGER",
}
"""Type names of the API; NUMERIC is NUMERIC(38, 9)."""
ARROW_TYPES: Mapping[str, pa.DataType] = {
    "STRING": pa.string(),
    "DATE": pa.date32(),
    "TIMESTAMP": pa.timestamp("us", "UTC"),
    "NUMERIC": pa.decimal128(38, 9),
    "INTEGER": pa.int64(),
    "BOOLEAN": pa.bool_(),
    "BYTES": pa.binary(),
}
KEY_BYTES = 16
RANGE, RANGES = 1_000, 10_000
"""Numbers per partition, and partitions: as many as a table may have. Greater numbers share one partition."""
LABELS = {"application": "tillstream"}

_BATCH = {"batch_no": "batches"}
_SETTLED = {"settlement_no": "settlements"}
_RECEIVED = "received_date"
_TOTALS: Mapping[str, tuple[str, str]] = {
    "day_sums": ("Totals by day, store, salesperson, channel, country, and category", "store_id"),
    "product_sums": ("Totals by day and product", "product_id"),
    "customer_sums": ("Totals of identified customers by day and customer", "store_id"),
}


def _columns(table: str, *names: str) -> tuple[Field, ...]:
    columns = {field.name: field for field in TABLES[table]}
    return tuple(columns[name] for name in names)


_LEDGER = {
    **{name: fields for name, fields in TABLES.items() if name != SALE_VERSIONS},
    STORED: TABLES[SALE_VERSIONS],
    FLAGS: _columns(SALE_VERSIONS, *_FLAG_COLUMNS),
}


def _nullable_union(columns: Iterable[Field]) -> tuple[Field, ...]:
    """These columns, once per name, nullable."""
    by_name: dict[str, Field] = {}
    for field in columns:
        by_name.setdefault(field.name, replace(field, required=False))
    return tuple(by_name.values())


FIELDS: dict[str, tuple[Field, ...]] = {
    SCHEMA_VERSIONS: (
        Field("version", ColumnKind.INT64, "Number of the migration", required=True),
        Field("name", ColumnKind.STRING, "Name of the migration", required=True),
        Field("migrated_at", ColumnKind.TIMESTAMP, "When the dataset was migrated, UTC", required=True),
    ),
    EPOCH: (
        Field(
            "number", ColumnKind.INT64, "Raised by each settlement, so that only one at a time commits", required=True
        ),
        Field("settlement_no", ColumnKind.INT64, "Greatest settlement_no of the ledger; 0 if none", required=True),
        Field("batch_no", ColumnKind.INT64, "Greatest batch_no of the ledger; 0 if none", required=True),
    ),
    **_LEDGER,
    INCOMING: (
        Field("arrived_at", ColumnKind.TIMESTAMP, "When the row was added to this table, UTC", required=True),
        Field("token", ColumnKind.STRING, "ID of the attempt that added the row", required=True),
        Field("target", ColumnKind.STRING, "Name of the table that the row belongs to", required=True),
        *_nullable_union(field for name in APPENDED for field in _LEDGER[name]),
    ),
}
"""Table → its columns."""

OWN_TABLES: Mapping[str, tuple[Field, ...]] = {name: fields for name, fields in FIELDS.items() if name not in TABLES}
"""Tables that only this engine has."""


@dataclass(frozen=True)
class TableLayout:
    """A table's description, physical layout and unenforced constraints."""

    description: str
    partitioned: str = ""
    """Column: a DATE by day, a TIMESTAMP by hour, a number in ranges of `RANGE`."""
    clustered: tuple[str, ...] = ()
    key: tuple[str, ...] = ()
    refers: Mapping[str, str] | None = None
    """Column → the table that it references by its only key column."""
    expires: timedelta | None = None
    """Age at which a partition is deleted."""


LAYOUTS: Mapping[str, TableLayout] = {
    SCHEMA_VERSIONS: TableLayout("Migrations of this dataset"),
    EPOCH: TableLayout("Number of the last transaction, and the greatest numbers of the ledger; one row"),
    "settlements": TableLayout("Settlements, one row each", key=("settlement_no",)),
    "batches": TableLayout(
        "Batches of the ledger, one row each",
        partitioned=_RECEIVED,
        clustered=("batch_no",),
        key=("batch_no",),
        refers=_SETTLED,
    ),
    "batch_days": TableLayout(
        "Business days of each batch", partitioned=_RECEIVED, clustered=("batch_no",), refers=_BATCH | _SETTLED
    ),
    "settlement_days": TableLayout(
        "Business days that each settlement changed",
        partitioned="settlement_no",
        clustered=("settlement_no",),
        refers=_SETTLED,
    ),
    "sightings": TableLayout(
        "Accepted rows of all batches: key, content, and position in the order of precedence",
        partitioned=DAY,
        clustered=("sale",),
        refers=_BATCH | _SETTLED,
    ),
    STORED: TableLayout(
        "Distinct contents of sale lines, as they were added; query the view sale_versions instead",
        partitioned=DAY,
        clustered=("region", "store_id", "sale"),
        refers=_SETTLED,
    ),
    FLAGS: TableLayout(
        "Changes of is_current and leads since a content was stored; the row with the greatest settlement_no applies",
        partitioned=DAY,
        clustered=("sale",),
        refers=_SETTLED,
    ),
    "statements": TableLayout(
        "Sales and store-days that a batch contains completely",
        partitioned=DAY,
        clustered=("scope",),
        refers=_BATCH | _SETTLED,
    ),
    "refusals": TableLayout(
        "Rejected rows with their text and their problems",
        partitioned=_RECEIVED,
        clustered=("batch_no",),
        refers=_BATCH | _SETTLED,
    ),
    "listed_changes": TableLayout(
        "Net changes of the settlements that did more than add lines",
        partitioned="settlement_no",
        clustered=("settlement_no",),
        refers=_SETTLED,
    ),
    INCOMING: TableLayout(
        "Rows of settlements in progress, for all tables of the ledger",
        partitioned="arrived_at",
        clustered=("token", "target"),
        expires=timedelta(days=2),
    ),
    "fx_rates": TableLayout("Exchange rates as they were loaded", key=("rate_date", "currency")),
    "reporting_rates": TableLayout(
        "Exchange rates into the reporting currency for every day", clustered=(DAY,), key=(DAY, "currency")
    ),
    "holidays": TableLayout("Public holidays of the countries with sales", key=("country", "holiday_date")),
    "surrogate_secret": TableLayout("Secret of the surrogates of people; one row"),
    "calendar": TableLayout("Fiscal year and retail calendar; one row"),
    "reporting": TableLayout("Reporting currency; one row"),
    **{
        table: TableLayout(description, partitioned=DAY, clustered=("region", third))
        for table, (description, third) in _TOTALS.items()
    },
    "user_scopes": TableLayout("What each user may see, for row access policies"),
    "catalogue_products": TableLayout("Products of the catalogue, by days", clustered=("product_id",)),
    "dim_product_cost": TableLayout("Costs of products by region and days", clustered=("product_id",)),
    "dim_product_price": TableLayout("List prices of products by region and days", clustered=("product_id",)),
    "product_codes": TableLayout("Aliases and barcodes of products", clustered=("code",), key=("region", "code")),
    "catalogue_stores": TableLayout("Stores of the catalogue, by days"),
    "catalogue_salespeople": TableLayout("Salespeople of the catalogue, by days"),
    "dim_promotion": TableLayout("Promotions of the catalogue"),
    "catalogue_suppliers": TableLayout("Suppliers of the catalogue", key=("supplier",)),
    "stock_movements": TableLayout(
        "Stock movements, one row per line", clustered=("region", "store_id", "movement_id")
    ),
    "stock_levels": TableLayout(
        "Stock by store and product, computed from movements and sales",
        clustered=("region", "store_id", "product"),
        key=("region", "store_id", "product"),
    ),
    "restock_lines": TableLayout(
        "The restock queue: what each store needs", clustered=("region", "store_id", "product")
    ),
    "catalogue_days": TableLayout("Days whose daily totals do not include a change of the catalogue yet"),
    "catalogue_changes": TableLayout("Changes of the tables of the catalogue"),
    "forecasts": TableLayout(
        "Forecasts of revenue and units, and earlier ones of the next days",
        partitioned="first_day",
        clustered=("target", "level"),
    ),
    "price_effects": TableLayout("How units follow prices, by category"),
    "forecast_accuracy": TableLayout("Accuracy of forecasts in their backtest"),
    LIVE: TableLayout(
        "Lines of store sales that are staged but not settled",
        partitioned="appended_at",
        clustered=("region", "store_id"),
        expires=LIVE_EXPIRES,
    ),
    "summed": TableLayout("Last settlement included in the daily totals; one row"),
}


def bigquery_schema(columns: Iterable[Field | Column]) -> list[SchemaField]:
    return [
        SchemaField(
            column.name,
            BIGQUERY_TYPES[column.kind],
            "REQUIRED" if column.required else "NULLABLE",
            description=column.description,
            max_length=KEY_BYTES if column.kind == "hash128" else None,
        )
        for column in columns
    ]


def transfer_schema(columns: Iterable[Field | Column]) -> list[SchemaField]:
    """The schema of temporary tables, all nullable as in Parquet; the target table rejects NULLs."""
    return [SchemaField(column.name, BIGQUERY_TYPES[column.kind]) for column in columns]


def arrow_schema(columns: Iterable[Field | Column]) -> pa.Schema:
    return pa.schema([(column.name, ARROW_TYPES[BIGQUERY_TYPES[column.kind]]) for column in columns])


def table_resource(reference: TableReference) -> Table:
    """The declared table, as an API resource."""
    layout, resource = LAYOUTS[reference.table_id], Table(reference, bigquery_schema(FIELDS[reference.table_id]))
    resource.description, resource.labels = layout.description, LABELS
    if layout.partitioned:
        _partition(resource, layout)
    if layout.clustered:
        resource.clustering_fields = list(layout.clustered)
    if layout.key or layout.refers:
        resource.table_constraints = TableConstraints(
            PrimaryKey(list(layout.key)) if layout.key else None, _foreign_keys(reference, layout)
        )
    return resource


def _partition(resource: Table, layout: TableLayout) -> None:
    column = layout.partitioned
    (kind,) = (field.field_type for field in resource.schema if field.name == column)
    if kind == BIGQUERY_TYPES[ColumnKind.INT64]:
        resource.range_partitioning = RangePartitioning(PartitionRange(0, RANGE * RANGES, RANGE), column)
        return
    units = {
        BIGQUERY_TYPES[ColumnKind.DATE]: TimePartitioningType.DAY,
        BIGQUERY_TYPES[ColumnKind.TIMESTAMP]: TimePartitioningType.HOUR,
    }
    milliseconds = layout.expires // timedelta(milliseconds=1) if layout.expires else None
    resource.time_partitioning = TimePartitioning(units[kind], column, milliseconds)


def _foreign_keys(reference: TableReference, layout: TableLayout) -> Sequence[ForeignKey]:
    return [
        ForeignKey(
            f"{reference.table_id}_{column}",
            DatasetReference(reference.project, reference.dataset_id).table(other),
            [ColumnReference(column, column)],
        )
        for column, other in (layout.refers or {}).items()
    ]
