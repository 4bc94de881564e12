"""The days of dates as they are written, without their times, and the column that a contract splits them into."""

import re
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from tillstream.detection.sheet import Column, Sheet
from tillstream.detection.values.date_profile import ORDERS, parse_in_order

_TIME = re.compile(r",?[ T_]+[0-9]{1,2}[:.][0-9]{2}(?![0-9]).*$")
_SEPARATORS = (" ", "T")
_DAY = " (day)"
"""End of the name of the column that is split from one of dates with times."""
_NUMBER = re.compile(r"(?P<day>[2-6][0-9]{4})\.[0-9]+|(?P<seconds>1[0-9]{9})(?:[0-9]{3})?")
"""A serial number of a spreadsheet with a time; seconds or milliseconds since 1970."""
_SECONDS, _OF_A_NIGHT = 86_400, 2


def day_of(moment: str) -> str:
    """The day of a date, as it is written."""
    if match := _NUMBER.fullmatch(moment):
        return match["day"] or str(int(match["seconds"]) // _SECONDS)
    return _TIME.sub("", moment)


def day_column(dates: Column) -> str:
    """The name of the column of days that is split from dates with times; that of the dates if it cannot be."""
    has_times = any(day_of(cell) != cell for cell in dates.words)
    return f"{dates.name}{_DAY}" if has_times and _separator(dates.words) else dates.name


def derived_days(names: Sequence[str], sheet: Sheet) -> dict[str, dict[str, Any]]:
    """The columns of days among these names, as `made` of a contract splits them from the dates."""
    return {
        name: {"split": column.name, "by": _separator(column.words), "part": 1}
        for name in names
        if name not in sheet.columns and (column := sheet.columns.get(name.removesuffix(_DAY)))
    }


def is_night(days: Collection[str]) -> bool:
    """Whether these are two days of which one may follow the other."""
    read = [[parse_in_order(day, order) for day in days] for order in ORDERS]
    gaps = [abs((one[0] - one[1]).days) for one in read if len(one) == _OF_A_NIGHT and one[0] and one[1]]
    return any(gap <= 1 for gap in gaps)


def _separator(moments: Iterable[str]) -> str:
    """The sign between day and time in all of these; empty if there is none."""
    distinct = tuple(moments)
    return next(
        (sign for sign in _SEPARATORS if all(cell.split(sign)[0].rstrip(",") == day_of(cell) for cell in distinct)), ""
    )
