"""The tables of the warehouse on BigQuery.

Columns come from `fields`; this module adds their types and the layout of the tables. JSON is stored as the string that
stage wrote, because hashes are computed from it. No table requires a partition filter: each is also read as a whole
(docs/adr/032-bigquery-tables.md).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
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

from tillstream.adapters.google.bigquery.fields import EPOCH, FIELDS, FLAGS, INCOMING, STORED, VERSIONS
from tillstream.domain.columns import Column, Kind
from tillstream.domain.daily_totals import DAY
from tillstream.domain.tables import TABLES, Field
from tillstream.domain.warehouse.live_tables import EXPIRES, LIVE

TYPES: Mapping[str, str] = {
    Kind.STRING: "STRING",
    Kind.DATE: "DATE",
    Kind.TIMESTAMP: "TIMESTAMP",
    Kind.NUMERIC: "NUMERIC",
    Kind.INT64: "INTEGER",
    Kind.BOOL: "BOOLEAN",
    Kind.JSON: "STRING",
    "hash128": "BYTES",
    "hash64": "INTEGER",
}
"""Type names of the API; NUMERIC is NUMERIC(38, 9)."""
ARROW: Mapping[str, pa.DataType] = {
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


@dataclass(frozen=True)
class Layout:
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


OWN: Mapping[str, tuple[Field, ...]] = {name: fields for name, fields in FIELDS.items() if name not in TABLES}
"""Tables that only this engine has."""
_BATCH = {"batch_no": "batches"}
_SETTLED = {"settlement_no": "settlements"}
_RECEIVED = "received_date"
_TOTALS: Mapping[str, tuple[str, str]] = {
    "day_sums": ("Totals by day, store, salesperson, channel, country, and category", "store_id"),
    "product_sums": ("Totals by day and product", "product_id"),
    "customer_sums": ("Totals of identified customers by day and customer", "store_id"),
}
LAYOUTS: Mapping[str, Layout] = {
    VERSIONS: Layout("Migrations of this dataset"),
    EPOCH: Layout("Number of the last transaction, and the greatest numbers of the ledger; one row"),
    "settlements": Layout("Settlements, one row each", key=("settlement_no",)),
    "batches": Layout(
        "Batches of the ledger, one row each",
        partitioned=_RECEIVED,
        clustered=("batch_no",),
        key=("batch_no",),
        refers=_SETTLED,
    ),
    "batch_days": Layout(
        "Business days of each batch", partitioned=_RECEIVED, clustered=("batch_no",), refers=_BATCH | _SETTLED
    ),
    "settlement_days": Layout(
        "Business days that each settlement changed",
        partitioned="settlement_no",
        clustered=("settlement_no",),
        refers=_SETTLED,
    ),
    "sightings": Layout(
        "Accepted rows of all batches: key, content, and position in the order of precedence",
        partitioned=DAY,
        clustered=("sale",),
        refers=_BATCH | _SETTLED,
    ),
    STORED: Layout(
        "Distinct contents of sale lines, as they were added; query the view sale_versions instead",
        partitioned=DAY,
        clustered=("region", "store_id", "sale"),
        refers=_SETTLED,
    ),
    FLAGS: Layout(
        "Changes of is_current and leads since a content was stored; the row with the greatest settlement_no applies",
        partitioned=DAY,
        clustered=("sale",),
        refers=_SETTLED,
    ),
    "statements": Layout(
        "Sales and store-days that a batch contains completely",
        partitioned=DAY,
        clustered=("scope",),
        refers=_BATCH | _SETTLED,
    ),
    "refusals": Layout(
        "Rejected rows with their text and their problems",
        partitioned=_RECEIVED,
        clustered=("batch_no",),
        refers=_BATCH | _SETTLED,
    ),
    "listed_changes": Layout(
        "Net changes of the settlements that did more than add lines",
        partitioned="settlement_no",
        clustered=("settlement_no",),
        refers=_SETTLED,
    ),
    INCOMING: Layout(
        "Rows of settlements in progress, for all tables of the ledger",
        partitioned="arrived_at",
        clustered=("token", "target"),
        expires=timedelta(days=2),
    ),
    "fx_rates": Layout("Exchange rates as they were loaded", key=("rate_date", "currency")),
    "reporting_rates": Layout(
        "Exchange rates into the reporting currency for every day", clustered=(DAY,), key=(DAY, "currency")
    ),
    "holidays": Layout("Public holidays of the countries with sales", key=("country", "holiday_date")),
    "surrogate_secret": Layout("Secret of the surrogates of people; one row"),
    "calendar": Layout("Fiscal year and retail calendar; one row"),
    "reporting": Layout("Reporting currency; one row"),
    **{
        table: Layout(description, partitioned=DAY, clustered=("region", third))
        for table, (description, third) in _TOTALS.items()
    },
    "user_scopes": Layout("What each user may see, for row access policies"),
    "catalogue_products": Layout("Products of the catalogue, by days", clustered=("product_id",)),
    "dim_product_cost": Layout("Costs of products by region and days", clustered=("product_id",)),
    "dim_product_price": Layout("List prices of products by region and days", clustered=("product_id",)),
    "product_codes": Layout("Aliases and barcodes of products", clustered=("code",), key=("region", "code")),
    "catalogue_stores": Layout("Stores of the catalogue, by days"),
    "catalogue_salespeople": Layout("Salespeople of the catalogue, by days"),
    "dim_promotion": Layout("Promotions of the catalogue"),
    "catalogue_suppliers": Layout("Suppliers of the catalogue", key=("supplier",)),
    "stock_movements": Layout("Stock movements, one row per line", clustered=("region", "store_id", "movement_id")),
    "stock_levels": Layout(
        "Stock by store and product, computed from movements and sales",
        clustered=("region", "store_id", "product"),
        key=("region", "store_id", "product"),
    ),
    "restock_lines": Layout("The restock queue: what each store needs", clustered=("region", "store_id", "product")),
    "catalogue_days": Layout("Days whose daily totals do not include a change of the catalogue yet"),
    "catalogue_changes": Layout("Changes of the tables of the catalogue"),
    "forecasts": Layout(
        "Forecasts of revenue and units, and earlier ones of the next days",
        partitioned="first_day",
        clustered=("target", "level"),
    ),
    "price_effects": Layout("How units follow prices, by category"),
    "forecast_accuracy": Layout("Accuracy of forecasts in their backtest"),
    LIVE: Layout(
        "Lines of store sales that are staged but not settled",
        partitioned="appended_at",
        clustered=("region", "store_id"),
        expires=EXPIRES,
    ),
    "summed": Layout("Last settlement included in the daily totals; one row"),
}


def schema(columns: Iterable[Field | Column]) -> list[SchemaField]:
    return [
        SchemaField(
            column.name,
            TYPES[column.kind],
            "REQUIRED" if column.required else "NULLABLE",
            description=column.description,
            max_length=KEY_BYTES if column.kind == "hash128" else None,
        )
        for column in columns
    ]


def transfer_schema(columns: Iterable[Field | Column]) -> list[SchemaField]:
    """The schema of temporary tables, all nullable as in Parquet; the target table rejects NULLs."""
    return [SchemaField(column.name, TYPES[column.kind]) for column in columns]


def arrow_schema(columns: Iterable[Field | Column]) -> pa.Schema:
    return pa.schema([(column.name, ARROW[TYPES[column.kind]]) for column in columns])


def table(reference: TableReference) -> Table:
    """The declared table, as an API resource."""
    layout, resource = LAYOUTS[reference.table_id], Table(reference, schema(FIELDS[reference.table_id]))
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


def _partition(resource: Table, layout: Layout) -> None:
    column = layout.partitioned
    (kind,) = (field.field_type for field in resource.schema if field.name == column)
    if kind == TYPES[Kind.INT64]:
        resource.range_partitioning = RangePartitioning(PartitionRange(0, RANGE * RANGES, RANGE), column)
        return
    units = {TYPES[Kind.DATE]: TimePartitioningType.DAY, TYPES[Kind.TIMESTAMP]: TimePartitioningType.HOUR}
    milliseconds = layout.expires // timedelta(milliseconds=1) if layout.expires else None
    resource.time_partitioning = TimePartitioning(units[kind], column, milliseconds)


def _foreign_keys(reference: TableReference, layout: Layout) -> Sequence[ForeignKey]:
    return [
        ForeignKey(
            f"{reference.table_id}_{column}",
            DatasetReference(reference.project, reference.dataset_id).table(other),
            [ColumnReference(column, column)],
        )
        for column, other in (layout.refers or {}).items()
    ]
