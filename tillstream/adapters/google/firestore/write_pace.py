"""The pace of bulk writes to Firestore, which divides a collection among more servers only as its traffic grows.

Google advises 500 writes per second to a new collection, and 50 % more after every five minutes.
"""

import time
from collections.abc import Callable

FIRST_RATE = 500.0
"""Writes per second."""
GROWTH = 1.5
GROWS_EVERY = 300.0
"""Seconds."""


class WritePace:
    """Limits the writes of one call. The first ones pass at once; unused time is not made up for."""

    def __init__(
        self, sleep: Callable[[float], None] = time.sleep, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._sleep, self._monotonic = sleep, monotonic
        self._rate = FIRST_RATE
        self._next = monotonic()
        self._grows_at = self._next + GROWS_EVERY

    def wait(self, writes: int) -> None:
        """Wait until this number of writes may be sent."""
        now = self._monotonic()
        if now < self._next:
            self._sleep(self._next - now)
            now = self._next
        while now >= self._grows_at:
            self._rate *= GROWTH
            self._grows_at += GROWS_EVERY
        self._next = now + writes / self._rate
