"""Periods by name, relative to today, such as last-month: an address with one of them moves on with time."""

from calendar import monthrange
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

PRESETS = (
    "yesterday",
    "last-week",
    "last-7-days",
    "last-30-days",
    "this-month",
    "last-month",
    "this-quarter",
    "this-year",
    "last-year",
    "last-12-months",
)
DATES = ("from", "to")
OWN = "own"
"""The preset of dates that are chosen one by one."""
ALL_TIME = "all"
"""The preset without dates."""


def dates_of(preset: str, today: date) -> tuple[date, date]:
    """First and last day, both included.

    A number of days or months ends yesterday, because a begun day is not comparable with a whole one. A week is from
    Monday to Sunday. The current month, quarter or year extends to its end, so that it is compared with a whole one.
    """
    yesterday = today - timedelta(days=1)
    month = today.replace(day=1)
    previous = month - timedelta(days=1)
    sunday = today - timedelta(days=today.isoweekday())
    quarter = month.replace(month=(month.month - 1) // 3 * 3 + 1)
    return {
        "yesterday": (yesterday, yesterday),
        "last-week": (sunday - timedelta(days=6), sunday),
        "last-7-days": (today - timedelta(days=7), yesterday),
        "last-30-days": (today - timedelta(days=30), yesterday),
        "this-month": (month, _last_of_months(month, 1)),
        "last-month": (previous.replace(day=1), previous),
        "this-quarter": (quarter, _last_of_months(quarter, 3)),
        "this-year": (date(today.year, 1, 1), date(today.year, 12, 31)),
        "last-year": (date(today.year - 1, 1, 1), date(today.year - 1, 12, 31)),
        "last-12-months": (_a_year_before(yesterday) + timedelta(days=1), yesterday),
    }[preset]


def with_dates(values: Mapping[str, Sequence[str]], preset: str, today: date) -> tuple[dict[str, list[str]], str]:
    """Filters as text with the dates of a preset, and the name of the preset; `OWN` for other dates, empty for none."""
    chosen = {name: list(texts) for name, texts in values.items()}
    if preset in PRESETS:
        start, end = dates_of(preset, today)
        return chosen | {"from": [start.isoformat()], "to": [end.isoformat()]}, preset
    if preset == ALL_TIME:
        return {name: texts for name, texts in chosen.items() if name not in DATES}, preset
    return chosen, OWN if any(name in chosen for name in DATES) else ""


def _last_of_months(first: date, count: int) -> date:
    """Last day of `count` months from `first`, all in the same year."""
    last = first.month + count - 1
    return first.replace(month=last, day=monthrange(first.year, last)[1])


def _a_year_before(day: date) -> date:
    """The same day a year earlier; the 28th for 29 February."""
    return day.replace(year=day.year - 1, day=28 if (day.month, day.day) == (2, 29) else day.day)
