"""A sale index in memory, for a warehouse that one process fills and then deletes."""

import threading
from collections.abc import Collection, Iterable, Mapping
from datetime import date


class MemorySaleIndex:
    """The days of each hash in a dictionary; not shared between processes."""

    def __init__(self) -> None:
        self._days: dict[int, set[date]] = {}
        self._lock = threading.Lock()

    def days(self, hashes: Collection[int]) -> Mapping[int, Collection[date]]:
        with self._lock:
            return {number: frozenset(self._days[number]) for number in hashes if number in self._days}

    def note(self, pairs: Collection[tuple[int, date]]) -> None:
        with self._lock:
            _add(self._days, pairs)

    def rebuild(self, pairs: Iterable[tuple[int, date]]) -> None:
        rebuilt: dict[int, set[date]] = {}
        _add(rebuilt, pairs)
        with self._lock:
            self._days = rebuilt

    def close(self) -> None:
        """Does nothing: the memory is released with the object."""


def _add(days: dict[int, set[date]], pairs: Iterable[tuple[int, date]]) -> None:
    for number, day in pairs:
        days.setdefault(number, set()).add(day)
