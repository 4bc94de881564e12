"""Months, days and times: plausible durations, the retail calendar, and opening hours.

Durations here are between two instants of a wall clock, which may have been set in between, or be that of another
machine. Within a process, `time.monotonic` and `time.perf_counter` measure durations instead.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Self, TypeVar
from zoneinfo import ZoneInfo

LONGEST_WORK = timedelta(days=7)
"""Longest plausible time from receipt to a result: a server may have been off for days."""
LONGEST_WAIT = timedelta(days=3_653)
"""Longest plausible time since something happened."""
CLOCK_DIFFERENCE = timedelta(seconds=1)
"""Clocks of two machines, and one that is made strictly increasing, differ by less."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


Instant = TypeVar("Instant", datetime, timedelta)

RETAIL_CALENDAR_PATTERN = (
    "^(4-4-5|4-5-4|5-4-4) (monday|tuesday|wednesday|thursday|friday|saturday|sunday) (nearest|last)$"
)
"""Text of a setting: pattern, first day of a week, and start of the year."""
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

_HOURS_FORM = re.compile(r"^(\d\d:\d\d)-(\d\d:\d\d) (\S+)$")


@dataclass(frozen=True, order=True)
class Month:
    """A calendar month."""

    first: date

    @classmethod
    def from_day(cls, day: date) -> "Month":
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
    def from_setting(cls, fiscal_month: int, text: str) -> "RetailCalendar":
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


def instant_text(at: datetime) -> str:
    """An instant as documents contain it, to the second: texts of two instants in UTC compare as the instants."""
    return at.isoformat(timespec="seconds")


def utc_text(at: datetime | None) -> str:
    """An instant in UTC, in ISO 8601; empty for None."""
    return at.astimezone(UTC).isoformat() if at else ""
