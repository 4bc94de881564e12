"""Queries that run in this process, and can be cancelled."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from portal.sql_page import texts
from tillstream.domain.errors import Rejected

MOST = 2
"""Queries that a person can run at a time."""


class RunningQueries:
    """The running queries by person and by the number that their page chose."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: dict[tuple[str, str], threading.Event] = {}

    @contextmanager
    def running(self, login: str, number: str) -> Iterator[Callable[[], bool]]:
        """Whether the query was cancelled. Raises `Rejected` if too many queries of the person run."""
        event = threading.Event()
        with self._lock:
            if sum(owner == login for owner, _ in self._running) >= MOST:
                raise Rejected(texts.in_use(MOST))
            self._running[login, number] = event
        try:
            yield event.is_set
        finally:
            with self._lock:
                self._running.pop((login, number), None)

    def cancel(self, login: str, number: str) -> None:
        """Cancel a query of the person; one that is not running is none of this process."""
        with self._lock:
            event = self._running.get((login, number))
        if event:
            event.set()
