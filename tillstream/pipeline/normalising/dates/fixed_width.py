"""Dates whose texts all have one width, read digit by digit over all rows at once."""

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.pipeline.normalising.dates.cache import is_simple
from tillstream.pipeline.normalising.dates.formats import DAY, MISSING, letters_of
from tillstream.pipeline.rows.text_column import data_bytes

_LIMITS = {"H": (24, 3600), "M": (60, 60), "S": (60, 1)}
"""Letter → (first number that is too large, seconds of one)."""

Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class FixedDates:
    """A format of digits alone, as the bytes of a text in which each part has its full width."""

    width: int
    """Bytes, without the digits of a fraction."""
    fraction: bool
    """One to six digits of a second's fraction stand last."""
    places: dict[str, int]
    signs: dict[int, int]
    """Place → the byte that must stand there."""
    years_from: int
    """Two digits mean the hundred years from this one."""

    @classmethod
    def of(cls, format: str, years_from: int) -> "FixedDates | None":
        """None for a format that has other parts than Y, y, m, d, H, M and S, and f at its end."""
        fraction = format.endswith("%S.%f")
        regular = format.removesuffix("%f") if fraction else format
        letters = letters_of(regular)
        time_only = set(letters).isdisjoint("Yymd")
        if not is_simple(letters, time_only=time_only) or not regular.isascii():
            return None
        places: dict[str, int] = {}
        signs: dict[int, int] = {}
        width = 0
        for part in re.findall(r"%.|.", regular):
            if part[0] == "%" and len(part) == 2:
                places[part[1]] = width
                width += 4 if part[1] == "Y" else 2
            else:
                signs[width] = ord(part)
                width += 1
        return cls(width, fraction, places, signs, years_from)

    def read(self, words: pa.Array) -> Ints | None:
        """words: string (n,) without NULL. int64 (n,) microseconds since 1970, MISSING where a text does not match;
        None where not all texts have the width, so that this way says nothing."""
        lengths = pc.min_max(pc.binary_length(words)).as_py()
        length = lengths["min"] or 0
        digits = length - self.width
        if lengths["max"] != length or digits not in (range(1, 7) if self.fraction else (0,)):
            return None
        letters = data_bytes(words).reshape(-1, length)
        bad = np.zeros(len(words), np.bool_)
        for place, sign in self.signs.items():
            bad |= letters[:, place] != sign
        wall = np.zeros(len(words), np.int64)
        for letter, (limit, seconds) in _LIMITS.items():
            if letter in self.places:
                number = _number(letters, self.places[letter], 2, bad)
                bad |= number >= limit
                wall += number * (seconds * 1_000_000)
        if self.fraction:
            wall += _number(letters, self.width, digits, bad) * 10 ** (6 - digits)
        if "d" in self.places:
            wall += self._days(letters, bad) * DAY
        return np.where(bad, MISSING, wall)

    def _days(self, letters: npt.NDArray[np.uint8], bad: Mask) -> Ints:
        month, day = (_number(letters, self.places[one], 2, bad) for one in "md")
        if "Y" in self.places:
            year = _number(letters, self.places["Y"], 4, bad)
        else:
            year = self.years_from + (_number(letters, self.places["y"], 2, bad) - self.years_from) % 100
        bad |= (year < 1) | (month < 1) | (month > 12)
        months = np.where(bad, 0, (year - 1970) * 12 + month - 1)
        first = int(months.min())
        starts = np.arange(first, int(months.max()) + 2).astype("M8[M]").astype("M8[D]").astype(np.int64)
        start, after = starts[months - first], starts[months - first + 1]
        bad |= (day < 1) | (day > after - start)
        days: Ints = start + day - 1
        return days


def _number(letters: npt.NDArray[np.uint8], place: int, width: int, bad: Mask) -> Ints:
    number = np.zeros(len(letters), np.int64)
    for i in range(place, place + width):
        # Bytes below "0" wrap round to large ones, so one comparison finds all that are no digit.
        digit = letters[:, i] - np.uint8(ord("0"))
        np.logical_or(bad, digit > 9, out=bad)
        number = number * 10 + digit
    return number
