"""Analytics: which days a chosen period is compared with, so that an unfinished one never meets a whole one."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

from tillstream.analytics.filters import Filters

MONTHS_OF_A_YEAR = 12


@dataclass(frozen=True)
class Reported:
    """The first and the last day that has been reported in a scope; None where nothing has."""

    first: date | None = None
    last: date | None = None

    def within(self, filters: Filters) -> "Reported":
        """Those of them that the filters choose."""
        if self.first is None or self.last is None:
            return self
        return Reported(max(self.first, filters.start or self.first), min(self.last, filters.end or self.last))


@dataclass(frozen=True)
class Comparison:
    """`start` to `end` against `before_start` to `before_end`, all included; `cut`: later days are not reported yet."""

    start: date
    end: date
    before_start: date
    before_end: date
    cut: bool


def compared(filters: Filters, reported: Reported) -> Comparison | None:
    """The chosen days through the last reported one, and the same part of the period just before.

    Whole months are compared with as many whole months, any other period with as many days. None without both ends,
    where nothing of the period is reported yet, and where the days before begin before the first reported one.
    """
    if filters.start is None or filters.end is None:
        return None
    return _compared(filters.start, filters.end, _whole_months(filters.start, filters.end), reported)


def compared_year(filters: Filters, reported: Reported) -> Comparison | None:
    """As `compared`, with the same days of the year before; the last day of February has the last one as its twin."""
    if filters.start is None or filters.end is None:
        return None
    return _compared(filters.start, filters.end, MONTHS_OF_A_YEAR, reported)


def _compared(start: date, end: date, months: int, reported: Reported) -> Comparison | None:
    """Against so many months before, or for none against as many days just before."""
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
    """How many, from a first to a last day of a month; 0 where they are others."""
    if start.day > 1 or not _is_last(end):
        return 0
    return (end.year - start.year) * 12 + end.month - start.month + 1


def _months_before(day: date, months: int) -> date:
    """The same day so many months before; the last day of a month has the last day of the other as its twin."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    last = monthrange(year, month + 1)[1]
    return date(year, month + 1, last if _is_last(day) else min(day.day, last))


def _is_last(day: date) -> bool:
    return day.day == monthrange(day.year, day.month)[1]
