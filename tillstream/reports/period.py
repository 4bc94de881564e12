"""Periods of reports: a week, a month or chosen days."""

from dataclasses import dataclass
from datetime import date, timedelta

from tillstream.model.errors import Rejected
from tillstream.model.months import Month

DAY = timedelta(days=1)
WEEK, MONTH, DAYS = "week", "month", "days"
MOST_DAYS = 400


@dataclass(frozen=True)
class ReportPeriod:
    """first and last are inclusive. kind: week, month or days."""

    first: date
    last: date
    kind: str = DAYS

    @property
    def name(self) -> str:
        """Such as October 2026, week 43 of 2026, or 3 October 2026 to 9 October 2026."""
        if self.kind == MONTH:
            return f"{self.first:%B} {self.first.year}"
        if self.kind == WEEK:
            year, week, _ = self.first.isocalendar()
            return f"week {week} of {year}"
        return written(self.first) if self.first == self.last else f"{written(self.first)} to {written(self.last)}"

    @property
    def before(self) -> str:
        """What it is compared with."""
        return {MONTH: "the month before", WEEK: "the week before"}.get(self.kind, "the period before")


def written(day: date) -> str:
    """A day such as 3 October 2026."""
    return f"{day.day} {day:%B} {day.year}"


def chosen(first: date, last: date) -> ReportPeriod:
    """A period of these days, which is a month or week if they are one. Raises `Rejected`."""
    if last < first:
        raise Rejected("The last day is before the first day.")
    if (last - first).days >= MOST_DAYS:
        raise Rejected(f"A report can have at most {MOST_DAYS} days.")
    month = Month.of(first)
    if (first, last) == (month.first, month.last):
        return ReportPeriod(first, last, MONTH)
    if first.weekday() == 0 and last - first == 6 * DAY:
        return ReportPeriod(first, last, WEEK)
    return ReportPeriod(first, last)


def latest(kind: str, today: date) -> ReportPeriod:
    """The last complete month or week before a day."""
    if kind == WEEK:
        monday = today - timedelta(days=today.weekday() + 7)
        return ReportPeriod(monday, monday + 6 * DAY, WEEK)
    month = Month.of(today).plus(-1)
    return ReportPeriod(month.first, month.last, MONTH)
