"""Arrow schemas derived from the column list."""

from collections.abc import Iterable

import pyarrow as pa

from tillstream.domain.columns import Column, Kind
from tillstream.domain.tables import Field

NUMERIC = pa.decimal128(38, 9)
TEXT = pa.dictionary(pa.int32(), pa.string())
"""Texts of sale lines repeat; dictionary encoding lets each step process a distinct text once."""

_TYPES: dict[Kind, pa.DataType] = {
    Kind.STRING: pa.string(),
    Kind.JSON: pa.string(),
    Kind.DATE: pa.date32(),
    Kind.TIMESTAMP: pa.timestamp("us", "UTC"),
    Kind.NUMERIC: NUMERIC,
    Kind.INT64: pa.int64(),
    Kind.BOOL: pa.bool_(),
}


def arrow_schema(columns: Iterable[Column | Field]) -> pa.Schema:
    """One Arrow field per column, in order, all nullable: a rejected row may lack any value.

    Raises `ValueError` for a hash column, whose type depends on the engine.
    """
    return pa.schema([pa.field(column.name, _TYPES[Kind(column.kind)]) for column in columns])


def lines_schema(columns: Iterable[Column]) -> pa.Schema:
    """Like `arrow_schema`, with text columns as `TEXT`; JSON rarely repeats and stays `string`."""
    fields = arrow_schema(columns)
    texts = {column.name for column in columns if column.kind is Kind.STRING}
    return pa.schema([field.with_type(TEXT) if field.name in texts else field for field in fields])
