"""A table to export: its name, its rows in batches, and the columns whose totals mean something."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain

import pyarrow as pa

SLICE = 10_000
"""Rows that are converted at once: enough for columns to be fast, and few megabytes."""


@dataclass(frozen=True)
class ExportTable:
    """name: what the table is, such as `sales-by-store`. totals: columns whose sum over the rows has a meaning.
    batches: the rows; iterated once. filters: what the rows are limited to, by the name of the filter.
    created_at: when the rows are read; None if it is not shown."""

    name: str
    schema: pa.Schema
    batches: Iterable[pa.RecordBatch]
    totals: Sequence[str] = ()
    filters: Mapping[str, Sequence[str]] = field(default_factory=dict)
    created_at: datetime | None = None


def table_of(
    name: str,
    batches: Iterable[pa.RecordBatch],
    totals: Sequence[str] = (),
    filters: Mapping[str, Sequence[str]] | None = None,
    created_at: datetime | None = None,
) -> ExportTable:
    """A table of batches, at least one. Raises what reading the first batch raises."""
    rest: Iterator[pa.RecordBatch] = iter(batches)
    first = next(rest)
    return ExportTable(name, first.schema, chain([first], rest), totals, filters or {}, created_at)


def slices(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The same rows in batches of at most `SLICE` rows, at least one batch for each of them."""
    for batch in batches:
        for first in range(0, max(batch.num_rows, 1), SLICE):
            yield batch.slice(first, SLICE)
