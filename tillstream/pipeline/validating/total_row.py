"""Detect a first or last accepted row that is the sum of all others: a total of the file that is filled like a sale."""

from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.pipeline.rows.exact_sum import exact_sum
from tillstream.pipeline.rows.text_column import combined

_MIN_ROWS = 5
"""Number of rows with an amount that the row adds up."""


@dataclass(frozen=True)
class _Row:
    line: int
    amount: Decimal


class TotalRow:
    """Adds up the accepted rows of one file, in their order."""

    def __init__(self) -> None:
        self._sum, self._count = Decimal(0), 0
        self._first: _Row | None = None
        self._last: _Row | None = None

    def add(self, rows: pa.Table) -> None:
        """Add accepted rows, columns of `STAGED`."""
        amounts = pc.coalesce(combined(rows.column("gross_amount")), combined(rows.column("net_amount")))
        used = np.flatnonzero(pc.fill_null(pc.not_equal(amounts, 0), fill_value=False).to_numpy(zero_copy_only=False))
        if not len(used):
            return
        lines = combined(rows.column("line_number"))
        first, last = (_Row(lines[index].as_py(), amounts[index].as_py()) for index in (int(used[0]), int(used[-1])))
        self._first, self._last = self._first or first, last
        self._sum += exact_sum(amounts) or 0
        self._count += len(used)

    def doubt(self) -> str:
        """The evidence that a row is the total of the file; empty if there is none."""
        for row in (self._last, self._first):
            if row and self._count > _MIN_ROWS and 2 * row.amount == self._sum:
                return (
                    f"the amount of line {row.line:,}, {row.amount.normalize():f}, is the sum of all "
                    f"{self._count - 1:,} other rows with an amount"
                )
        return ""
