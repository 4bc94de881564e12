"""Turns of homes: one call of a home is processed at a time, and in one process only those of some homes."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import timedelta

from tillstream.model.errors import TillstreamError
from tillstream.ports import Ports
from tillstream.records.job_runs import DocumentLease
from tillstream.sync.refusals import Busy

MOST = 4
"""Homes whose calls one process works on at the same time, so that pages still have threads."""
STILL_AT_WORK = "The head office is settling what was sent before. It continues by itself."
COLLECTION = "sync_turns"
LONGEST = timedelta(minutes=10)
"""Longer than a function works on a call: a turn that was not ended, as its instance died, ends then."""


class Turns:
    """The homes whose calls this process works on now."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._homes: set[str] = set()
        self._lock = threading.Lock()

    @contextmanager
    def turn(self, home: str) -> Iterator[None]:
        """Raise `Busy` while an earlier call of the home is processed, as after a lost connection."""
        with self._lock:
            if home in self._homes or len(self._homes) >= self._most:
                raise Busy(STILL_AT_WORK)
            self._homes.add(home)
        try:
            yield
        finally:
            with self._lock:
                self._homes.discard(home)


def shared_turns(ports: Ports) -> Callable[[str], AbstractContextManager[None]]:
    """As `Turns.turn`, among all instances of a function: a document for each home."""
    return lambda home: _shared_turn(ports, home)


@contextmanager
def _shared_turn(ports: Ports, home: str) -> Iterator[None]:
    lease = DocumentLease(ports, COLLECTION, home)
    if not lease.take(LONGEST):
        raise Busy(STILL_AT_WORK)
    try:
        yield
    finally:
        with suppress(TillstreamError):  # it ends by itself
            lease.end()
