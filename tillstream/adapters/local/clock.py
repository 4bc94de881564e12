"""The system clock, a manual one for tests, and strictly increasing numbers from its microseconds.

A number far above the one before may come from a clock that is ahead, or from a home that was not used for days. It
shows when the clock is back between the two: then the numbers continue there, and those of the wrong clock are named.
"""

import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from tillstream.model.batch import CLOCK_TOLERANCE
from tillstream.ports.files import FileFinding, LostContent
from tillstream.ports.machine import Clock

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

TICKS_PER_SECOND = 1_000_000
TOLERATED_TICKS = CLOCK_TOLERANCE // MICROSECOND
LEAP = 2 * 86_400 * TICKS_PER_SECOND
"""Distance of two numbers after which the later one may be of a clock that is ahead."""


class _TickCounter:
    def __init__(self) -> None:
        self._last = 0
        self._lock = threading.Lock()

    def after(self, instant: datetime) -> int:
        with self._lock:
            self._last = max((instant - EPOCH) // MICROSECOND, self._last + 1)
            return self._last


class SystemClock:
    """The clock of the machine. Ticks never decrease, even if the machine's time is set back."""

    def __init__(self) -> None:
        self._ticks = _TickCounter()

    def now(self) -> datetime:
        return datetime.now(UTC)

    def tick(self) -> int:
        return self._ticks.after(self.now())

    def sleep(self, seconds: float) -> None:
        time.sleep(max(seconds, 0.0))


class ManualClock:
    """Advances only with `advance` or `sleep`; `start` must be timezone-aware. Mostly after the days of files."""

    def __init__(self, start: datetime = datetime(2026, 7, 1, tzinfo=UTC)) -> None:
        self._ticks = _TickCounter()
        self._now = start.astimezone(UTC)
        self._lock = threading.Lock()

    def now(self) -> datetime:
        return self._now

    def tick(self) -> int:
        return self._ticks.after(self._now)

    def sleep(self, seconds: float) -> None:
        self.advance(max(seconds, 0.0))

    def advance(self, seconds: float) -> None:
        """Advance the clock; a negative number sets it back, as administrators and time servers do."""
        with self._lock:
            self._now += timedelta(seconds=seconds)


def tick_of(clock: Clock) -> int:
    """A tick of the clock, distinct in this process; its time, if the tick still follows one that was ahead."""
    now, tick = (clock.now() - EPOCH) // MICROSECOND, clock.tick()
    return tick if tick - now <= TOLERATED_TICKS else now


@dataclass(frozen=True)
class SequenceNumbers:
    """The last number; before, after: the last two that are more than `LEAP` apart, 0 if there are none."""

    last: int = 0
    before: int = 0
    after: int = 0

    def following(self, now: int, count: int = 1) -> tuple["SequenceNumbers", "ClockAhead | None"]:
        """The state after so many more numbers, which end with its `last`; and which were given by a clock ahead."""
        if self.last and now > self.last + LEAP:
            return SequenceNumbers(now + count - 1, self.last, now), None
        if self.is_ahead(now):
            return SequenceNumbers(max(now, self.before + 1) + count - 1), ClockAhead(self.after, self.last, now)
        return SequenceNumbers(max(now, self.last + 1) + count - 1, self.before, self.after), None

    def is_ahead(self, now: int) -> bool:
        """Whether the last number came from a clock that was ahead of the one that shows `now`."""
        is_back = self.last - now > TOLERATED_TICKS and now < self.after - TOLERATED_TICKS
        return bool(self.before) and is_back and now >= self.before - TOLERATED_TICKS


@dataclass(frozen=True)
class ClockAhead:
    """Numbers from `first` to `last` came from a clock that was ahead; noticed at `now`."""

    first: int
    last: int
    now: int


def numbers_from_stored(numbers: list[int], now: int) -> SequenceNumbers:
    """The state after numbers that are stored, as if they had been given in their order."""
    ordered = sorted(numbers)
    leaps = [
        (first, second)
        for first, second in pairwise(ordered)
        if second - first > LEAP and first - TOLERATED_TICKS <= now < second - TOLERATED_TICKS
    ]
    before, after = leaps[-1] if leaps else (0, 0)
    return SequenceNumbers(ordered[-1] if ordered else 0, before, after)


def findings_of_clock_behind(last: int, now: int) -> list[FileFinding]:
    """What is found if the clock shows a time before the last number."""
    if last - now <= TOLERATED_TICKS:
        return []
    shown, received = (f"{EPOCH + timedelta(microseconds=each):%Y-%m-%d %H:%M} UTC" for each in (now, last))
    message = f"The clock of this machine shows {shown}, but something was received at {received}."
    remedy = "Set the clock, or wait until it is later than that: until then, times of receipt are only an order."
    return [FileFinding("clock", message, remedy, LostContent.CLOCK)]


def finding_of_clock_ahead(name: str, what: str, ahead: ClockAhead) -> FileFinding:
    first, last, now = (EPOCH + timedelta(microseconds=each) for each in (ahead.first, ahead.last, ahead.now))
    return FileFinding(
        f"{name} until {last:%Y-%m-%d %H:%M}",
        f"The clock of this machine was ahead until {now:%Y-%m-%d %H:%M} UTC: it gave received {what} times from "
        f"{first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M} UTC. What is received now has times of the clock again.",
        "Open each file with such a time, and reprocess it with the time at which it was received, so that it does not "
        "replace the values of later files (tillstream replay BATCH --received TIME --preview). Let the system set the "
        "clock from a time server.",
        LostContent.ORDER,
    )
