"""In-memory LRU cache of query results, valid until the next settlement."""

import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from copy import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tillstream.records.data_version import DataVersion

if TYPE_CHECKING:  # every app has a cache, but not every app runs queries
    import pyarrow as pa


@dataclass
class _Answers:
    """Results by key, least recently used first, and their size in bytes."""

    tables: "OrderedDict[Hashable, pa.Table]" = field(default_factory=OrderedDict)
    size: int = 0
    epoch: str = field(default_factory=lambda: secrets.token_hex(8))
    lock: threading.Lock = field(default_factory=threading.Lock)


class QueryCache:
    """Cache at most `limit` bytes of results, evicting the least recently used. Thread-safe.

    Keys include the settlement number and `mark`, so call `clear` only after changes that count in neither (the
    reporting currency). newest: returns the current data version without querying the warehouse, for warehouses that
    are slow to query; None if there is none. version: counts the changes of results, also those without a settlement,
    by whichever thread or process.
    """

    def __init__(
        self,
        limit: int = 64_000_000,
        newest: Callable[[], DataVersion | None] = lambda: None,
        version: Callable[[], int] = lambda: 0,
    ) -> None:
        self._limit = limit
        self.newest = newest
        self._version = version
        self._answers = _Answers()
        self._read_once: dict[str, pa.Table] | None = None

    @property
    def mark(self) -> Hashable:
        """Another one as soon as earlier results may be out of date; read before a query, a part of its key."""
        return self._answers.epoch, self.newest(), self._version()

    def for_one_page(self) -> "QueryCache":
        """The same cache for queries whose results are shown together: `once` runs each of its queries only once."""
        page = copy(self)
        page._read_once = {}  # noqa: SLF001 - of the same class
        return page

    def once(self, name: str, query: Callable[[], "pa.Table"]) -> "pa.Table":
        """Cache the result of `query` until the next data version; without a data version, run it each time."""
        version = self.newest()
        if version is None:
            return self._once_a_page(name, query)
        answer = self.get((name, version))
        if answer is None:
            answer = query()
            self.put((name, version), answer)
        return answer

    def _once_a_page(self, name: str, query: Callable[[], "pa.Table"]) -> "pa.Table":
        if self._read_once is None:
            return query()
        if name not in self._read_once:
            self._read_once[name] = query()
        return self._read_once[name]

    def get(self, key: Hashable) -> "pa.Table | None":
        answers = self._answers
        with answers.lock:
            if key in answers.tables:
                answers.tables.move_to_end(key)
            return answers.tables.get(key)

    def put(self, key: Hashable, answer: "pa.Table") -> None:
        """Store a result unless it takes more than a quarter of the limit."""
        if answer.nbytes * 4 > self._limit:
            return
        answers = self._answers
        with answers.lock:
            if key not in answers.tables:
                answers.size += answer.nbytes
            answers.tables[key] = answer
            while answers.size > self._limit:
                answers.size -= answers.tables.popitem(last=False)[1].nbytes

    def clear(self) -> None:
        answers = self._answers
        with answers.lock:
            answers.tables.clear()
            answers.epoch = secrets.token_hex(8)
            answers.size = 0
        if self._read_once is not None:
            self._read_once = {}
