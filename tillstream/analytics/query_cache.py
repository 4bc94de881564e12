"""Analytics: answers kept in memory until the next settlement, so that a dashboard loaded again is instant."""

import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # every app has one, and not every app asks
    import pyarrow as pa

from tillstream.batches.freshness import Mark


class QueryCache:
    """At most `limit` bytes of answers, the least used go first. Safe in threads.

    Keys carry the settlement number, so a settlement needs no call; `clear` after anything else that changes answers
    (rates, the reporting currency). newest: tells of all that, where the warehouse is too far to be asked each time.
    """

    def __init__(self, limit: int = 64_000_000, newest: Callable[[], Mark | None] = lambda: None) -> None:
        self._limit = limit
        self.newest = newest
        self._size = 0
        self._kept: OrderedDict[Hashable, pa.Table] = OrderedDict()
        self._lock = threading.Lock()
        self.epoch = secrets.token_hex(8)
        """Another one for each process and after each `clear`: what was told before then may be otherwise now."""

    def once(self, name: str, ask: Callable[[], "pa.Table"]) -> "pa.Table":
        """What only a settlement or other rates change; where nobody tells of those, it is asked each time."""
        mark = self.newest()
        if mark is None:
            return ask()
        known = self.get((name, mark))
        if known is None:
            known = ask()
            self.put((name, mark), known)
        return known

    def get(self, key: Hashable) -> "pa.Table | None":
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def put(self, key: Hashable, answer: "pa.Table") -> None:
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
            self.epoch = secrets.token_hex(8)
            self._size = 0
