"""Time between two instants of a wall clock, which may have been set in between, or be that of another machine.

Within a process, `time.monotonic` and `time.perf_counter` measure durations instead.
"""

from datetime import UTC, datetime, timedelta
from typing import TypeVar

WORK = timedelta(days=7)
"""Longest plausible time from receipt to a result: a server may have been off for days."""
WAIT = timedelta(days=3_653)
"""Longest plausible time since something happened."""
ROUGHLY = timedelta(seconds=1)
"""Clocks of two machines, and one that is made strictly increasing, differ by less."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


Instant = TypeVar("Instant", datetime, timedelta)


def between(start: Instant, end: Instant, longest: timedelta) -> timedelta | None:
    """Time between two instants; None if it is negative or longer than `longest`, because then a clock was wrong."""
    duration = end - start
    return max(duration, timedelta()) if -ROUGHLY <= duration <= longest else None


def seconds_since(received_seq: int, now: datetime) -> dict[str, float]:
    """The field `seconds` of a log line about what was received then, in microseconds; empty if a clock was wrong."""
    seconds = seconds_between(received_seq, (now - _EPOCH) // timedelta(microseconds=1), WORK)
    return {} if seconds is None else {"seconds": round(seconds, 1)}


def seconds_between(start: int | None, end: int, longest: timedelta) -> float | None:
    """`between` of two instants in microseconds; None without a start."""
    if start is None:
        return None
    duration = between(timedelta(microseconds=start), timedelta(microseconds=end), longest)
    return None if duration is None else duration.total_seconds()
