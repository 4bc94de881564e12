"""The system clock, and a manual one for tests."""

import threading
import time
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


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
