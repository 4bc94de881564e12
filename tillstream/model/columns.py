"""Columns of a sale line, from which all schemas are derived, and the columns of tables of the warehouse."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

ColumnPart = Literal["key", "content", "provenance"]

COSTS = frozenset(
    {"unit_cost", "stock_cost", "order_cost", "lost_cost", "uncosted_products", "uncosted_units", "extra"}
)
"""Columns for users who may see costs; `extra` can contain a cost that the contract does not map."""
STATUSES = ("completed", "pending", "cancelled", "returned")
IGNORE = "ignore"
"""What a contract maps a status word to if its rows are not sales."""
SOURCES = ("file", "till", "form", "correction", "connector")
FILE_SOURCES = frozenset({"file", "connector"})
"""Sources of batches that are files."""

HASH128: Literal["hash128"] = "hash128"
HASH64: Literal["hash64"] = "hash64"


class ColumnKind(StrEnum):
    """Logical types, named as in GoogleSQL; NUMERIC always means NUMERIC(38, 9)."""

    STRING = "STRING"
    DATE = "DATE"
    TIMESTAMP = "TIMESTAMP"
    NUMERIC = "NUMERIC"
    INT64 = "INT64"
    BOOL = "BOOL"
    JSON = "JSON"


_S, _D, _T, _N, _I, _J = (
    ColumnKind.STRING,
    ColumnKind.DATE,
    ColumnKind.TIMESTAMP,
    ColumnKind.NUMERIC,
    ColumnKind.INT64,
    ColumnKind.JSON,
)

FieldKind = ColumnKind | Literal["hash128", "hash64"]


@dataclass(frozen=True)
class Column:
    """part: key columns identify the line, content columns contain its facts, provenance columns its origin."""

    name: str
    kind: ColumnKind
    part: ColumnPart
    description: str
    required: bool = False
    personal: bool = False


def _column(
    name: str, kind: ColumnKind, part: ColumnPart, description: str, *, required: bool = False, personal: bool = False
) -> Column:
    return Column(name, kind, part, description, required, personal)


SALE_LINE: tuple[Column, ...] = (
    _column("region", _S, "key", "Region that reports the sale", required=True),
    _column(
        "sale_id",
        _S,
        "key",
        "Sale ID: store_id/number, or only the number if numbers are unique in the region",
        required=True,
    ),
    _column("line_key", _S, "key", "Line number in the source; if it has none, product#n", required=True),
    _column("source_version", _I, "provenance", "Version of the sale in its source; NULL if none"),
    _column("store_id", _S, "content", "Store that sold"),
    _column("salesperson_id", _S, "content", "Salesperson", personal=True),
    _column("customer_id", _S, "content", "ID of the customer", personal=True),
    _column("customer_name", _S, "content", "Name of the customer", personal=True),
    _column("product_id", _S, "content", "Product ID, in upper and lower case as in the source"),
    _column("product_name", _S, "content", "Product name as in the source"),
    _column("category", _S, "content", "Product line or category"),
    _column("channel", _S, "content", "Sales channel as in the source: store, online, phone, …"),
    _column("status", _S, "content", "Status: completed, pending, cancelled or returned", required=True),
    _column("sold_at", _T, "content", "Time of the sale, UTC; NULL if the source has only a date"),
    _column("sale_date", _D, "content", "Business day of the store", required=True),
    _column("country", _S, "content", "Country of the customer as in the source"),
    _column("quantity", _N, "content", "Number of units; negative for a return"),
    _column("unit_price", _N, "content", "Price of one unit"),
    _column("discount", _N, "content", "Discount of the line as an amount"),
    _column("tax", _N, "content", "Tax of the line as an amount"),
    _column("net_amount", _N, "content", "Net amount of the line, after discount and before tax", required=True),
    _column("gross_amount", _N, "content", "Net amount plus tax; NULL if unknown"),
    _column("currency", _S, "content", "ISO 4217 code of the currency of all amounts of the line", required=True),
    _column("unit_cost", _N, "content", "Cost of one unit; NULL if the source has none"),
    _column("returns_sale_id", _S, "content", "Sale ID of the returned sale; NULL if unknown"),
    _column(
        "extra", _J, "content", "Other columns of the source, as a JSON object whose values are text", personal=True
    ),
    _column("batch_id", _S, "provenance", "Batch of the sighting that makes the content current"),
    _column("row_number", _I, "provenance", "Row number in that batch, counted after the header from 1"),
    _column("line_number", _I, "provenance", "Physical line of the file where that row starts, from 1"),
    _column("source", _S, "provenance", "Type of source: file, till, form, correction or connector"),
    _column("received_seq", _I, "provenance", "When that sighting was received, in microseconds since 1970"),
    _column("ingested_at", _T, "provenance", "When the settlement of that sighting was committed, UTC"),
)

BY_NAME = {column.name: column for column in SALE_LINE}
KEY = tuple(column for column in SALE_LINE if column.part == "key")
CONTENT = tuple(column for column in SALE_LINE if column.part == "content")
PERSONAL = frozenset(column.name for column in SALE_LINE if column.personal)

STAGED: tuple[Column, ...] = (
    Column(
        "row_number",
        ColumnKind.INT64,
        "provenance",
        "Row number in the batch, counted after the header from 1",
        required=True,
    ),
    Column(
        "line_number",
        ColumnKind.INT64,
        "provenance",
        "Physical line of the file where the row starts, from 1",
        required=True,
    ),
    Column(
        "fix_number",
        ColumnKind.INT64,
        "provenance",
        "Number of the correction that contains the row; 0 for the upload itself",
        required=True,
    ),
    Column("accepted", ColumnKind.BOOL, "provenance", "TRUE if a person accepted the row unchanged", required=True),
    Column(
        "source",
        ColumnKind.STRING,
        "provenance",
        "Type of source: file, till, form, correction or connector",
        required=True,
    ),
    Column(
        "received_seq",
        ColumnKind.INT64,
        "provenance",
        "Publish time of a message in microseconds since 1970; NULL for files",
    ),
    BY_NAME["source_version"],
    BY_NAME["region"],
    BY_NAME["sale_id"],
    Column(
        "line_key", ColumnKind.STRING, "key", "Line number in the source; NULL: numbered by settlement as product#n"
    ),
    *CONTENT,
)
"""Parquet columns of accepted rows, before `warehouse_tables.STAGED_LINES` adds their hashes."""


@dataclass(frozen=True)
class Field:
    name: str
    kind: FieldKind
    description: str
    required: bool = False


def required_field(name: str, kind: FieldKind, description: str) -> Field:
    """A column without NULLs."""
    return Field(name, kind, description, required=True)
