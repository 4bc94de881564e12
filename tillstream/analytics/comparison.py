"""Comparison periods: an incomplete period is compared with the same part of the earlier one."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

from tillstream.analytics.filters import Filters

MONTHS_OF_A_YEAR = 12


@dataclass(frozen=True)
class ReportedDays:
    """The first and last reported day of a scope; None without data."""

    first: date | None = None
    last: date | None = None

    def within(self, filters: Filters) -> "ReportedDays":
        """Return the range limited to the period of the filters."""
        if self.first is None or self.last is None:
            return self
        return ReportedDays(max(self.first, filters.start or self.first), min(self.last, filters.end or self.last))


@dataclass(frozen=True)
class Comparison:
    """`start` to `end` against `before_start` to `before_end`, inclusive.

    cut: the period was shortened, because its later days are not reported yet.
    """

    start: date
    end: date
    before_start: date
    before_end: date
    cut: bool


def previous_period(filters: Filters, reported: ReportedDays) -> Comparison | None:
    """Compare the period, through its last reported day, with the same part of the previous period.

    Whole months are compared with as many whole months, any other period with as many days. None if the period is
    open-ended or not reported yet, or if the previous one begins before the first reported day. Filters with sales to
    compare with of their own are compared with these, each period as it is.
    """
    if filters.start is None or filters.end is None:
        return None
    against = filters.against
    if against is not None and against.start is not None and against.end is not None:
        return Comparison(filters.start, filters.end, against.start, against.end, cut=False)
    return _compared(filters.start, filters.end, _whole_months(filters.start, filters.end), reported)


def previous_year(filters: Filters, reported: ReportedDays) -> Comparison | None:
    """As `previous_period`, with the same days of the previous year; the last day of February maps to its last day.

    None for filters with sales to compare with of their own.
    """
    if filters.against is not None or filters.start is None or filters.end is None:
        return None
    return _compared(filters.start, filters.end, MONTHS_OF_A_YEAR, reported)


def _compared(start: date, end: date, months: int, reported: ReportedDays) -> Comparison | None:
    """Compare with the period `months` earlier; if 0, with as many days just before."""
    if reported.first is None or reported.last is None or start > reported.last:
        return None
    last = min(end, reported.last)
    days = (end - start).days + 1
    if (start - date.min).days < max(days, 31 * months):
        return None
    before = _months_before(start, months) if months else start - timedelta(days=days)
    before_end = _months_before(last, months) if months else before + (last - start)
    return None if before < reported.first else Comparison(start, last, before, before_end, cut=last < end)


def _whole_months(start: date, end: date) -> int:
    """Number of whole months in the period; 0 if it does not consist of whole months."""
    if start.day > 1 or not _is_month_end(end):
        return 0
    return (end.year - start.year) * 12 + end.month - start.month + 1


def _months_before(day: date, months: int) -> date:
    """The same day `months` earlier; the last day of a month maps to the last day."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    last = monthrange(year, month + 1)[1]
    return date(year, month + 1, last if _is_month_end(day) else min(day.day, last))


def _is_month_end(day: date) -> bool:
    return day.day == monthrange(day.year, day.month)[1]
