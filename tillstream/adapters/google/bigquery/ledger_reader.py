"""Reads the slice of a settlement from BigQuery's tables, through the Storage Read API.

Every read names its days as constants, so BigQuery reads only their partitions. The API has no minimum of bytes.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from itertools import chain

import numpy as np
import pyarrow as pa

from tillstream.adapters.google.bigquery import read
from tillstream.adapters.google.bigquery.dataset import Dataset
from tillstream.adapters.google.bigquery.fields import FIELDS, FLAGS, SALE_VERSIONS, STORED
from tillstream.adapters.google.bigquery.literals import is_in
from tillstream.adapters.google.bigquery.tables import LAYOUTS, arrow_schema
from tillstream.ledger.reader import Values

MOST_VALUES = 20_000
"""Values in one filter, whose text is limited to 1 MB; beyond that, all rows of the days are read."""
FLAG_COLUMNS = ("key", "content", "is_current", "leads", "settlement_no")
_HALVES = ("key_high", "key_low")


class BigQueryLedgerReader:
    """Implements `ledger.reader.LedgerReader`. Raises `Unavailable`, `Rejected`."""

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset

    def read(
        self, table: str, columns: Sequence[str], days: Collection[date], matching: Mapping[str, Values]
    ) -> pa.RecordBatchReader:
        name = STORED if table == SALE_VERSIONS else table
        fields = [field for field in FIELDS[name] if field.name in columns]
        day_column = LAYOUTS[name].partitioned
        schema = split_keys(arrow_schema(fields).empty_table()).schema
        if not days:  # a filter needs one
            return pa.RecordBatchReader.from_batches(schema, [])
        return pa.RecordBatchReader.from_batches(
            schema, self._batches(name, [f.name for f in fields], restriction(day_column, days, matching), schema)
        )

    def read_flags(self, days: Collection[date], sales: Collection[int]) -> pa.RecordBatchReader:
        return self.read(FLAGS, FLAG_COLUMNS, days, {"sale": sales})

    def _batches(self, table: str, columns: Sequence[str], rows: str, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        with self._dataset.errors(table):
            batches = read.batches(self._dataset.reader, self._dataset.table(table), columns, rows)
            for batch in batches:
                yield from split_keys(pa.Table.from_batches([batch])).select(schema.names).cast(schema).to_batches()


def restriction(day_column: str, days: Collection[date], matching: Mapping[str, Values]) -> str:
    """The filter of a read: rows of these days with one of the values in any of the columns."""
    chosen = is_in(day_column, sorted(days))
    if not matching or sum(map(len, matching.values())) > MOST_VALUES:
        return chosen
    values = (is_in(name, sorted(allowed)) for name, allowed in matching.items())
    return f"{chosen} AND ({' OR '.join(values)})"


def split_keys(rows: pa.Table) -> pa.Table:
    """Replace the column key by the columns key_high and key_low, in the order of its 16 bytes."""
    if "key" not in rows.column_names:
        return rows
    keys = b"".join(chain.from_iterable(chunk.to_pylist() for chunk in rows.column("key").chunks))
    halves = np.frombuffer(keys, ">i8").reshape(-1, 2).astype(np.int64)
    rows = rows.drop_columns(["key"])
    for number, name in enumerate(_HALVES):
        rows = rows.append_column(name, pa.array(halves[:, number]))
    return rows


def join_keys(rows: pa.Table) -> pa.Table:
    """Replace the columns key_high and key_low by the column key, as 16 bytes."""
    if _HALVES[0] not in rows.column_names:
        return rows
    halves = np.column_stack([rows.column(name).to_numpy() for name in _HALVES]).astype(">i8")
    size = pa.binary(16)
    keys = pa.Array.from_buffers(size, rows.num_rows, [None, pa.py_buffer(halves.tobytes())]).cast(pa.binary())
    return rows.drop_columns(list(_HALVES)).append_column("key", keys)
