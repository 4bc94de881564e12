"""The last check of the dependencies, shared by all callers of a process: a check starts a query and a listing."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

WORKS, FAILS = 60.0, 5.0
"""Seconds for which a check without, and with, a failure is answered again: a failure that has ended shows soon."""
PATIENCE = 10.0
"""Seconds that a caller waits for the check of another one. A monitor waits no longer."""
OVERDUE = {"check": "down"}
"""The answer while a check takes longer than that: a dependency that does not answer is down."""


@dataclass(frozen=True)
class Checked:
    """parts: part → `up` or `down`. losses: those that nobody has dealt with."""

    parts: Mapping[str, str]
    at: float
    losses: int = 0

    @property
    def down(self) -> list[str]:
        return sorted(name for name, state in self.parts.items() if state == "down")

    def is_recent(self, now: float) -> bool:
        return now - self.at < (FAILS if self.down else WORKS)


class LastCheck:
    """Runs a check at most once at a time. count_losses: called with its parts. now: seconds of a clock that only
    advances."""

    def __init__(
        self,
        check: Callable[[], Mapping[str, str]],
        count_losses: Callable[[Mapping[str, str]], int] = lambda _: 0,
        now: Callable[[], float] = time.monotonic,
        patience: float = PATIENCE,
    ) -> None:
        self._check, self._count_losses, self._now, self._patience = check, count_losses, now, patience
        self._running = threading.Lock()
        self._last: Checked | None = None

    def __call__(self, *, fresh: bool = False) -> Checked:
        """The last check, or a new one if that is too old. fresh: one that began after the call."""
        called_at, last = self._now(), self._last
        if last and not fresh and last.is_recent(called_at):
            return last
        if not self._running.acquire(timeout=self._patience):
            return Checked(OVERDUE, called_at)
        try:
            last, began_at = self._last, self._now()
            if last and (last.at > called_at if fresh else last.is_recent(began_at)):
                return last
            parts = self._check()
            self._last = Checked(parts, began_at, self._count_losses(parts))
            return self._last
        finally:
            self._running.release()
