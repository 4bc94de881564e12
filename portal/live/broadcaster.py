"""The version of the ledger and of the sales before it, read once for all open streams of the process."""

import threading
import time
from collections.abc import Callable
from typing import NamedTuple

CHECK_INTERVAL = 0.25
"""Seconds between two checks while a stream is open."""
FRESH = 4 * CHECK_INTERVAL
"""Seconds for which a version that another stream read is still used."""
AWAKE = 1.0
"""Seconds after which a sleeping stream looks whether the server is stopping."""


class Version(NamedTuple):
    """What pages show: the last settlement, and the number of appends of sales that are not settled yet."""

    settlement_no: int
    appends: int = 0


class Broadcaster:
    """Wakes all streams at a new version. Of the streams that wait, one reads the ledger and the others sleep.

    It has no thread of its own, and reads nothing while no stream is open. Thread-safe.
    """

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._ended = threading.Event()
        self._version: Version | None = None
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

    def current(self, latest: Callable[[], Version]) -> Version:
        """The version that a stream read a moment ago, or else the one that `latest` reads now."""
        with self._condition:
            if self._version is not None and time.monotonic() - self._read_at < FRESH:
                return self._version
        return latest()

    def wait(self, latest: Callable[[], Version], after: Version, timeout: float) -> Version | None:
        """Wait for another version than `after`; None at the end of the time, or of the server.

        latest: reads the version; whatever it raises ends the wait of its stream, and another stream continues.
        """
        deadline = time.monotonic() + timeout
        while not self.ended and (left := deadline - time.monotonic()) > 0:
            with self._condition:
                if self._version not in {None, after} and time.monotonic() - self._read_at < FRESH:
                    return self._version
                if self._is_read:
                    self._condition.wait(min(left, AWAKE))
                    continue
                self._is_read = True
            try:
                version = self._read(latest, after, deadline)
            finally:
                with self._condition:
                    self._is_read = False
                    self._condition.notify_all()
            if version is not None:
                return version
        return None

    def _read(self, latest: Callable[[], Version], after: Version, deadline: float) -> Version | None:
        while not self.ended and time.monotonic() < deadline:
            version = latest()
            with self._condition:
                has_changed = version != self._version
                self._version, self._read_at = version, time.monotonic()
                if has_changed:
                    self._condition.notify_all()
            if version != after:
                return version
            self._ended.wait(CHECK_INTERVAL)
        return None
