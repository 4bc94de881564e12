"""Format typed sheet cells as text that the contract parses back to the same value."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from math import isfinite

import pyarrow as pa

from tillstream.pipeline.reading.typed_block import encode

Cell = str | float | bool | date | datetime | time | timedelta
_EXACT_INTEGERS = 1 << 53
"""From here on, a float cannot represent every integer."""


def column_texts(values: Sequence[Cell], decimal: str) -> pa.DictionaryArray:
    """Format a whole column; dates get a midnight time if any value of the column has a time."""
    types = set(map(type, values))
    if types <= {str}:
        return encode(values)  # type: ignore[arg-type]
    has_times = datetime in types
    if bool in types:  # True equals 1 as a key
        return encode([cell_text(value, decimal, has_times=has_times) for value in values])
    texts = {value: cell_text(value, decimal, has_times=has_times) for value in set(values)}
    return encode([texts[value] for value in values])


def cell_text(value: Cell, decimal: str, *, has_times: bool = False) -> str:
    """Format one cell. has_times: write dates with a midnight time."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return number_text(value, decimal)
    if isinstance(value, timedelta):
        return _duration_text(value)
    clock = "T00:00:00" if has_times and type(value) is date else ""
    return _strip_trailing_zeros(value.isoformat()) + clock


def number_text(value: float, decimal: str) -> str:
    """Format with 15 digits, as spreadsheets do; integers beyond float precision keep scientific notation."""
    if not isfinite(value):
        return str(value)
    if abs(value) >= _EXACT_INTEGERS:
        return f"{value:.14E}".replace(".", decimal)
    if value == int(value):
        return str(int(value))
    text = f"{value:.15g}"
    return (f"{Decimal(text):f}" if "e" in text else text).replace(".", decimal)


def _duration_text(value: timedelta) -> str:
    """Format as HH:MM:SS; hours may exceed 23."""
    seconds, sign = abs(value), "-" if value < timedelta() else ""
    hours, remainder = divmod(seconds, timedelta(hours=1))
    minutes, remainder = divmod(remainder, timedelta(minutes=1))
    fraction = f".{remainder.microseconds:06}" if remainder.microseconds else ""
    return _strip_trailing_zeros(f"{sign}{hours:02}:{minutes:02}:{remainder.seconds:02}{fraction}")


def _strip_trailing_zeros(text: str) -> str:
    return text.rstrip("0") if "." in text else text
