"""Typed cells of a sheet as the text that a contract reads back to the same value."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal

import pyarrow as pa

from tillstream.pipeline.reading.typed_block import encode

Cell = str | float | bool | date | datetime | time | timedelta
_EXACT = 1 << 53
"""From here on not every whole number is one of a spreadsheet."""


def column_texts(values: Sequence[Cell], decimal: str) -> pa.DictionaryArray:
    """Whole columns, as dates without a time stand among dates with one at midnight."""
    kinds = set(map(type, values))
    if kinds <= {str}:
        return encode(values)  # type: ignore[arg-type]
    timed = datetime in kinds
    if bool in kinds:  # which equals 1
        return encode([cell_text(value, decimal, timed=timed) for value in values])
    words = {value: cell_text(value, decimal, timed=timed) for value in set(values)}
    return encode([words[value] for value in values])


def cell_text(value: Cell, decimal: str, *, timed: bool = False) -> str:
    """timed: a day means its midnight."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return number_text(value, decimal)
    if isinstance(value, timedelta):
        return _span(value)
    clock = "T00:00:00" if timed and type(value) is date else ""
    return _without_idle_zeros(value.isoformat()) + clock


def number_text(value: float, decimal: str) -> str:
    """Fifteen digits, as spreadsheets show them; whole numbers that a spreadsheet cannot tell apart stay in powers."""
    if abs(value) >= _EXACT:
        return f"{value:.14E}".replace(".", decimal)
    if value == int(value):
        return str(int(value))
    text = f"{value:.15g}"
    return (f"{Decimal(text):f}" if "e" in text else text).replace(".", decimal)


def _span(value: timedelta) -> str:
    """Hours may be more than a day has."""
    seconds, sign = abs(value), "-" if value < timedelta() else ""
    hours, rest = divmod(seconds, timedelta(hours=1))
    minutes, rest = divmod(rest, timedelta(minutes=1))
    fraction = f".{rest.microseconds:06}" if rest.microseconds else ""
    return _without_idle_zeros(f"{sign}{hours:02}:{minutes:02}:{rest.seconds:02}{fraction}")


def _without_idle_zeros(text: str) -> str:
    return text.rstrip("0") if "." in text else text
