"""The system's clock, and one for tests whose hands are moved."""

import threading
import time
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


class _Ticks:
    def __init__(self) -> None:
        self._last = 0
        self._lock = threading.Lock()

    def after(self, instant: datetime) -> int:
        with self._lock:
            self._last = max((instant - EPOCH) // MICROSECOND, self._last + 1)
            return self._last


class SystemClock:
    """The machine's clock. Ticks never go back, also where the machine's time is set back under us."""

    def __init__(self) -> None:
        self._ticks = _Ticks()

    def now(self) -> datetime:
        return datetime.now(UTC)

    def tick(self) -> int:
        return self._ticks.after(self.now())

    def sleep(self, seconds: float) -> None:
        time.sleep(max(seconds, 0.0))


class ManualClock:
    """Stands still until `advance` or `sleep` moves its hands; `start` must be timezone-aware."""

    def __init__(self, start: datetime = datetime(2024, 1, 1, tzinfo=UTC)) -> None:
        self._ticks = _Ticks()
        self._now = start.astimezone(UTC)
        self._lock = threading.Lock()

    def now(self) -> datetime:
        return self._now

    def tick(self) -> int:
        return self._ticks.after(self._now)

    def sleep(self, seconds: float) -> None:
        self.advance(max(seconds, 0.0))

    def advance(self, seconds: float) -> None:
        """Move the hands; a negative number sets the clock back, as people and time servers do."""
        with self._lock:
            self._now += timedelta(seconds=seconds)
