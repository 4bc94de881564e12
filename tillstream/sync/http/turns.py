"""Turns of homes whose entries are settled: one request of a home at a time, and only some homes at the same time."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tillstream.domain.errors import Unavailable

MOST = 4
"""Homes whose entries are settled at the same time, so that pages still have threads."""


class Turns:
    """The homes whose entries this process settles now."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._homes: set[str] = set()
        self._lock = threading.Lock()

    @contextmanager
    def turn(self, home: str) -> Iterator[None]:
        """Raise `Unavailable` while an earlier request of the home is processed, as after a lost connection."""
        with self._lock:
            if home in self._homes or len(self._homes) >= self._most:
                raise Unavailable("The head office is settling what was sent before. It continues by itself.")
            self._homes.add(home)
        try:
            yield
        finally:
            with self._lock:
                self._homes.discard(home)
