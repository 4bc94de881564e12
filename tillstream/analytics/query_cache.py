"""In-memory LRU cache of query results, valid until the next settlement."""

import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # every app has a cache, but not every app runs queries
    import pyarrow as pa

from tillstream.batches.freshness import DataVersion


class QueryCache:
    """Cache at most `limit` bytes of results, evicting the least recently used. Thread-safe.

    Keys include the settlement number, so a settlement needs no `clear`; call it after any other change of results
    (rates, the reporting currency). newest: returns the current data version without querying the warehouse,
    for warehouses that are slow to query; None if there is none.
    """

    def __init__(self, limit: int = 64_000_000, newest: Callable[[], DataVersion | None] = lambda: None) -> None:
        self._limit = limit
        self.newest = newest
        self._size = 0
        self._answers: OrderedDict[Hashable, pa.Table] = OrderedDict()
        self._lock = threading.Lock()
        self.epoch = secrets.token_hex(8)
        """Changes with each process and each `clear`, as earlier results may be out of date."""

    def once(self, name: str, query: Callable[[], "pa.Table"]) -> "pa.Table":
        """Cache the result of `query` until the next data version; without a data version, run it each time."""
        version = self.newest()
        if version is None:
            return query()
        answer = self.get((name, version))
        if answer is None:
            answer = query()
            self.put((name, version), answer)
        return answer

    def get(self, key: Hashable) -> "pa.Table | None":
        with self._lock:
            if key in self._answers:
                self._answers.move_to_end(key)
            return self._answers.get(key)

    def put(self, key: Hashable, answer: "pa.Table") -> None:
        """Store a result unless it takes more than a quarter of the limit."""
        if answer.nbytes * 4 > self._limit:
            return
        with self._lock:
            if key not in self._answers:
                self._size += answer.nbytes
            self._answers[key] = answer
            while self._size > self._limit:
                self._size -= self._answers.popitem(last=False)[1].nbytes

    def clear(self) -> None:
        with self._lock:
            self._answers.clear()
            self.epoch = secrets.token_hex(8)
            self._size = 0
