"""Months, days and times: plausible durations, periods by name, the retail calendar, and opening hours.

Durations here are between two instants of a wall clock, which may have been set in between, or be that of another
machine. Within a process, `time.monotonic` and `time.perf_counter` measure durations instead.
"""

import re
from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Self, TypeVar
from zoneinfo import ZoneInfo


@dataclass(frozen=True, order=True)
class Month:
    """A calendar month."""

    first: date

    @classmethod
    def of(cls, day: date) -> "Month":
        return cls(day.replace(day=1))

    @classmethod
    def parse(cls, text: str) -> "Month | None":
        """The month of text such as 2026-11; None for other text."""
        year, _, month = text.strip().partition("-")
        if len(year) != 4 or len(month) != 2 or not (year + month).isascii() or not (year + month).isdigit():
            return None
        return cls(date(int(year), int(month), 1)) if 1900 <= int(year) < 2200 and 1 <= int(month) <= 12 else None

    @property
    def last(self) -> date:
        return self.plus(1).first - timedelta(days=1)

    @property
    def days(self) -> int:
        return self.last.day

    def plus(self, months: int) -> "Month":
        """The month that many months later, or earlier."""
        number = self.first.year * 12 + self.first.month - 1 + months
        return Month(date(number // 12, number % 12 + 1, 1))

    def __str__(self) -> str:
        return f"{self.first.year:04}-{self.first.month:02}"


LONGEST_WORK = timedelta(days=7)
"""Longest plausible time from receipt to a result: a server may have been off for days."""
LONGEST_WAIT = timedelta(days=3_653)
"""Longest plausible time since something happened."""
CLOCK_DIFFERENCE = timedelta(seconds=1)
"""Clocks of two machines, and one that is made strictly increasing, differ by less."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


Instant = TypeVar("Instant", datetime, timedelta)


def duration_between(start: Instant, end: Instant, longest: timedelta) -> timedelta | None:
    """Time between two instants; None if it is negative or longer than `longest`, because then a clock was wrong."""
    duration = end - start
    return max(duration, timedelta()) if -CLOCK_DIFFERENCE <= duration <= longest else None


def seconds_since_receipt(received_seq: int, now: datetime) -> dict[str, float]:
    """The field `seconds` of a log line about what was received then, in microseconds; empty if a clock was wrong."""
    seconds = seconds_between(received_seq, (now - _EPOCH) // timedelta(microseconds=1), LONGEST_WORK)
    return {} if seconds is None else {"seconds": round(seconds, 1)}


def seconds_between(start: int | None, end: int, longest: timedelta) -> float | None:
    """`duration_between` of two instants in microseconds; None without a start."""
    if start is None:
        return None
    duration = duration_between(timedelta(microseconds=start), timedelta(microseconds=end), longest)
    return None if duration is None else duration.total_seconds()


PERIOD_PRESETS = (
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
DATE_FILTERS = ("from", "to")
OWN_DATES = "own"
"""The preset of dates that are chosen one by one."""
ALL_TIME = "all"
"""The preset without dates."""


def preset_dates(preset: str, today: date) -> tuple[date, date]:
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


def with_preset_dates(
    values: Mapping[str, Sequence[str]], preset: str, today: date
) -> tuple[dict[str, list[str]], str]:
    """Filters as text with the dates of a preset, and the name of the preset; `OWN_DATES` for other dates, empty for
    none."""
    chosen = {name: list(texts) for name, texts in values.items()}
    if preset in PERIOD_PRESETS:
        start, end = preset_dates(preset, today)
        return chosen | {"from": [start.isoformat()], "to": [end.isoformat()]}, preset
    if preset == ALL_TIME:
        return {name: texts for name, texts in chosen.items() if name not in DATE_FILTERS}, preset
    return chosen, OWN_DATES if any(name in chosen for name in DATE_FILTERS) else ""


def _last_of_months(first: date, count: int) -> date:
    """Last day of `count` months from `first`, all in the same year."""
    last = first.month + count - 1
    return first.replace(month=last, day=monthrange(first.year, last)[1])


def _a_year_before(day: date) -> date:
    """The same day a year earlier; the 28th for 29 February."""
    return day.replace(year=day.year - 1, day=28 if (day.month, day.day) == (2, 29) else day.day)


RETAIL_CALENDAR_PATTERN = (
    "^(4-4-5|4-5-4|5-4-4) (monday|tuesday|wednesday|thursday|friday|saturday|sunday) (nearest|last)$"
)
"""Text of a setting: pattern, first day of a week, and start of the year."""
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True)
class RetailCalendar:
    """The fiscal year begins with the first day of a month. The retail year has 52 or 53 whole weeks, in quarters of
    three retail months with as many weeks as the pattern has; week 53 belongs to the last one. It begins with the start
    of a week: the one nearest to the first day of the fiscal year, or the last one on or before it.

    The calendar of the National Retail Federation of the USA is RetailCalendar(2, "4-5-4", "sunday", "nearest"); a year
    of IFRS and US GAAP of 52 or 53 weeks follows one of the two rules.
    """

    fiscal_month: int = 1
    """The first month of the fiscal year."""
    pattern: str = "4-4-5"
    week_start: str = "monday"
    year_start: str = "nearest"
    """nearest or last."""

    @classmethod
    def of(cls, fiscal_month: int, text: str) -> "RetailCalendar":
        """Return the calendar of the settings; text: as RETAIL_CALENDAR, such as "4-5-4 sunday nearest"."""
        pattern, week_start, year_start = text.split()
        return cls(fiscal_month, pattern, week_start, year_start)

    @property
    def days_after_monday(self) -> int:
        return WEEKDAYS.index(self.week_start)

    @property
    def days_ahead(self) -> int:
        """Days after the first day of the fiscal year whose week is the first one of the retail year."""
        return 3 if self.year_start == "nearest" else 0


_HOURS_FORM = re.compile(r"^(\d\d:\d\d)-(\d\d:\d\d) (\S+)$")


@dataclass(frozen=True)
class DailyOpeningHours:
    """From `opens` until `closes`, which may be on the next day, on the clock of `zone`; never the same time."""

    opens: time
    closes: time
    zone: ZoneInfo

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a text such as `06:00-22:00 Europe/Berlin`. Raises `ValueError`."""
        try:
            opens, closes, zone = _HOURS_FORM.findall(text)[0]
            hours = cls(time.fromisoformat(opens), time.fromisoformat(closes), ZoneInfo(zone))
        except (ValueError, LookupError, OSError) as error:  # ZoneInfo raises any of them
            raise ValueError("Write opening hours like “06:00-22:00 Europe/Berlin”.") from error
        if hours.opens == hours.closes:
            raise ValueError(f"{text} has no hours. Leave opening hours empty if stores are always open.")
        return hours

    def contain(self, at: datetime) -> bool:
        local = at.astimezone(self.zone).time()
        if self.opens <= self.closes:
            return self.opens <= local < self.closes
        return local >= self.opens or local < self.closes

    @property
    def hours(self) -> float:
        """Their length."""
        minutes = (self.closes.hour - self.opens.hour) * 60 + self.closes.minute - self.opens.minute
        return (minutes % (24 * 60)) / 60


def day_text(value: date | None) -> str:
    """A day as reports and documents print it: 3 Oct 2026; a dash for None."""
    return "–" if value is None else f"{value.day} {value:%b} {value.year}"
