"""A table to export: its name, its rows in batches, and the columns whose totals mean something."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import pyarrow as pa


@dataclass(frozen=True)
class ExportTable:
    """name: what the table is, such as `sales-by-store`. totals: columns whose sum over the rows has a meaning.
    batches: the rows; iterated once."""

    name: str
    schema: pa.Schema
    batches: Iterable[pa.RecordBatch]
    totals: Sequence[str] = ()


def table_of(name: str, batches: Iterable[pa.RecordBatch], totals: Sequence[str] = ()) -> ExportTable:
    """A table of batches, at least one. Raises what reading the first batch raises."""
    rest: Iterator[pa.RecordBatch] = iter(batches)
    first = next(rest)
    return ExportTable(name, first.schema, chain([first], rest), totals)
