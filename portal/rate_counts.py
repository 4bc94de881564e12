"""Counts of calls, over every process and instance: counted here, told through the documents."""

import hashlib
import secrets
import threading
from dataclasses import dataclass, field
from typing import Any

from flask import Flask
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from limits.storage import Storage

from tillstream.domain.errors import Conflict, Unavailable
from tillstream.ports import Ports

COLLECTION = "call_counts"
TRIES = 5
KEPT = 10_000
"""Counts held here at most; and what is forgotten of the documents at once."""
SWEEP_ONE_IN, SWEPT = 50, 200


@dataclass
class _Count:
    """One caller's calls in the window that ends at `until`: what all had told, and what is not told yet."""

    until: int = 0
    told: int = 0
    untold: int = 0
    told_at: float = float("-inf")
    lock: threading.Lock = field(default_factory=threading.Lock)


class SharedCounts(Storage):
    """A storage of flask-limiter. A process tells its counts `every` so many seconds, at 0 with each call.

    So a limit is exact at 0; else every process lets through, beyond it, what came to the others since they told last.
    """

    STORAGE_SCHEME = ["documents"]  # noqa: RUF012 - how `limits` finds it

    def __init__(self, uri: str | None = None, *, ports: Ports, every: float, **_: Any) -> None:
        super().__init__(uri)
        self._documents, self._clock, self._every = ports.documents, ports.clock, every
        self._counts: dict[str, _Count] = {}
        self._lock = threading.Lock()

    @property
    def base_exceptions(self) -> type[Exception]:
        return Unavailable

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """The calls of the window that is open, these among them."""
        now, count = self._now(), self._count(key)
        with count.lock:
            if now >= count.until:
                count.until, count.told, count.untold, count.told_at = int(now + expiry), 0, 0, float("-inf")
            count.untold += amount
            if now - count.told_at >= self._every:
                self._tell(key, count, expiry, now)
            return count.told + count.untold

    def get(self, key: str) -> int:
        count = self._count(key)
        with count.lock:
            return count.told + count.untold if self._now() < count.until else 0

    def get_expiry(self, key: str) -> float:
        return max(self._count(key).until, self._now())

    def check(self) -> bool:
        return True

    def reset(self) -> int | None:
        """Counts end by themselves."""
        return None

    def clear(self, key: str) -> None:
        with self._lock:
            self._counts.pop(key, None)
        self._documents.delete(COLLECTION, _id(key))

    def _tell(self, key: str, count: _Count, expiry: int, now: float) -> None:
        """What others told is learned by the same write. Where it fails, this process counts on by itself."""
        count.told_at = now
        for _ in range(TRIES):
            try:
                known = self._documents.get(COLLECTION, _id(key))
                open_ = known is not None and now < known.data["until"]
                before = int(known.data["calls"]) if known and open_ else 0
                until = int(known.data["until"]) if known and open_ else int(now + expiry)
                told = {"calls": before + count.untold, "until": until}
                self._documents.put(COLLECTION, _id(key), told, if_version=known.version if known else 0)
            except Conflict:
                continue
            except Unavailable:
                return
            count.until, count.told, count.untold = until, told["calls"], 0
            if known is None:
                self._forget_some(now)
            return

    def _count(self, key: str) -> _Count:
        with self._lock:
            if len(self._counts) > KEPT:
                now = self._now()
                self._counts = {name: one for name, one in self._counts.items() if now < one.until}
            return self._counts.setdefault(key, _Count())

    def _forget_some(self, now: float) -> None:
        """Documents of callers that did not come again."""
        if secrets.randbelow(SWEEP_ONE_IN) == 0:
            for document in self._documents.find(COLLECTION, order_by="until", limit=SWEPT):
                if document.data["until"] <= now:
                    self._documents.delete(COLLECTION, document.id)

    def _now(self) -> float:
        return self._clock.now().timestamp()


def limiter(app: Flask, ports: Ports, every: float) -> Limiter:
    """For limits whose counts are told `every` so many seconds; usually by address."""
    options: dict[str, Any] = {"ports": ports, "every": every}
    return Limiter(
        get_remote_address, app=app, storage_uri="documents://", storage_options=options, headers_enabled=True
    )


def _id(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:32]
