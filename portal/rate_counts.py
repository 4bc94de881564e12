"""Rate-limit counters, shared by all processes and instances through the document store."""

import hashlib
import secrets
import threading
from dataclasses import dataclass, field
from typing import Any

from flask import Flask
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from limits.storage import Storage

from tillstream.model.errors import Conflict, Unavailable
from tillstream.ports import Ports
from tillstream.ports.documents import Document, Update, update_document

COLLECTION = "call_counts"
TRIES = 5
KEPT = 10_000
"""Maximum number of counters in memory."""
SWEEP_ONE_IN, SWEPT = 50, 200
"""One of SWEEP_ONE_IN new counters triggers the deletion of at most SWEPT expired documents."""


@dataclass
class _Count:
    """Calls of one key in the window that ends at `until`: `shared` by all processes, `pending` in this one."""

    until: int = 0
    shared: int = 0
    pending: int = 0
    published_at: float = float("-inf")
    lock: threading.Lock = field(default_factory=threading.Lock)


class SharedCounts(Storage):
    """Storage of flask-limiter. Each process publishes its counts every `every` seconds; if 0, with each call.

    If 0, limits are exact. Otherwise they can be exceeded by the calls that other processes have not published yet.
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
        """Count calls and return the total of the open window."""
        now, count = self._now(), self._count(key)
        with count.lock:
            if now >= count.until:
                count.until, count.shared, count.pending, count.published_at = int(now + expiry), 0, 0, float("-inf")
            count.pending += amount
            if now - count.published_at >= self._every:
                self._publish(key, count, expiry, now)
            return count.shared + count.pending

    def get(self, key: str) -> int:
        count = self._count(key)
        with count.lock:
            return count.shared + count.pending if self._now() < count.until else 0

    def get_expiry(self, key: str) -> float:
        return max(self._count(key).until, self._now())

    def check(self) -> bool:
        return True

    def reset(self) -> int | None:
        """Do nothing: counters expire."""
        return None

    def clear(self, key: str) -> None:
        with self._lock:
            self._counts.pop(key, None)
        self._documents.delete(COLLECTION, _id(key))

    def _publish(self, key: str, count: _Count, expiry: int, now: float) -> None:
        """Publish the pending calls and read the shared total in one write. If that fails, keep counting locally."""
        count.published_at = now

        def added(document: Document | None) -> Update:
            if document is None or now >= document.data["until"]:
                return Update({"calls": count.pending, "until": int(now + expiry)})
            return Update({"calls": int(document.data["calls"]) + count.pending, "until": int(document.data["until"])})

        try:
            published = update_document(self._documents, COLLECTION, _id(key), added, tries=TRIES)
        except (Conflict, Unavailable):
            return
        count.until, count.shared, count.pending = published.data["until"], published.data["calls"], 0
        if published.version == 1:
            self._delete_expired(now)

    def _count(self, key: str) -> _Count:
        with self._lock:
            if len(self._counts) > KEPT:
                now = self._now()
                self._counts = {name: one for name, one in self._counts.items() if now < one.until}
            return self._counts.setdefault(key, _Count())

    def _delete_expired(self, now: float) -> None:
        """Delete documents of expired windows; only one of `SWEEP_ONE_IN` calls does so."""
        if secrets.randbelow(SWEEP_ONE_IN) == 0:
            for document in self._documents.find(COLLECTION, order_by="until", limit=SWEPT):
                if document.data["until"] <= now:
                    self._documents.delete(COLLECTION, document.id)

    def _now(self) -> float:
        return self._clock.now().timestamp()


def limiter(app: Flask, ports: Ports, every: float) -> Limiter:
    """Limiter whose counts are published every `every` seconds, by address unless a limit has its own key."""
    options: dict[str, Any] = {"ports": ports, "every": every}
    return Limiter(
        get_remote_address, app=app, storage_uri="documents://", storage_options=options, headers_enabled=True
    )


def _id(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:32]
