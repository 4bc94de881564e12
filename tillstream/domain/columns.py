"""Columns of a sale line: the schemas of tables, Arrow, pandera, the API and the docs are derived from them."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal


class Kind(StrEnum):
    """Logical types, named as in GoogleSQL; NUMERIC always means NUMERIC(38, 9)."""

    STRING = "STRING"
    DATE = "DATE"
    TIMESTAMP = "TIMESTAMP"
    NUMERIC = "NUMERIC"
    INT64 = "INT64"
    BOOL = "BOOL"
    JSON = "JSON"


Part = Literal["key", "content", "provenance"]


@dataclass(frozen=True)
class Column:
    """part: key columns identify the line, content columns contain its facts, provenance columns its origin."""

    name: str
    kind: Kind
    part: Part
    description: str
    required: bool = False
    personal: bool = False


def _column(
    name: str, kind: Kind, part: Part, description: str, *, required: bool = False, personal: bool = False
) -> Column:
    return Column(name, kind, part, description, required, personal)


_S, _D, _T, _N, _I, _J = Kind.STRING, Kind.DATE, Kind.TIMESTAMP, Kind.NUMERIC, Kind.INT64, Kind.JSON

SALE_LINE: tuple[Column, ...] = (
    _column("region", _S, "key", "The region the sale is reported to", required=True),
    _column("sale_id", _S, "key", "store_id/number, or the number alone where ids are region-wide", required=True),
    _column("line_key", _S, "key", "The source's line number, else product#n", required=True),
    _column("source_version", _I, "provenance", "The source's own version of the sale; NULL where it has none"),
    _column("store_id", _S, "content", "The store that sold"),
    _column("salesperson_id", _S, "content", "Who sold", personal=True),
    _column("customer_id", _S, "content", "Who bought, by id", personal=True),
    _column("customer_name", _S, "content", "Who bought, by name", personal=True),
    _column("product_id", _S, "content", "The product's id, its case kept"),
    _column("product_name", _S, "content", "The product's name as the source wrote it"),
    _column("category", _S, "content", "Product line or category"),
    _column("channel", _S, "content", "store, online, phone, … as the source has it"),
    _column("status", _S, "content", "completed, pending, cancelled or returned", required=True),
    _column("sold_at", _T, "content", "The instant of the sale in UTC; NULL where the source gives only a date"),
    _column("sale_date", _D, "content", "The store's business day", required=True),
    _column("country", _S, "content", "The buyer's country as the source wrote it"),
    _column("quantity", _N, "content", "Units; negative for a return"),
    _column("unit_price", _N, "content", "Price of one unit in the line's currency"),
    _column("discount", _N, "content", "Discount of the line as an amount"),
    _column("tax", _N, "content", "Tax of the line as an amount"),
    _column("net_amount", _N, "content", "After discount, before tax: the line's revenue", required=True),
    _column("gross_amount", _N, "content", "Net amount plus tax, where known"),
    _column("currency", _S, "content", "ISO 4217 code of every amount of the line", required=True),
    _column("unit_cost", _N, "content", "Cost of one unit, where the source gives it"),
    _column("returns_sale_id", _S, "content", "The sale that a return takes back, where known"),
    _column("extra", _J, "content", "Other columns of the source, as a JSON object of text", personal=True),
    _column("batch_id", _S, "provenance", "The batch of the content's greatest sighting not undone"),
    _column("row_number", _I, "provenance", "Row of that batch, counted after the header from 1"),
    _column("line_number", _I, "provenance", "Physical line of the file where that row starts, from 1"),
    _column("source", _S, "provenance", "file, till, form, correction or connector"),
    _column("received_seq", _I, "provenance", "Place in time of that sighting, microseconds since 1970"),
    _column("ingested_at", _T, "provenance", "When the settlement of that sighting committed, UTC"),
)

BY_NAME = {column.name: column for column in SALE_LINE}
KEY = tuple(column for column in SALE_LINE if column.part == "key")
CONTENT = tuple(column for column in SALE_LINE if column.part == "content")
PERSONAL = frozenset(column.name for column in SALE_LINE if column.personal)
STATUSES = ("completed", "pending", "cancelled", "returned")
SOURCES = ("file", "till", "form", "correction", "connector")

STAGED: tuple[Column, ...] = (
    Column("row_number", Kind.INT64, "provenance", "Row of the batch, counted after the header from 1", required=True),
    Column("line_number", Kind.INT64, "provenance", "Physical line where the row starts, from 1", required=True),
    Column("fix_number", Kind.INT64, "provenance", "0 for the batch itself, n for its n-th correction", required=True),
    Column("accepted", Kind.BOOL, "provenance", "A person accepted the row as it stands", required=True),
    Column("source", Kind.STRING, "provenance", "file, till, form, correction or connector", required=True),
    Column("received_seq", Kind.INT64, "provenance", "Publish time of a message; the batch's own place for files"),
    BY_NAME["source_version"],
    BY_NAME["region"],
    BY_NAME["sale_id"],
    Column("line_key", Kind.STRING, "key", "The source's line number; NULL: settle numbers equal products"),
    *CONTENT,
)
"""Parquet columns of accepted rows, before `tables.STAGED_LINES` adds their hashes."""
