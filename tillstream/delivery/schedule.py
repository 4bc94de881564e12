"""When something comes by e-mail: at an hour of each day, or of one day of each week or month, in a time zone."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Self
from zoneinfo import ZoneInfo

from tillstream.model.dates import Month
from tillstream.model.errors import Rejected

DAY, WEEK, MONTH = "day", "week", "month"
EVERY = (DAY, WEEK, MONTH)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTH_DAYS = 28
"""The last day of a month that every month has."""
DEFAULT_DAY = {DAY: 1, WEEK: 1, MONTH: 2}
"""Each day, Mondays, and the second of a month: files of the last day arrive in between."""
DEFAULT_HOUR = 7
_SUFFIX = {1: "st", 2: "nd", 3: "rd", 21: "st", 22: "nd", 23: "rd"}


@dataclass(frozen=True)
class DeliverySchedule:
    """every: day, week or month. day: of the week from 1, Monday, or of the month; 1 for every day. hour: 0 to 23.
    zone: of IANA."""

    every: str
    day: int
    hour: int
    zone: str

    @classmethod
    def checked(cls, every: str, day: int | None, hour: int | None, zone: str) -> Self:
        """A schedule; None for the default day or hour. Raises `Rejected`."""
        if every not in EVERY:
            raise Rejected("Choose every day, every week or every month.")
        chosen = DEFAULT_DAY[every] if every == DAY or not day else day
        one = cls(every, chosen, DEFAULT_HOUR if hour is None else hour, zone)
        if not 1 <= one.day <= (len(WEEKDAYS) if every == WEEK else MONTH_DAYS):
            raise Rejected(f"Choose a day of the week, or a day of the month from 1 to {MONTH_DAYS}.")
        if not 0 <= one.hour <= 23:
            raise Rejected("Choose an hour from 0 to 23.")
        return one

    @property
    def words(self) -> str:
        """Such as: every Monday at 7:00."""
        day = {
            DAY: "every day",
            WEEK: f"every {WEEKDAYS[(self.day - 1) % len(WEEKDAYS)]}",
            MONTH: f"every month on the {ordinal(self.day)}",
        }[self.every]
        return f"{day} at {self.hour}:00"

    def last(self, now: datetime) -> datetime:
        """The last instant up to now at which it is due, in UTC."""
        return max(at for at in self._around(now) if at <= now)

    def next(self, now: datetime) -> datetime:
        """The first instant after now at which it is due, in UTC."""
        return min(at for at in self._around(now) if at > now)

    def _around(self, now: datetime) -> Iterator[datetime]:
        """The instants of this day, week or month, of the one before and of the one after."""
        today = now.astimezone(ZoneInfo(self.zone)).date()
        monday, month = today - timedelta(days=today.weekday()), Month.from_day(today)
        for number in (-1, 0, 1):
            if self.every == DAY:
                yield self._at(today + timedelta(days=number))
            elif self.every == WEEK:
                yield self._at(monday + timedelta(days=7 * number + self.day - 1))
            else:
                yield self._at(month.plus(number).first.replace(day=self.day))

    def _at(self, day: date) -> datetime:
        return datetime.combine(day, time(self.hour), ZoneInfo(self.zone)).astimezone(UTC)


def ordinal(day: int) -> str:
    """A day of a month, such as 2nd."""
    return f"{day}{_SUFFIX.get(day, 'th')}"
