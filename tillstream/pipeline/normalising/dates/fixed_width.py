"""Parse fixed-width dates digit by digit, vectorised over all rows."""

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.pipeline.normalising.dates.cache import is_simple
from tillstream.pipeline.normalising.dates.formats import DAY, MISSING, letters_of
from tillstream.pipeline.rows.text_column import data_bytes
from tillstream.pipeline.rows.types import Ints, Mask

_LIMITS = {"H": (24, 3600), "M": (60, 60), "S": (60, 1)}
"""Directive → (exclusive upper limit, seconds per unit)."""


@dataclass(frozen=True)
class FixedDates:
    """Byte layout of a digit-only format in which each part has its full width."""

    width: int
    """Bytes, without the digits of the fraction."""
    fraction: bool
    """Whether the text ends with one to six digits of a fraction of a second."""
    positions: dict[str, int]
    literals: dict[int, int]
    """Position → the literal byte required there."""
    years_from: int
    """First year of the 100-year window of two-digit years."""

    @classmethod
    def of(cls, format: str, years_from: int) -> "FixedDates | None":
        """Return the layout of a format; None if it has directives other than Y, y, m, d, H, M, S and a final f."""
        fraction = format.endswith("%S.%f")
        regular = format.removesuffix("%f") if fraction else format
        letters = letters_of(regular)
        time_only = set(letters).isdisjoint("Yymd")
        if not is_simple(letters, time_only=time_only) or not regular.isascii():
            return None
        positions: dict[str, int] = {}
        literals: dict[int, int] = {}
        width = 0
        for part in re.findall(r"%.|.", regular):
            if part[0] == "%" and len(part) == 2:
                positions[part[1]] = width
                width += 4 if part[1] == "Y" else 2
            else:
                literals[width] = ord(part)
                width += 1
        return cls(width, fraction, positions, literals, years_from)

    def read(self, words: pa.Array) -> Ints | None:
        """Parse texts. words: string (n,) without NULL.

        Returns int64 (n,) microseconds since 1970, MISSING where a text does not match; None if the texts do not all
        have the required width.
        """
        lengths = pc.min_max(pc.binary_length(words)).as_py()
        length = lengths["min"] or 0
        digits = length - self.width
        if lengths["max"] != length or digits not in (range(1, 7) if self.fraction else (0,)):
            return None
        data = data_bytes(words).reshape(-1, length)
        invalid = np.zeros(len(words), np.bool_)
        for position, literal in self.literals.items():
            invalid |= data[:, position] != literal
        wall = np.zeros(len(words), np.int64)
        for letter, (limit, seconds) in _LIMITS.items():
            if letter in self.positions:
                number = _number(data, self.positions[letter], 2, invalid)
                invalid |= number >= limit
                wall += number * (seconds * 1_000_000)
        if self.fraction:
            wall += _number(data, self.width, digits, invalid) * 10 ** (6 - digits)
        if "d" in self.positions:
            wall += self._days(data, invalid) * DAY
        return np.where(invalid, MISSING, wall)

    def _days(self, data: npt.NDArray[np.uint8], invalid: Mask) -> Ints:
        month, day = (_number(data, self.positions[directive], 2, invalid) for directive in "md")
        if "Y" in self.positions:
            year = _number(data, self.positions["Y"], 4, invalid)
        else:
            year = self.years_from + (_number(data, self.positions["y"], 2, invalid) - self.years_from) % 100
        invalid |= (year < 1) | (month < 1) | (month > 12)
        months = np.where(invalid, 0, (year - 1970) * 12 + month - 1)
        first = int(months.min())
        starts = np.arange(first, int(months.max()) + 2).astype("M8[M]").astype("M8[D]").astype(np.int64)
        start, after = starts[months - first], starts[months - first + 1]
        invalid |= (day < 1) | (day > after - start)
        days: Ints = start + day - 1
        return days


def _number(data: npt.NDArray[np.uint8], position: int, width: int, invalid: Mask) -> Ints:
    number = np.zeros(len(data), np.int64)
    for i in range(position, position + width):
        # Bytes below "0" wrap around to large values, so one comparison detects all non-digits.
        digit = data[:, i] - np.uint8(ord("0"))
        np.logical_or(invalid, digit > 9, out=invalid)
        number = number * 10 + digit
    return number
