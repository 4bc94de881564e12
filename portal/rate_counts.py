"""Rate limits, and their counters, which all processes and instances share through the document store."""

import hashlib
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from math import ceil, inf

from flask import Blueprint, Flask, Response, g, request
from werkzeug.exceptions import TooManyRequests

from tillstream.model.errors import Conflict, Unavailable
from tillstream.ports import Ports
from tillstream.ports.documents import Document, Update, update_document

COLLECTION = "call_counts"
TRIES = 5
KEPT = 10_000
"""Maximum number of counters in memory."""
SWEEP_ONE_IN, SWEPT = 50, 200
"""One of SWEEP_ONE_IN new counters triggers the deletion of at most SWEPT expired documents."""

SECONDS = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400}


@dataclass
class _Count:
    """Calls of one key in the window that ends at `until`: `shared` by all processes, `pending` in this one."""

    until: int = 0
    shared: int = 0
    pending: int = 0
    published_at: float = -inf
    lock: threading.Lock = field(default_factory=threading.Lock)


class SharedCounts:
    """Each process publishes its counts every `every` seconds; if 0, with each call; if infinite, never.

    If 0, limits are exact. Otherwise they can be exceeded by the calls that other processes have not published yet.
    """

    def __init__(self, ports: Ports, every: float) -> None:
        self._documents, self._clock, self._every = ports.documents, ports.clock, every
        self._counts: dict[str, _Count] = {}
        self._lock = threading.Lock()

    def count(self, key: str, seconds: int, calls: int = 1) -> int:
        """Count calls and return the total of the open window, which ends `seconds` after its first call."""
        now, count = self.now(), self._counter(key)
        with count.lock:
            if now >= count.until:
                count.until, count.shared, count.pending, count.published_at = int(now + seconds), 0, 0, -inf
            count.pending += calls
            if self._every < inf and now - count.published_at >= self._every:
                self._publish(key, count, seconds, now)
            return count.shared + count.pending

    def calls(self, key: str) -> int:
        """The total of the open window; 0 if there is none."""
        count = self._counter(key)
        with count.lock:
            return count.shared + count.pending if self.now() < count.until else 0

    def window_end(self, key: str) -> float:
        """The time at which the open window ends, as seconds since 1970; now if there is none."""
        return max(self._counter(key).until, self.now())

    def now(self) -> float:
        return self._clock.now().timestamp()

    def _publish(self, key: str, count: _Count, seconds: int, now: float) -> None:
        """Publish the pending calls and read the shared total in one write. If that fails, keep counting locally."""
        count.published_at = now

        def added(document: Document | None) -> Update:
            if document is None or now >= document.data["until"]:
                return Update({"calls": count.pending, "until": int(now + seconds)})
            return Update({"calls": int(document.data["calls"]) + count.pending, "until": int(document.data["until"])})

        try:
            published = update_document(self._documents, COLLECTION, _id(key), added, tries=TRIES)
        except (Conflict, Unavailable):
            return
        count.until, count.shared, count.pending = published.data["until"], published.data["calls"], 0
        if published.version == 1:
            self._delete_expired(now)

    def _counter(self, key: str) -> _Count:
        with self._lock:
            if len(self._counts) > KEPT:
                now = self.now()
                live = [(name, one) for name, one in self._counts.items() if now < one.until]
                self._counts = dict(live[-KEPT // 2 :])  # the oldest go, so that this is rare
            return self._counts.setdefault(key, _Count())

    def _delete_expired(self, now: float) -> None:
        """Delete documents of expired windows; only one of `SWEEP_ONE_IN` calls does so."""
        if secrets.randbelow(SWEEP_ONE_IN) == 0:
            for document in self._documents.find(COLLECTION, order_by="until", limit=SWEPT):
                if document.data["until"] <= now:
                    self._documents.delete(COLLECTION, document.id)


def _id(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:32]


def remote_address() -> str:
    return request.remote_addr or "127.0.0.1"


def limit_calls(
    app: Flask,
    blueprint: Blueprint,
    counts: SharedCounts,
    rate: Callable[[], str],
    *,
    caller: Callable[[], str] = remote_address,
    applies: Callable[[], bool] = lambda: True,
) -> None:
    """Answer 429 to the calls of one caller to one endpoint above a rate, and report what is left in headers.

    rate: `NUMBER per PERIOD`, of `SECONDS`. applies: whether the request of the blueprint counts.
    """

    def count_call() -> None:
        if blueprint.name not in request.blueprints or not applies():
            return
        text = rate()
        amount, _, period = text.partition(" per ")
        key = f"{caller()}/{request.endpoint}/{text}"
        g.call_limit = (counts, key, int(amount))
        if counts.count(key, SECONDS[period]) > int(amount):
            raise TooManyRequests(text)

    app.before_request(count_call)


def register_headers(app: Flask) -> None:
    """Responses that count for a rate limit state what is left of it."""

    @app.after_request
    def state_what_is_left(response: Response) -> Response:
        if "call_limit" in g:
            counts, key, amount = g.call_limit
            end = counts.window_end(key)
            response.headers["X-RateLimit-Limit"] = str(amount)
            response.headers["X-RateLimit-Remaining"] = str(max(0, amount - counts.calls(key)))
            response.headers["X-RateLimit-Reset"] = str(int(end + 1))
            after = response.headers.get("Retry-After", 0, type=int)
            response.headers["Retry-After"] = str(max(after, ceil(end - counts.now())))
        return response
