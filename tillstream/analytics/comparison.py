"""Comparison periods, the same part of an earlier one for an incomplete one, and the effects of a change in revenue.

Reports and pages name the rows of the queries `change` and `change-by-group` by the effects: there is one set of names,
and one default of what an item is.
"""

from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from tillstream.analytics.filters import Filters
from tillstream.model.errors import Rejected

MONTHS_OF_A_YEAR = 12
MAX_MONTH_AGE = timedelta(days=45)
"""How old the last complete month may be, relative to the last reported day, to be the latest period."""
STORE_CLOSED_AFTER = timedelta(days=92)
"""A region without sales for longer no longer reports, and months are complete without it."""
LATEST_DAYS = 28


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
class PeriodComparison:
    """`start` to `end` against `before_start` to `before_end`, inclusive.

    cut: the period was shortened, because its later days are not reported yet.
    """

    start: date
    end: date
    before_start: date
    before_end: date
    cut: bool


@dataclass(frozen=True)
class LatestPeriod:
    """`start` to `end`, inclusive. is_month: a complete month; otherwise the last reported days."""

    start: date
    end: date
    is_month: bool


def latest_period(regions: Iterable[ReportedDays], today: date) -> LatestPeriod | None:
    """The latest complete month, or the last LATEST_DAYS reported days; None without data.

    A month is complete if it begins on or after the first reported day, every region is reported through its last day,
    and that day is before today. A complete month that is older than MONTH_AGE is not the latest period.
    """
    reported = [(days.first, days.last) for days in regions if days.first is not None and days.last is not None]
    if not reported:
        return None
    first, last = min(first for first, _ in reported), max(last for _, last in reported)
    through = min(today - timedelta(days=1), *(day for _, day in reported if last - day <= STORE_CLOSED_AFTER))
    end = through if _is_month_end(through) else through.replace(day=1) - timedelta(days=1)
    if end.replace(day=1) >= first and last - end <= MAX_MONTH_AGE:
        return LatestPeriod(end.replace(day=1), end, is_month=True)
    return LatestPeriod(max(first, last - timedelta(days=LATEST_DAYS - 1)), last, is_month=False)


def compare_previous_period(filters: Filters, reported: ReportedDays) -> PeriodComparison | None:
    """Compare the period, through its last reported day, with the same part of the previous period.

    Whole months are compared with as many whole months, any other period with as many days, unless the filters have a
    period to compare with. None if the period is open-ended or not reported yet, or if the previous one begins before
    the first reported day. Other sales are compared with each period as it is.
    """
    if filters.start is None or filters.end is None:
        return None
    if filters.against is not None:
        before_start, before_end = filters.before_start or filters.start, filters.before_end or filters.end
        return PeriodComparison(filters.start, filters.end, before_start, before_end, cut=False)
    if filters.before_start or filters.before_end:
        return _chosen(filters.start, filters.end, filters.before_start, filters.before_end, reported)
    return _compared(filters.start, filters.end, _whole_months(filters.start, filters.end), reported)


def compare_previous_year(filters: Filters, reported: ReportedDays) -> PeriodComparison | None:
    """As `compare_previous_period`, with the same days of the previous year; the last day of February maps to its last
    day.

    None for filters with other sales to compare with.
    """
    if filters.against is not None or filters.start is None or filters.end is None:
        return None
    return _compared(filters.start, filters.end, MONTHS_OF_A_YEAR, reported)


def period_before(start: date, end: date) -> tuple[date, date]:
    """The first and last day of as many whole months before, or of as many days just before.

    Raises `Rejected` if it would begin before year 1.
    """
    months = _whole_months(start, end)
    try:
        last = start - timedelta(days=1)
        return (_months_before(start, months) if months else last - (end - start)), last
    except (OverflowError, ValueError) as error:
        raise Rejected(f"No period before {start} is as long. Choose a later first day.") from error


def _chosen(
    start: date, end: date, before_start: date | None, before_end: date | None, reported: ReportedDays
) -> PeriodComparison | None:
    """Compare with a chosen period, as long as `start` to `end` if one of its ends is open; both are cut alike,
    also whole months of different lengths."""
    if reported.first is None or reported.last is None or start > reported.last:
        return None
    days = end - start
    first = before_start or (before_end - days if before_end else start)
    last = min(end, reported.last)
    before_last = before_end or first + days
    months = _whole_months(start, end)
    if months and months == _whole_months(first, before_last):
        apart = (start.year - first.year) * MONTHS_OF_A_YEAR + start.month - first.month
        before_last = _months_before(last, apart)
    elif before_last - first == days:
        before_last = first + (last - start)
    if first < reported.first or before_last > reported.last:
        return None
    return PeriodComparison(start, last, first, before_last, cut=last < end)


def _compared(start: date, end: date, months: int, reported: ReportedDays) -> PeriodComparison | None:
    """Compare with the period `months` earlier; if 0, with as many days just before."""
    if reported.first is None or reported.last is None or start > reported.last:
        return None
    last = min(end, reported.last)
    days = (end - start).days + 1
    if (start - date.min).days < max(days, 31 * months):
        return None
    before = _months_before(start, months) if months else start - timedelta(days=days)
    before_end = _months_before(last, months) if months else before + (last - start)
    return None if before < reported.first else PeriodComparison(start, last, before, before_end, cut=last < end)


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
