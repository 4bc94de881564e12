"""A number that many streams watch: it is read for all of them at most once in some seconds."""

import threading
import time
from collections.abc import Callable


class SharedNumber:
    """Reads only while a stream asks. Thread-safe. fresh: seconds for which a value is used."""

    def __init__(self, fresh: float) -> None:
        self._fresh = fresh
        self._lock = threading.Lock()
        self._value = 0
        self._read_at = float("-inf")

    def current(self, read: Callable[[], int]) -> int:
        """The value that a stream read a moment ago, or else the one that `read` returns now. Raises what it raises."""
        with self._lock:
            if time.monotonic() - self._read_at >= self._fresh:
                self._value, self._read_at = read(), time.monotonic()
            return self._value
