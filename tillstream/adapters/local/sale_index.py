"""A sale index in memory, for a warehouse that one process fills and then deletes."""

import sys
import threading
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date

from tillstream.model.errors import Unavailable
from tillstream.ports.warehouse import INDEX_INCOMPLETE, PendingDay


class MemorySaleIndex:
    """The days of each hash in a dictionary; not shared between processes. most_pairs: as of the port."""

    def __init__(self, most_pairs: int = sys.maxsize) -> None:
        self.most_pairs = most_pairs
        self._days: dict[int, set[date]] = {}
        self._pending: set[PendingDay] = set()
        self._settlement_no, self._is_complete = 0, True
        self._lock = threading.Lock()

    def days(self, hashes: Collection[int]) -> Mapping[int, Collection[date]]:
        with self._lock:
            return {number: frozenset(self._days[number]) for number in hashes if number in self._days}

    def pending(self) -> Collection[PendingDay]:
        with self._lock:
            return frozenset(self._pending)

    def check(self, settlement_no: int) -> None:
        with self._lock:
            if not self._is_complete or self._settlement_no < settlement_no:
                raise Unavailable(INDEX_INCOMPLETE)

    def note(
        self, pairs: Collection[tuple[int, date]], settlement_no: int, pending: Collection[PendingDay] = ()
    ) -> None:
        with self._lock:
            _add(self._days, pairs)
            self._pending |= set(pending)
            self._settlement_no = max(self._settlement_no, settlement_no)

    def note_pending(
        self, pending: Iterable[PendingDay], pairs: Callable[[PendingDay], Iterable[tuple[int, date]]]
    ) -> int:
        noted = 0
        for each in pending:
            for number, day in pairs(each):
                with self._lock:
                    noted += day not in self._days.get(number, ())
                    _add(self._days, [(number, day)])
            with self._lock:
                self._pending.discard(each)
        return noted

    def invalidate(self) -> None:
        with self._lock:
            self._is_complete = False

    def rebuild(self, pairs: Iterable[tuple[int, date]], settlement_no: int) -> None:
        self.invalidate()
        rebuilt: dict[int, set[date]] = {}
        _add(rebuilt, pairs)
        with self._lock:
            self._days, self._settlement_no, self._is_complete = rebuilt, settlement_no, True
            self._pending.clear()

    def close(self) -> None:
        """Does nothing: the memory is released with the object."""


def _add(days: dict[int, set[date]], pairs: Iterable[tuple[int, date]]) -> None:
    for number, day in pairs:
        days.setdefault(number, set()).add(day)
