"""Parts of a backfill: each is settled before the next one is taken in."""

from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple, Protocol

from tillstream.connectors.runs import Run


class PartSize(NamedTuple):
    """What a part has at most, before the file that fills it."""

    files: int
    bytes: int


SIZE = PartSize(500, 256 << 20)
"""A settlement of the sales of many months can run longer than a function may."""
LARGE = PartSize(5_000, 16 << 30)
"""For what takes minutes to begin. A project settles it in steps, the large ones in the job `settle-large`."""
PAUSE = timedelta(minutes=1)
"""Before the next run, in which the events of copied objects create their records."""


class Pace(Protocol):
    """What the process that runs a backfill does meanwhile."""

    part: PartSize

    def taken(self, size: int) -> None:
        """A file is taken in. size: its bytes."""

    def settle(self, beat: Callable[[], None]) -> None:
        """Return when what was taken in is settled. beat: renews the lease. Raises `Unavailable`."""


class Parts:
    """Counts what a run of a backfill brings."""

    def __init__(self, size: PartSize | None = None) -> None:
        self._size = size or SIZE
        self._files = self._bytes = 0

    def is_full(self, run: Run) -> bool:
        """Whether the run has brought a part since the last one; the next part begins then."""
        if run.items - self._files < self._size.files and run.bytes - self._bytes < self._size.bytes:
            return False
        self._files, self._bytes = run.items, run.bytes
        return True
