"""Writes the rows of a table, or of a month of it, as Parquet with the declared types."""

from collections.abc import Iterator
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from tillstream.marts.state import days_of
from tillstream.marts.tables import BIGNUMERIC, MartTable, MartType
from tillstream.model.columns import ColumnKind
from tillstream.ports.warehouse import Snapshot

ARROW: dict[MartType, pa.DataType] = {
    ColumnKind.STRING: pa.string(),
    ColumnKind.DATE: pa.date32(),
    ColumnKind.NUMERIC: pa.decimal128(38, 9),
    BIGNUMERIC: pa.decimal128(38, 18),
    ColumnKind.INT64: pa.int64(),
    ColumnKind.BOOL: pa.bool_(),
}
GROUP_ROWS = 131_072
"""Rows of a row group. It does not depend on how an engine hands over rows, so that equal rows are equal bytes."""


def schema_of(table: MartTable) -> pa.Schema:
    return pa.schema([(column.name, ARROW[column.type]) for column in table.columns])


def stream_rows(snapshot: Snapshot, table: MartTable, month: str) -> Iterator[pa.RecordBatch]:
    """The rows of a table in the order of its key, in record batches with the declared types."""
    params: dict[str, Any] = {}
    condition = ""
    if table.by_month:
        params["first"], params["next"] = days_of(month)
        condition = "\nWHERE sale_date >= @first AND sale_date < @next"
    text = f"SELECT {', '.join(table.names)}\nFROM {table.name}{condition}\nORDER BY {', '.join(table.key)}"
    schema = schema_of(table)
    for batch in snapshot.stream(text, params):
        yield from pa.Table.from_batches([batch]).select(table.names).cast(schema).to_batches()


def write(snapshot: Snapshot, table: MartTable, month: str, file: BinaryIO) -> int:
    """Write the rows of `stream_rows`; return their number."""
    schema = schema_of(table)
    rows = 0
    with pq.ParquetWriter(file, schema, compression="zstd") as writer:
        for group in _groups(stream_rows(snapshot, table, month), schema):
            writer.write_table(group, row_group_size=GROUP_ROWS)
            rows += group.num_rows
    return rows


def _groups(batches: Iterator[pa.RecordBatch], schema: pa.Schema) -> Iterator[pa.Table]:
    """Tables of `GROUP_ROWS` rows; the last one has the rest."""
    waiting = schema.empty_table()
    for batch in batches:
        waiting = pa.concat_tables([waiting, pa.Table.from_batches([batch])])
        while waiting.num_rows >= GROUP_ROWS:
            yield waiting.slice(0, GROUP_ROWS).combine_chunks()
            waiting = waiting.slice(GROUP_ROWS)
    if waiting.num_rows:
        yield waiting.combine_chunks()
