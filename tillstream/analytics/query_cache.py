"""Analytics: answers kept in memory until the next settlement, so that a dashboard loaded again is instant."""

import threading
from collections import OrderedDict
from collections.abc import Hashable

import pyarrow as pa


class QueryCache:
    """At most `limit` bytes of answers, the least used go first. Safe in threads.

    Keys carry the settlement number, so a settlement needs no call; `clear` after anything else that changes answers
    (rates, the reporting currency).
    """

    def __init__(self, limit: int = 64_000_000) -> None:
        self._limit = limit
        self._size = 0
        self._kept: OrderedDict[Hashable, pa.Table] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> pa.Table | None:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def put(self, key: Hashable, answer: pa.Table) -> None:
        """Kept unless it would take more than a quarter of the room."""
        if answer.nbytes * 4 > self._limit:
            return
        with self._lock:
            if key not in self._kept:
                self._size += answer.nbytes
            self._kept[key] = answer
            while self._size > self._limit:
                self._size -= self._kept.popitem(last=False)[1].nbytes

    def clear(self) -> None:
        with self._lock:
            self._kept.clear()
            self._size = 0
