"""Contract section `schedule`: when the files of a source are expected; and the expectation that people edit."""

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, ValidationError

from tillstream.model.contract_sections import ContractSection
from tillstream.model.errors import Rejected

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
ONE_DAY = timedelta(days=1)
EMAIL_ADDRESS = re.compile(r"[^@\s,;]+@[^@\s,;]+\.[^@\s,;]+")


class Schedule(ContractSection):
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
            return first, first + 6 * ONE_DAY
        if self.cadence == "monthly":
            first = day.replace(day=1)
            return first, (first + 31 * ONE_DAY).replace(day=1) - ONE_DAY
        return day, day

    def expects(self, day: date) -> bool:
        """Whether a file must cover this day."""
        if not self.cadence or (self.since is not None and day < self.since):
            return False
        return self.cadence != "daily" or WEEKDAYS[day.weekday()] not in self.closed

    def days_without_sales(self) -> tuple[date, ...]:
        """Days of a daily source on which nothing was sold, as a person recorded, in their order."""
        return ()

    def of_store(self, store: str) -> "Schedule":  # noqa: ARG002 - a contract's schedule is that of all its stores
        """The schedule of one store."""
        return self

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
            day = end + ONE_DAY


def _zone(name: str) -> str:
    try:
        if name:
            ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"“{name}” is not a time zone. Write it like Europe/London.") from error
    return name


def _addresses(addresses: tuple[str, ...]) -> tuple[str, ...]:
    for address in addresses:
        if not EMAIL_ADDRESS.fullmatch(address):
            raise ValueError(f"“{address}” is not an email address.")
    return addresses


class StoreExpectation(ContractSection):
    """What differs for one store from the rest of its source."""

    expected: bool = True
    """Whether sales of the store are expected at all."""
    closed: tuple[Weekday, ...] = ()
    """Weekdays on which the store is closed, in addition to those of its source."""
    closed_days: tuple[date, ...] = ()
    """Days on which the store is closed, in addition to those of its source."""
    since: date | None = None
    """First day for which sales of the store are expected; empty: as for its source."""


class Expectation(Schedule):
    """A schedule with closed days, a time zone of its own, exceptions of stores and recipients of reminders."""

    time_zone: Annotated[str, AfterValidator(_zone)] = ""
    """Time zone of the deadline; empty: that of the contract's dates."""
    closed_days: tuple[date, ...] = Field((), max_length=400)
    """Days without sales, such as holidays; a daily source sends no file for them."""
    notify: Annotated[tuple[str, ...], AfterValidator(_addresses)] = Field((), max_length=20)
    """Email addresses to write to about missing days."""
    stores: dict[str, StoreExpectation] = Field(default_factory=dict)
    """Store → what differs for it."""

    @classmethod
    def from_schedule(cls, schedule: Schedule) -> Self:
        """The same schedule, editable."""
        return cls(**dict(schedule))

    def expects(self, day: date) -> bool:
        return super().expects(day) and not (self.cadence == "daily" and day in self.closed_days)

    def due(self, day: date, zone: str) -> datetime:
        return super().due(day, self.time_zone or zone)

    def of_store(self, store: str) -> Schedule:
        """The expectation for one store: without a cadence if nothing is expected of it."""
        own = self.stores.get(store)
        if own is None:
            return self
        closed = tuple(day for day in WEEKDAYS if day in {*self.closed, *own.closed})
        days = tuple(sorted({*self.closed_days, *own.closed_days}))
        cadence = self.cadence if own.expected else ""
        return self.model_copy(
            update={"cadence": cadence, "closed": closed, "closed_days": days, "since": own.since or self.since}
        )


class AppliedExpectation(Expectation):
    """An expectation with the days on which nothing was sold, for which no file is expected."""

    nothing_sold: tuple[date, ...] = ()

    def expects(self, day: date) -> bool:
        return super().expects(day) and day not in self.days_without_sales()

    def days_without_sales(self) -> tuple[date, ...]:
        return self.nothing_sold if self.cadence == "daily" else ()


class WrongExpectation(Rejected):
    """A value of an expectation is invalid; `field` is its name, such as closed_days."""

    def __init__(self, field: str, words: str) -> None:
        super().__init__(words)
        self.field = field


def parse_expectation(data: Mapping[str, Any]) -> Expectation:
    """Read an expectation from text values. Raises `WrongExpectation` with the first mistake."""
    try:
        return Expectation.model_validate(data)
    except ValidationError as error:
        mistake = error.errors()[0]
        value, message = mistake["input"], str(mistake["msg"]).removeprefix("Value error, ")
        if mistake["type"].startswith("date"):
            message = f"“{value}” is not a date. Write it like 2026-12-25."
        elif mistake["type"].startswith("time"):
            message = f"“{value}” is not a time. Write it like 12:00."
        raise WrongExpectation(str(mistake["loc"][0]), message) from error
