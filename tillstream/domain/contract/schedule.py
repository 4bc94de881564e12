"""Contract section `schedule`: when the files of a source are expected."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import Field

from tillstream.domain.contract.sections import Strict

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
DAY = timedelta(days=1)


class Schedule(Strict):
    """When files are expected. Without a cadence, no file is expected or late."""

    cadence: Literal["", "daily", "weekly", "monthly"] = ""
    """How often a file is expected, and the period it covers: a day, a week from Monday to Sunday, or a month."""
    deadline_days: int = Field(1, ge=0, le=60)
    """Days after the last day of the period by which the file is due."""
    deadline: time = time(12, 0)
    """Time of that day by which the file is due, in the time zone of `dates`."""
    closed: tuple[Weekday, ...] = ()
    """Weekdays without sales; a daily source sends no file for them."""
    since: date | None = None
    """First day for which a file is expected; empty: the first day that was received."""

    def period(self, day: date) -> tuple[date, date]:
        """First and last day of the period that contains a day."""
        if self.cadence == "weekly":
            first = day - timedelta(days=day.weekday())
            return first, first + 6 * DAY
        if self.cadence == "monthly":
            first = day.replace(day=1)
            return first, (first + 31 * DAY).replace(day=1) - DAY
        return day, day

    def expects(self, day: date) -> bool:
        """Whether a file must cover this day."""
        if not self.cadence or (self.since is not None and day < self.since):
            return False
        return self.cadence != "daily" or WEEKDAYS[day.weekday()] not in self.closed

    def due(self, day: date, zone: str) -> datetime:
        """Deadline of the file that covers a day."""
        last = self.period(day)[1] + timedelta(days=self.deadline_days)
        return datetime.combine(last, self.deadline, ZoneInfo(zone))

    def periods(self, first: date, last: date) -> Iterator[tuple[date, date]]:
        """Expected periods, from the one that contains `first` through the one that contains `last`."""
        day = first
        while day <= last:
            start, end = self.period(day)
            if self.expects(end):
                yield start, end
            day = end + DAY
