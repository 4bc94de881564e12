"""Queries that run in this process, and can be cancelled."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from portal.sql_page import texts
from tillstream.model.errors import Rejected

MOST = 2
"""Queries that a person can run at a time."""


class RunningQueries:
    """The running queries of each person, with the number that their page chose: any text, also the same twice."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: list[tuple[str, str, threading.Event]] = []

    @contextmanager
    def running(self, login: str, number: str) -> Iterator[Callable[[], bool]]:
        """Whether the query was cancelled. Raises `Rejected` if too many queries of the person run."""
        event = threading.Event()
        with self._lock:
            if sum(owner == login for owner, _, _ in self._running) >= MOST:
                raise Rejected(texts.in_use(MOST))
            self._running.append((login, number, event))
        try:
            yield event.is_set
        finally:
            with self._lock:
                self._running = [one for one in self._running if one[2] is not event]

    def cancel(self, login: str, number: str) -> None:
        """Cancel the queries of the person with a number; one that is not running is none of this process."""
        with self._lock:
            for owner, own_number, event in self._running:
                if (owner, own_number) == (login, number):
                    event.set()
