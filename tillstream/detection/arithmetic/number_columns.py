"""Numeric columns as arrays, to find columns by what they contain."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tillstream.detection.arithmetic.money import TOLERANCE, to_float
from tillstream.detection.sheet import Sheet
from tillstream.detection.values.numbers import NumberStyle

Numbers = npt.NDArray[np.float64]
MAX_ROWS = 1_000
_MIN_ROWS, _MIN_PROVING = 5, 3


@dataclass(frozen=True)
class Agreement:
    """How many rows a rule explains."""

    matching: int
    rows: int
    proving: int
    """Rows that the rule explains and that no simpler rule explains."""

    @property
    def share(self) -> float:
        return self.matching / self.rows if self.rows else 0.0

    def is_at_least(self, share: float) -> bool:
        return self.rows >= _MIN_ROWS and self.proving >= _MIN_PROVING and self.share >= share


class NumberColumns:
    """The first rows of numeric columns; cells that are no number are NaN."""

    def __init__(self, sheet: Sheet, names: Iterable[str], style: NumberStyle) -> None:
        self._values: dict[str, Numbers] = {}
        for name in names:
            cells = sheet.columns[name].cells[:MAX_ROWS]
            read = {cell: to_float(cell, style) for cell in set(cells)}
            self._values[name] = np.array([np.nan if read[cell] is None else read[cell] for cell in cells], np.float64)

    def __getitem__(self, name: str) -> Numbers:
        return self._values[name]

    def __contains__(self, name: str) -> bool:
        return name in self._values

    @property
    def names(self) -> list[str]:
        return list(self._values)

    def or_zero(self, name: str) -> Numbers | float:
        """The column with 0 for missing numbers; 0 without a name."""
        return np.nan_to_num(self._values[name]) if name in self._values else 0.0

    def sum_of(self, names: Iterable[str], *, of_sizes: bool = False) -> Numbers:
        """The sum (n,) of columns, with 0 for missing numbers; of_sizes: of the numbers without their signs."""
        numbers = (np.nan_to_num(self._values[name]) for name in names)
        length = len(next(iter(self._values.values())))
        return sum(map(np.abs, numbers) if of_sizes else numbers, np.zeros(length))


def agreement(total: Numbers, computed: Numbers, simpler: Numbers) -> Agreement:
    """Compare a column with what a rule computes. simpler: the column that the rule must differ from to be proved."""
    is_number = ~np.isnan(total) & ~np.isnan(computed)
    matches = is_number & is_equal(total, computed)
    proving = matches & ~is_equal(computed, simpler) & (np.abs(computed) > TOLERANCE)
    return Agreement(int(matches.sum()), int(is_number.sum()), len(np.unique(computed[proving].round(2))))


def is_equal(left: Numbers, right: Numbers) -> npt.NDArray[np.bool_]:
    equal: npt.NDArray[np.bool_] = np.abs(left - right) <= TOLERANCE + 1e-9 * np.abs(left)
    return equal
