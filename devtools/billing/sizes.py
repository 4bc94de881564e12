"""Logical bytes of BigQuery's rows, by which it bills queries, reads and storage.

Sizes of types: https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types#data_type_sizes.
"""

from collections.abc import Iterable

from tillstream.adapters.google.bigquery.tables import FIELDS, SALE_VERSIONS, STORED
from tillstream.model.columns import Field

BYTES_OF = {"DATE": 8, "TIMESTAMP": 8, "NUMERIC": 16, "INT64": 8, "BOOL": 1, "hash128": 18, "hash64": 8}
"""A text takes 2 bytes and its own, NULL none."""
TEXT = {
    "region": 3,
    "sale_id": 12,
    "line_key": 3,
    "customer_name": 14,
    "product_name": 20,
    "category": 12,
    "status": 9,
    "currency": 3,
    "outcome": 5,
    "extra": 40,
    "whole": 9,
    "token": 32,
    "target": 15,
    "batch_id": 32,
    "sha256": 64,
    "file": 30,
    "raw": 120,
    "problems": 60,
}
"""Average bytes of a text; 8 if it is not listed."""
ABSENT = frozenset({"source_version", "returns_sale_id", "unit_cost", "received_seq"})
"""Columns that are mostly NULL where they can be."""


def width(table: str, columns: Iterable[str] | None = None) -> int:
    """Logical bytes of a row, or of some of its columns."""
    fields = FIELDS[STORED if table == SALE_VERSIONS else table]
    chosen = {field.name for field in fields} if columns is None else set(columns)
    return sum(_width(field) for field in fields if field.name in chosen)


def _width(field: Field) -> int:
    if field.name in ABSENT and not field.required:
        return 0
    return BYTES_OF.get(str(field.kind)) or 2 + TEXT.get(field.name, 8)
