"""The number of the latest settlement, read once for all open streams of the process."""

import threading
import time
from collections.abc import Callable

CHECK_INTERVAL = 0.25
"""Seconds between two checks while a stream is open."""
FRESH = 4 * CHECK_INTERVAL
"""Seconds for which a number that another stream read is still used."""
AWAKE = 1.0
"""Seconds after which a sleeping stream looks whether the server is stopping."""


class Broadcaster:
    """Wakes all streams at a new settlement. Of the streams that wait, one reads the ledger and the others sleep.

    It has no thread of its own, and reads nothing while no stream is open. Thread-safe.
    """

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._ended = threading.Event()
        self._number: int | None = None
        self._read_at = float("-inf")
        self._is_read = False
        """Whether a stream is reading the ledger for all."""
        self.stopping: Callable[[], bool] = lambda: False
        """Whether the server is stopping; called about once a second."""

    @property
    def ended(self) -> bool:
        return self._ended.is_set() or self.stopping()

    def end(self) -> None:
        """Wake all streams for the last time."""
        self._ended.set()
        with self._condition:
            self._condition.notify_all()

    def current(self, latest: Callable[[], int]) -> int:
        """The number that a stream read a moment ago, or else the one that `latest` reads now."""
        with self._condition:
            if self._number is not None and time.monotonic() - self._read_at < FRESH:
                return self._number
        return latest()

    def wait(self, latest: Callable[[], int], after: int, timeout: float) -> int | None:
        """Wait for a settlement with another number than `after`; None at the end of the time, or of the server.

        latest: reads the number; whatever it raises ends the wait of its stream, and another stream continues.
        """
        deadline = time.monotonic() + timeout
        while not self.ended and (left := deadline - time.monotonic()) > 0:
            with self._condition:
                if self._number not in {None, after} and time.monotonic() - self._read_at < FRESH:
                    return self._number
                if self._is_read:
                    self._condition.wait(min(left, AWAKE))
                    continue
                self._is_read = True
            try:
                number = self._read(latest, after, deadline)
            finally:
                with self._condition:
                    self._is_read = False
                    self._condition.notify_all()
            if number is not None:
                return number
        return None

    def _read(self, latest: Callable[[], int], after: int, deadline: float) -> int | None:
        while not self.ended and time.monotonic() < deadline:
            number = latest()
            with self._condition:
                has_changed = number != self._number
                self._number, self._read_at = number, time.monotonic()
                if has_changed:
                    self._condition.notify_all()
            if number != after:
                return number
            self._ended.wait(CHECK_INTERVAL)
        return None
