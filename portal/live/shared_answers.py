"""Answers that several streams share: each is made once, and one at a time."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

MOST_ANSWERS = 256
REST = 0.2
"""Longest pause in seconds after an answer was made while other streams wait for theirs: pages come first."""


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
            while len(self._slots) > MOST_ANSWERS:
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
