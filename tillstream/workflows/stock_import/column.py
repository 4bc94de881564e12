"""A column of a file as distinct values, each of which is converted once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from tillstream.pipeline.rows.text_columns import Ints, Mask, strip_and_mask
from tillstream.workflows.stock_import.refusals import Problem, Refusals, UnusableCell


@dataclass(frozen=True)
class Column:
    """Row i is `values[index[i]]`; None: the row is refused. index: int64 (n,)."""

    values: Sequence[Any]
    index: Ints

    def where(self, test: Callable[[Any], bool]) -> Mask:
        """bool (n,): rows that are not refused and whose value passes a test."""
        passes: Mask = np.array([value is not None and test(value) for value in self.values], np.bool_)[self.index]
        return passes

    def numbers(self, of: Callable[[Any], int]) -> Ints:
        """int64 (n,): a number of each value; -1 for refused rows."""
        numbers: Ints = np.array([-1 if value is None else of(value) for value in self.values], np.int64)[self.index]
        return numbers

    def convert(self, parse: Callable[[Any], Any], refusals: Refusals) -> "Column":
        """Call `parse` for each value; the rows of those for which it raises `UnusableCell` are refused."""
        values: list[Any] = []
        problems: dict[int, Problem] = {}
        for at, value in enumerate(self.values):
            try:
                values.append(None if value is None else parse(value))
            except UnusableCell as error:
                values.append(None)
                problems[at] = error.problem
        if problems:
            rows = np.flatnonzero(np.isin(self.index, list(problems)))
            refusals.add(rows, [problems[at] for at in self.index[rows].tolist()])
        return _distinct(values, self.index)

    def take(self, rows: Ints) -> "Column":
        """The column of some rows. rows: (k,) positions."""
        return Column(self.values, self.index[rows])

    def blank_where(self, mask: Mask) -> "Column":
        """The column with empty texts in the rows of a mask, bool (n,)."""
        return _distinct([*self.values, ""], np.where(mask, len(self.values), self.index))

    def ranks(self) -> Ints:
        """int64 (n,): the rank of each row's value; no row may be refused."""
        used = np.unique(self.index)
        ranks = np.zeros(len(self.values), np.int64)
        ranks[sorted(used.tolist(), key=lambda at: self.values[at])] = np.arange(len(used))
        rows: Ints = ranks[self.index]
        return rows


def texts(cells: pa.Table, name: str, default: str = "") -> Column:
    """The texts of a column, trimmed; the default where it is empty, or if there is no such column."""
    if name not in cells.column_names:
        return Column([default], np.zeros(cells.num_rows, np.int64))
    column = strip_and_mask(cells.column(name))
    words = [default if word is None else word for word in column.words.to_pylist()]
    return Column(words or [default], column.index.astype(np.int64))


def pairs(first: Column, second: Column) -> Column:
    """Pairs of two values; None where one of them is."""
    count = len(second.values)
    codes, index = np.unique(first.index * count + second.index, return_inverse=True)
    both = [(first.values[code // count], second.values[code % count]) for code in codes.tolist()]
    return Column([None if None in pair else pair for pair in both] or [None], index.astype(np.int64))


def _distinct(values: Sequence[Any], index: Ints) -> Column:
    positions = {value: at for at, value in enumerate(dict.fromkeys(values))}
    return Column(list(positions), np.array([positions[value] for value in values], np.int64)[index])
