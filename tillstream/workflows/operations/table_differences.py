"""Rows that only one of two large results contains."""

from collections.abc import Iterable
from itertools import zip_longest
from typing import Any

import pyarrow as pa

CHUNK = 100_000
"""Rows of both results that are compared at once."""
Row = tuple[Any, ...]


def only_in_one(left: Iterable[pa.RecordBatch], right: Iterable[pa.RecordBatch]) -> tuple[set[Row], set[Row]]:
    """Rows only in the left and only in the right result, perhaps with rows that one of them has more often.

    Both have the same columns. If both are in nearly the same order, memory follows the differences, not the rows.
    """
    only_left: set[Row] = set()
    only_right: set[Row] = set()
    for one, other in zip_longest(_chunks(left), _chunks(right)):
        if one is not None and other is not None and one.equals(other):
            continue
        only_left |= _rows(one)
        only_right |= _rows(other)
        common = only_left & only_right
        only_left -= common
        only_right -= common
    return only_left, only_right


def _chunks(batches: Iterable[pa.RecordBatch]) -> Iterable[pa.Table]:
    """The same rows in tables of exactly `CHUNK` rows, except the last one."""
    waiting: list[pa.RecordBatch] = []
    for batch in batches:
        waiting.append(batch)
        while sum(one.num_rows for one in waiting) >= CHUNK:
            table = pa.Table.from_batches(waiting)
            yield table.slice(0, CHUNK)
            waiting = table.slice(CHUNK).to_batches()
    if waiting:
        yield pa.Table.from_batches(waiting)


def _rows(table: pa.Table | None) -> set[Row]:
    return set(zip(*(column.to_pylist() for column in table.columns), strict=True)) if table is not None else set()
