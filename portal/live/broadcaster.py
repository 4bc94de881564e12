"""What open streams share: the version of the ledger, numbers and answers, each read once for all of them."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import NamedTuple

CHECK_INTERVAL = 0.25
"""Seconds between two checks while a stream is open."""
FRESH = 4 * CHECK_INTERVAL
"""Seconds for which a version that another stream read is still used."""
AWAKE = 1.0
"""Seconds after which a sleeping stream looks whether the server is stopping."""

MAX_ANSWERS = 256
REST = 0.2
"""Longest pause in seconds after an answer was made while other streams wait for theirs: pages come first."""


class LedgerVersion(NamedTuple):
    """What pages show: the last settlement, and the number of appends of sales that are not settled yet."""

    settlement_no: int
    appends: int = 0


class Broadcaster:
    """Wakes all streams at a new version. Of the streams that wait, one reads the ledger and the others sleep.

    It has no thread of its own, and reads nothing while no stream is open. Thread-safe.
    """

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._ended = threading.Event()
        self._version: LedgerVersion | None = None
        self._read_at = float("-inf")
        self._is_read = False
        """Whether a stream is reading the ledger for all."""
        self.stopping: Callable[[], bool] = lambda: False
        """Whether the server is stopping; called about once a second."""

    @property
    def ended(self) -> bool:
        return self._ended.is_set() or self.stopping()

    def end(self) -> None:
        """Wake all streams for the last time."""
        self._ended.set()
        with self._condition:
            self._condition.notify_all()

    def current(self, latest: Callable[[], LedgerVersion]) -> LedgerVersion:
        """The version that a stream read a moment ago, or else the one that `latest` reads now."""
        with self._condition:
            if self._version is not None and time.monotonic() - self._read_at < FRESH:
                return self._version
        return latest()

    def wait(self, latest: Callable[[], LedgerVersion], after: LedgerVersion, timeout: float) -> LedgerVersion | None:
        """Wait for another version than `after`; None at the end of the time, or of the server.

        latest: reads the version; whatever it raises ends the wait of its stream, and another stream continues.
        """
        deadline = time.monotonic() + timeout
        while not self.ended and (left := deadline - time.monotonic()) > 0:
            with self._condition:
                if self._version not in {None, after} and time.monotonic() - self._read_at < FRESH:
                    return self._version
                if self._is_read:
                    self._condition.wait(min(left, AWAKE))
                    continue
                self._is_read = True
            try:
                version = self._read(latest, after, deadline)
            finally:
                with self._condition:
                    self._is_read = False
                    self._condition.notify_all()
            if version is not None:
                return version
        return None

    def _read(self, latest: Callable[[], LedgerVersion], after: LedgerVersion, deadline: float) -> LedgerVersion | None:
        while not self.ended and time.monotonic() < deadline:
            version = latest()
            with self._condition:
                has_changed = version != self._version
                self._version, self._read_at = version, time.monotonic()
                if has_changed:
                    self._condition.notify_all()
            if version != after:
                return version
            self._ended.wait(CHECK_INTERVAL)
        return None


class SharedNumber:
    """Reads only while a stream asks. Thread-safe. fresh: seconds for which a value is used."""

    def __init__(self, fresh: float) -> None:
        self._fresh = fresh
        self._lock = threading.Lock()
        self._value = 0
        self._read_at = float("-inf")

    def current(self, read: Callable[[], int]) -> int:
        """The value that a stream read a moment ago, or else the one that `read` returns now. Raises what it raises."""
        with self._lock:
            if time.monotonic() - self._read_at >= self._fresh:
                self._value, self._read_at = read(), time.monotonic()
            return self._value


@dataclass
class _Slot:
    lock: threading.Lock = field(default_factory=threading.Lock)
    page_lock: threading.Lock = field(default_factory=threading.Lock)
    answer: str | None = None


class SharedAnswers:
    """A small cache in which the first caller of a key makes its answer, and the others wait for it. Thread-safe.

    Two answers of `get` are never made at the same time, and while callers wait, the pause after an answer is as long
    as it took: many streams with scopes of their own take at most half of the time of one thread.
    """

    def __init__(self) -> None:
        self._slots: OrderedDict[Hashable, _Slot] = OrderedDict()
        self._lock = threading.Lock()
        self._turn = threading.Lock()
        self._waiting = 0

    def get(self, key: Hashable, make: Callable[[], str]) -> str:
        """Return the answer of a key. Raises what `make` raises; the next caller then makes it."""
        slot = self._slot(key)
        with slot.lock:
            if slot.answer is None:
                slot.answer = self._in_turn(make)
            return slot.answer

    def now(self, key: Hashable, make: Callable[[], str]) -> str:
        """As `get`, for a page, which does not wait until it is the turn of a stream."""
        slot = self._slot(key)
        with slot.page_lock:
            if slot.answer is None:
                slot.answer = make()
            return slot.answer

    def _slot(self, key: Hashable) -> _Slot:
        with self._lock:
            slot = self._slots.setdefault(key, _Slot())
            self._slots.move_to_end(key)
            while len(self._slots) > MAX_ANSWERS:
                self._slots.popitem(last=False)
            return slot

    def _in_turn(self, make: Callable[[], str]) -> str:
        with self._lock:
            self._waiting += 1
        try:
            with self._turn:
                began = time.monotonic()
                answer = make()
                if self._waiting > 1:
                    time.sleep(min(time.monotonic() - began, REST))
                return answer
        finally:
            with self._lock:
                self._waiting -= 1
