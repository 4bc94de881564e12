"""A sale index in memory, for a warehouse that one process fills and then deletes."""

import threading
from collections.abc import Collection, Iterable, Mapping
from datetime import date

from tillstream.domain.errors import Unavailable
from tillstream.ports.sale_index import INCOMPLETE


class MemorySaleIndex:
    """The days of each hash in a dictionary; not shared between processes."""

    def __init__(self) -> None:
        self._days: dict[int, set[date]] = {}
        self._settlement_no, self._is_complete = 0, True
        self._lock = threading.Lock()

    def days(self, hashes: Collection[int]) -> Mapping[int, Collection[date]]:
        with self._lock:
            return {number: frozenset(self._days[number]) for number in hashes if number in self._days}

    def check(self, settlement_no: int) -> None:
        with self._lock:
            if not self._is_complete or self._settlement_no < settlement_no:
                raise Unavailable(INCOMPLETE)

    def note(self, pairs: Collection[tuple[int, date]], settlement_no: int) -> None:
        with self._lock:
            _add(self._days, pairs)
            self._settlement_no = max(self._settlement_no, settlement_no)

    def invalidate(self) -> None:
        with self._lock:
            self._is_complete = False

    def rebuild(self, pairs: Iterable[tuple[int, date]], settlement_no: int) -> None:
        self.invalidate()
        rebuilt: dict[int, set[date]] = {}
        _add(rebuilt, pairs)
        with self._lock:
            self._days, self._settlement_no, self._is_complete = rebuilt, settlement_no, True

    def close(self) -> None:
        """Does nothing: the memory is released with the object."""


def _add(days: dict[int, set[date]], pairs: Iterable[tuple[int, date]]) -> None:
    for number, day in pairs:
        days.setdefault(number, set()).add(day)
