"""The tables of the warehouse on BigQuery.

Columns come from `domain.tables`; this module adds what is specific to BigQuery. JSON is stored as the string that
stage wrote, because hashes are computed from it. No table requires a partition filter: each is also read as a whole
(docs/adr/032-bigquery-tables.md).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
from google.cloud.bigquery import (
    DatasetReference,
    SchemaField,
    Table,
    TableReference,
    TimePartitioning,
    TimePartitioningType,
)
from google.cloud.bigquery.table import ColumnReference, ForeignKey, PrimaryKey, TableConstraints

from tillstream.domain.columns import Column, Kind
from tillstream.domain.daily_totals import DAY
from tillstream.domain.tables import TABLES, Field

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
VERSIONS = "schema_versions"
EPOCH = "epoch"
LABELS = {"application": "tillstream"}


@dataclass(frozen=True)
class Layout:
    """A table's description, physical layout and unenforced constraints."""

    description: str
    by_month: bool = False
    """Partitioned by month of `sale_date`: with days, a file of some years would touch more partitions than a job
    may."""
    clustered: tuple[str, ...] = ()
    key: tuple[str, ...] = ()
    refers: Mapping[str, str] | None = None
    """Column → the table that it references by its only key column."""


_BATCH = {"batch_no": "batches"}
_SETTLED = {"settlement_no": "settlements"}
_TOTALS: Mapping[str, tuple[str, str]] = {
    "day_sums": ("Lines added up by day, store, salesperson, channel, country, category", "store_id"),
    "product_sums": ("Lines added up by day and product", "product_id"),
    "customer_sums": ("Lines of known customers added up by day and customer", "store_id"),
}
OWN: dict[str, tuple[Field, ...]] = {
    VERSIONS: (
        Field("version", Kind.INT64, "Number of the migration", required=True),
        Field("name", Kind.STRING, "Its name", required=True),
        Field("migrated_at", Kind.TIMESTAMP, "When the dataset had it", required=True),
    ),
    EPOCH: (
        Field("number", Kind.INT64, "Raised by each settlement, so that only one at a time commits", required=True),
    ),
}
"""Tables that only this engine has."""
LAYOUTS: Mapping[str, Layout] = {
    VERSIONS: Layout("Which migrations this dataset has had"),
    EPOCH: Layout("What each settlement reads and raises; one row"),
    "settlements": Layout("Each settlement that committed", key=("settlement_no",)),
    "batches": Layout("Each batch in the ledger and its account of itself", key=("batch_no",), refers=_SETTLED),
    "sightings": Layout(
        "Each accepted row ever seen: its key, its content and its place in the order",
        clustered=("batch_no", "key"),
        refers=_BATCH | _SETTLED,
    ),
    "sale_versions": Layout(
        "Each distinct content of a sale line, once; is_current marks the one that counts",
        by_month=True,
        clustered=(DAY, "region", "store_id", "sale"),
        refers=_SETTLED,
    ),
    "statements": Layout("What a batch tells whole: a sale or a store's day", clustered=("scope",), refers=_BATCH),
    "refusals": Layout(
        "Each refused row with its raw text and its problems", clustered=("batch_no",), refers=_BATCH | _SETTLED
    ),
    "listed_changes": Layout(
        "Net changes of the settlements that did more than add lines", clustered=("settlement_no",), refers=_SETTLED
    ),
    "fx_rates": Layout("Exchange rates as they were loaded", key=("rate_date", "currency")),
    "reporting_rates": Layout(
        "Rates into the reporting currency, filled forward to every day", clustered=(DAY,), key=(DAY, "currency")
    ),
    "holidays": Layout("Public holidays of the countries that sales name", key=("country", "holiday_date")),
    "reporting": Layout("The reporting currency; one row"),
    **{
        table: Layout(description, by_month=True, clustered=(DAY, "region", third))
        for table, (description, third) in _TOTALS.items()
    },
    "user_scopes": Layout("What each person may see of the warehouse, for row access policies"),
    "summed": Layout("How far the sums by day know the ledger; one row"),
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
    layout, fields = LAYOUTS[reference.table_id], (TABLES | OWN)[reference.table_id]
    resource = Table(reference, schema(fields))
    resource.description, resource.labels = layout.description, LABELS
    if layout.by_month:
        resource.time_partitioning = TimePartitioning(type_=TimePartitioningType.MONTH, field=DAY)
    if layout.clustered:
        resource.clustering_fields = list(layout.clustered)
    if layout.key or layout.refers:
        resource.table_constraints = TableConstraints(
            PrimaryKey(list(layout.key)) if layout.key else None, _foreign_keys(reference, layout)
        )
    return resource


def _foreign_keys(reference: TableReference, layout: Layout) -> Sequence[ForeignKey]:
    return [
        ForeignKey(
            f"{reference.table_id}_{column}",
            DatasetReference(reference.project, reference.dataset_id).table(other),
            [ColumnReference(column, column)],
        )
        for column, other in (layout.refers or {}).items()
    ]
