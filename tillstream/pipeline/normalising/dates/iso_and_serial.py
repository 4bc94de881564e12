"""Parse unambiguous dates: ISO 8601 and the day numbers (serials) of spreadsheets."""

import re
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.pipeline.normalising.dates.formats import DAY, MISSING
from tillstream.pipeline.rows.text_column import to_bool_array
from tillstream.pipeline.rows.types import Ints, Mask

_ISO = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
    r"(?:[T ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]{1,9}))?)?"
    r" ?(?:(Z)|([+-])([0-9]{2})(?::?([0-5][0-9]))?)?)?",
    re.IGNORECASE,
)
_START = date(1970, 1, 1).toordinal()
_SERIAL = r"^[0-9]{1,7}(?:[.,][0-9]{1,18})?$"
EXCEL = {"excel": 25_569, "excel-1904": 24_107}
"""Format → the day number of 1970-01-01. The "excel" count includes a nonexistent 29 February 1900, so days before
March 1900 are ambiguous; "excel-1904" starts in 1904."""
UNIX = {"unix": 1_000_000, "unix-ms": 1_000}
"""Format → microseconds per unit since 1970 in UTC."""
_UNIX_TEXT = {"unix": r"^[0-9]{9,10}(?:\.[0-9]{1,9})?$", "unix-ms": r"^[0-9]{12,13}$"}
_FIRST = {"excel": 61, "excel-1904": 1}
_LAST = 2_958_465
"""The end of 9999."""


def iso_text(word: str) -> tuple[int, int]:
    """Parse ISO 8601 as a `Reader`; digits beyond the microsecond are dropped. Raises `ValueError`."""
    matched = _ISO.fullmatch(word)
    if matched is None:
        raise ValueError(word)
    year, month, day, *clock = matched.groups()
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
    """bool (n,): which texts include a time. Valid only for texts that `iso_text` parses."""
    return to_bool_array(pc.greater(pc.binary_length(words), 10))


def serial_dates(words: pa.Array, kind: str) -> tuple[Ints, Mask]:
    """Parse day numbers. words: string (n,) without NULL.

    Returns the local time, MISSING where the text is not a day number, and whether it includes a time. Spreadsheets
    store a time as a fraction of a day in a float, so it is exact to the millisecond.
    """
    is_serial = pc.match_substring_regex(words, _SERIAL)
    numbers = pc.cast(pc.replace_substring(pc.if_else(is_serial, words, None), ",", "."), pa.float64())
    days = pc.fill_null(numbers, -1.0).to_numpy()
    is_valid = to_bool_array(is_serial) & (days >= _FIRST[kind]) & (days < _LAST + 1)
    millis = np.rint(np.where(is_valid, days - EXCEL[kind], 0) * 86_400_000).astype(np.int64)
    return np.where(is_valid, millis * 1000, MISSING), to_bool_array(pc.match_substring_regex(words, "[.,][0-9]*[1-9]"))


def unix_dates(words: pa.Array, kind: str) -> Ints:
    """Parse seconds or milliseconds since 1970 in UTC. words: string (n,) without NULL. MISSING for other texts."""
    is_unix = pc.match_substring_regex(words, _UNIX_TEXT[kind])
    whole = pc.cast(pc.replace_substring_regex(pc.if_else(is_unix, words, None), r"\.[0-9]*$", ""), pa.int64())
    micros: Ints = pc.fill_null(pc.multiply(whole, UNIX[kind]), MISSING).to_numpy()
    return micros
