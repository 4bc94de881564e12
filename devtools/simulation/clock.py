"""A clock that only the simulation moves."""

from datetime import UTC, datetime, timedelta

START = datetime(2026, 1, 1, tzinfo=UTC)


class SimulatedClock:
    """The `Clock` of a simulated home."""

    def __init__(self, start: datetime = START) -> None:
        self._now = start
        self._last = 0

    def now(self) -> datetime:
        return self._now

    def tick(self) -> int:
        self._last = max(self._last + 1, int(self._now.timestamp() * 1_000_000))
        return self._last

    def sleep(self, seconds: float) -> None:
        self.advance(max(seconds, 0.0))

    def advance(self, seconds: float) -> None:
        """Move on."""
        self._now += timedelta(seconds=seconds)
