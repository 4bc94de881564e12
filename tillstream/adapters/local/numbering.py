"""Numbers of what is received: microseconds of the clock, made strictly increasing, unless the clock was ahead.

A number far above the one before may come from a clock that is ahead, or from a home that was not used for days. It
shows when the clock is back between the two: then the numbers continue there, and those of the wrong clock are named.
"""

from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise

from tillstream.adapters.local.clock import EPOCH, MICROSECOND
from tillstream.domain.batch.record import CLOCK_TOLERANCE
from tillstream.ports.clock import Clock
from tillstream.ports.finding import Finding, Lost

SECOND = 1_000_000
TOLERANCE = CLOCK_TOLERANCE // MICROSECOND
LEAP = 2 * 86_400 * SECOND
"""Distance of two numbers after which the later one may be of a clock that is ahead."""


def tick_of(clock: Clock) -> int:
    """A tick of the clock, distinct in this process; its time, if the tick still follows one that was ahead."""
    now, tick = (clock.now() - EPOCH) // MICROSECOND, clock.tick()
    return tick if tick - now <= TOLERANCE else now


@dataclass(frozen=True)
class Numbers:
    """The last number; before, after: the last two that are more than `LEAP` apart, 0 if there are none."""

    last: int = 0
    before: int = 0
    after: int = 0

    def following(self, now: int, count: int = 1) -> tuple["Numbers", "Ahead | None"]:
        """The state after so many more numbers, which end with its `last`; and which were given by a clock ahead."""
        if self.last and now > self.last + LEAP:
            return Numbers(now + count - 1, self.last, now), None
        if self.is_ahead(now):
            return Numbers(max(now, self.before + 1) + count - 1), Ahead(self.after, self.last, now)
        return Numbers(max(now, self.last + 1) + count - 1, self.before, self.after), None

    def is_ahead(self, now: int) -> bool:
        """Whether the last number came from a clock that was ahead of the one that shows `now`."""
        is_back = self.last - now > TOLERANCE and now < self.after - TOLERANCE
        return bool(self.before) and is_back and now >= self.before - TOLERANCE


@dataclass(frozen=True)
class Ahead:
    """Numbers from `first` to `last` came from a clock that was ahead; noticed at `now`."""

    first: int
    last: int
    now: int


def from_stored(numbers: list[int], now: int) -> Numbers:
    """The state after numbers that are stored, as if they had been given in their order."""
    ordered = sorted(numbers)
    leaps = [
        (first, second)
        for first, second in pairwise(ordered)
        if second - first > LEAP and first - TOLERANCE <= now < second - TOLERANCE
    ]
    before, after = leaps[-1] if leaps else (0, 0)
    return Numbers(ordered[-1] if ordered else 0, before, after)


def of_behind(last: int, now: int) -> list[Finding]:
    """What is found if the clock shows a time before the last number."""
    if last - now <= TOLERANCE:
        return []
    shown, received = (f"{EPOCH + timedelta(microseconds=each):%Y-%m-%d %H:%M} UTC" for each in (now, last))
    message = f"The clock of this machine shows {shown}, but something was received at {received}."
    remedy = "Set the clock, or wait until it is later than that: until then, times of receipt are only an order."
    return [Finding("clock", message, remedy, Lost.CLOCK)]


def of_ahead(name: str, what: str, ahead: Ahead) -> Finding:
    first, last, now = (EPOCH + timedelta(microseconds=each) for each in (ahead.first, ahead.last, ahead.now))
    return Finding(
        f"{name} until {last:%Y-%m-%d %H:%M}",
        f"The clock of this machine was ahead until {now:%Y-%m-%d %H:%M} UTC: it gave received {what} times from "
        f"{first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M} UTC. What is received now has times of the clock again.",
        "Open each file with such a time, and reprocess it with the time at which it was received, so that it does not "
        "replace the values of later files (tillstream replay BATCH --received TIME --preview). Let the system set the "
        "clock from a time server.",
        Lost.ORDER,
    )
