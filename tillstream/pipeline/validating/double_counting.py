"""Detect rows that would count twice: repeated rows and sales, and a total that is filled like a sale.

Settlement numbers equal lines of a sale and keeps all of them, as two coffees on two lines are two coffees. Lines with
a number of their own are not compared: equal ones count once.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.pipeline.rows.text_columns import combine_chunks, exact_sum, to_bool_array

_MIN_ROWS_OF_TOTAL = 5
"""Number of rows with an amount that the row adds up."""

_MAX_ROWS = 200_000
"""Rows that are compared; of a larger file, those of a part of its sales."""
_MIN_REPEATED_ROWS = 5
"""Rows without their repeats, below which equal lines are no evidence."""
_MIN_ROWS_ALONE = 12
"""The same for rows without sale numbers, each of which is a sale of its own: few occur an even number of times by
chance."""
_ALL, _MOST = 0.95, 0.5
"""Shares of the rows whose sales are repeated as a whole: everywhere in the file, or with other sales between."""
_COPIES = (2, 3, 5, 7)
"""Of which the number of copies of a file in itself is a multiple."""
_MAX_ODD = 0.1
"""Rows that occur an odd number of times, for each that is repeated: equal sales without numbers occur at random."""

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class _TotalCandidate:
    line: int
    amount: Decimal


class TotalRow:
    """Adds up the accepted rows of one file, in their order."""

    def __init__(self) -> None:
        self._sum, self._count = Decimal(0), 0
        self._first: _TotalCandidate | None = None
        self._last: _TotalCandidate | None = None

    def add(self, rows: pa.Table) -> None:
        """Add accepted rows, columns of `STAGED`."""
        amounts = pc.coalesce(combine_chunks(rows.column("gross_amount")), combine_chunks(rows.column("net_amount")))
        used = np.flatnonzero(pc.fill_null(pc.not_equal(amounts, 0), fill_value=False).to_numpy(zero_copy_only=False))
        if not len(used):
            return
        lines = combine_chunks(rows.column("line_number"))
        first, last = (
            _TotalCandidate(lines[index].as_py(), amounts[index].as_py()) for index in (int(used[0]), int(used[-1]))
        )
        self._first, self._last = self._first or first, last
        self._sum += exact_sum(amounts) or 0
        self._count += len(used)

    def doubt(self) -> str:
        """The evidence that a row is the total of the file; empty if there is none."""
        for row in (self._last, self._first):
            if row and self._count > _MIN_ROWS_OF_TOTAL and 2 * row.amount == self._sum:
                return (
                    f"the amount of line {row.line:,}, {row.amount.normalize():f}, is the sum of all "
                    f"{self._count - 1:,} other rows with an amount"
                )
        return ""


@dataclass(frozen=True)
class _RepeatedSales:
    """Rows without their repeats, in arrays (n,)."""

    count: Ints
    """How often each occurs."""
    first: Ints
    second: Ints
    """Positions of its first and its next occurrence in the compared rows."""
    is_repeated: npt.NDArray[np.bool_]
    """Whether the counts of all rows of its sale are multiples of the same number of copies."""
    is_apart: npt.NDArray[np.bool_]
    """Whether it is repeated so, and rows of other sales are between those of its sale."""
    odd: int
    """How many occur three, five or more times, in sales that are not repeated."""


class RepeatedRows:
    """Compares the accepted rows of one file by their hashes, at most `_MAX_ROWS` of them.

    has_numbers: sales are identified by numbers, not by their content. Without them, equal rows are frequent: only a
    file that is in itself as a whole is in doubt.
    """

    def __init__(self, *, has_numbers: bool = True) -> None:
        self._has_numbers = has_numbers
        self._kept: list[Ints] = []
        self._count, self._mask = 0, np.int64(0)

    def add(self, rows: pa.Table) -> None:
        """Add accepted rows, columns of `STAGED` and `HASH_SCHEMA`."""
        is_numbered = to_bool_array(combine_chunks(rows.column("line_key")).is_valid())
        names = ("sale", "content", "row_number", "line_number")
        values = np.stack([combine_chunks(rows.column(name)).to_numpy() for name in names]).astype(np.int64)
        values[1] ^= combine_chunks(rows.column("key_low")).to_numpy()
        self._keep(values[:, ~is_numbered])
        while self._count > _MAX_ROWS:
            self._mask = self._mask << 1 | np.int64(1)
            kept, self._kept, self._count = self._kept, [], 0
            for one in kept:
                self._keep(one)

    def _keep(self, values: Ints) -> None:
        """Keep the rows of the sales that are compared."""
        kept = values[:, values[0] & self._mask == 0]
        self._kept.append(kept)
        self._count += kept.shape[1]

    def doubt(self) -> str:
        """The evidence that rows are repeated; empty if there is none."""
        least = _MIN_REPEATED_ROWS if self._has_numbers else _MIN_ROWS_ALONE
        if self._count < 2 * least:
            return ""
        rows = np.concatenate(self._kept, axis=1)
        sales = _compare(rows)
        total = len(sales.count)
        if total < least:
            return ""
        if not self._has_numbers:
            multiples = [sales.count % copies == 0 for copies in _COPIES]
            chosen = max(multiples, key=np.count_nonzero)
            if chosen.mean() < _ALL:
                return ""
        elif sales.is_repeated.mean() >= _ALL:
            chosen = sales.is_repeated
        elif sales.is_apart.mean() >= _MOST and sales.odd <= _MAX_ODD * sales.is_apart.sum():
            chosen = sales.is_apart
        else:
            return ""
        index = int(np.flatnonzero(chosen)[np.argmin(sales.first[chosen])])
        lines = rows[3]
        return (
            f"{_part_number(int(chosen.sum()), total)} occur two or more times, with all rows of their sales: the "
            "row of "
            f"line {lines[sales.first[index]]:,} is that of line {lines[sales.second[index]]:,} again"
        )


def _compare(rows: Ints) -> _RepeatedSales:
    """rows: sale, content, row number and line number of each row, (4, n) in the order of the file."""
    order = np.lexsort((rows[2], rows[1], rows[0]))
    sale, content, number = rows[:3, order]
    is_first = np.r_[True, (sale[1:] != sale[:-1]) | (content[1:] != content[:-1])]
    starts = np.flatnonzero(is_first)
    count = np.diff(np.r_[starts, len(order)])
    sales = sale[starts]
    sale_starts = np.flatnonzero(np.r_[True, sales[1:] != sales[:-1]])
    of_sale = np.repeat(np.arange(len(sale_starts)), np.diff(np.r_[sale_starts, len(sales)]))
    is_repeated = np.any([_all(count % copies == 0, sale_starts) for copies in _COPIES], axis=0)
    first, last = np.minimum.reduceat(number, starts), np.maximum.reduceat(number, starts)
    span = np.maximum.reduceat(last, sale_starts) - np.minimum.reduceat(first, sale_starts) + 1
    is_apart = is_repeated & (span > np.add.reduceat(count, sale_starts))
    second = order[np.minimum(starts + 1, len(order) - 1)]
    odd = int(((count % 2 == 1) & (count > 1) & ~is_repeated[of_sale]).sum())
    return _RepeatedSales(count, order[starts], second, is_repeated[of_sale], is_apart[of_sale], odd)


def _all(values: npt.NDArray[np.bool_], starts: Ints) -> Any:
    """bool (m,): whether all values of each group are true."""
    return np.logical_and.reduceat(values, starts)


def _part_number(part: int, total: int) -> str:
    return f"all {total:,} different rows" if part == total else f"{part:,} of {total:,} different rows"
