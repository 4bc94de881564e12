"""Dates that mean the same everywhere: ISO 8601, and the day numbers of spreadsheets."""

import re
from datetime import date

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.pipeline.normalising.dates.formats import DAY, MISSING
from tillstream.pipeline.rows.text_column import flags

Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

_ISO = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
    r"(?:[T ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]{1,9}))?)?"
    r" ?(?:(Z)|([+-])([0-9]{2})(?::?([0-5][0-9]))?)?)?",
    re.IGNORECASE,
)
_START = date(1970, 1, 1).toordinal()
_SERIAL = r"^[0-9]{1,7}(?:[.,][0-9]{1,18})?$"
EXCEL = {"excel": 25_569, "excel-1904": 24_107}
"""Format → the day number of 1970-01-01. The usual count believes in a 29 February 1900, so days before March 1900
cannot be told for sure; the other one starts in 1904."""
_FIRST = {"excel": 61, "excel-1904": 1}
_LAST = 2_958_465
"""The end of 9999."""


def iso_text(word: str) -> tuple[int, int]:
    """Wall and offset as of a `Reader`; a digit beyond the microsecond is left off. `ValueError`."""
    found = _ISO.fullmatch(word)
    if found is None:
        raise ValueError(word)
    year, month, day, *clock = found.groups()
    hour, minute, second = (int(part or 0) for part in clock[:3])
    if hour > 23 or minute > 59 or second > 59:
        raise ValueError(word)
    wall = (date(int(year), int(month), int(day)).toordinal() - _START) * DAY
    wall += (hour * 3600 + minute * 60 + second) * 1_000_000 + int((clock[3] or "0").ljust(6, "0")[:6])
    zulu, sign, hours, minutes = clock[4:]
    if sign:
        if int(hours) > 23:
            raise ValueError(word)
        offset = (int(hours) * 60 + int(minutes or 0)) * 60_000_000
        return wall, offset if sign == "+" else -offset
    return wall, 0 if zulu else MISSING


def iso_timed(words: pa.Array) -> Mask:
    """bool (n,): which of the texts that `iso_text` reads tell a time."""
    return flags(pc.greater(pc.binary_length(words), 10))


def serial_dates(words: pa.Array, kind: str) -> tuple[Ints, Mask]:
    """words: string (n,) without NULL. wall, MISSING where it is no day number; whether it tells a time.

    Spreadsheets keep a time as a fraction of a day in a float, so it is right to the millisecond.
    """
    shaped = pc.match_substring_regex(words, _SERIAL)
    numbers = pc.cast(pc.replace_substring(pc.if_else(shaped, words, None), ",", "."), pa.float64())
    days = pc.fill_null(numbers, -1.0).to_numpy()
    there = flags(shaped) & (days >= _FIRST[kind]) & (days < _LAST + 1)
    millis = np.rint(np.where(there, days - EXCEL[kind], 0) * 86_400_000).astype(np.int64)
    return np.where(there, millis * 1000, MISSING), flags(pc.match_substring_regex(words, "[.,][0-9]*[1-9]"))
