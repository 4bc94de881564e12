"""Clocks that the simulation moves: one in this process, and one of a server in another process."""

import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

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


class MovedClock:
    """The clock of a server: that of the machine, ahead by the seconds in a file, which `move` writes."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._written, self._ahead, self._last = -1, timedelta(0), 0
        self._lock = threading.Lock()

    def now(self) -> datetime:
        written = self._file.stat().st_mtime_ns
        if written != self._written:
            self._written, self._ahead = written, timedelta(seconds=float(self._file.read_text()))
        return datetime.now(UTC) + self._ahead

    def tick(self) -> int:
        with self._lock:
            self._last = max(self._last + 1, int(self.now().timestamp() * 1_000_000))
            return self._last

    def sleep(self, seconds: float) -> None:
        time.sleep(max(seconds, 0.0))


def move(file: Path, to: datetime) -> None:
    """Move the clock of `file` to an instant."""
    new = file.with_suffix(".new")
    new.write_text(str((to - datetime.now(UTC)).total_seconds()))
    new.replace(file)


def advance(file: Path, seconds: float) -> None:
    """Move the clock of `file` on."""
    move(file, datetime.now(UTC) + timedelta(seconds=float(file.read_text()) + seconds))
