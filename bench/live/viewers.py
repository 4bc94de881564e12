"""Open live pages in a process of their own, so that they cost the measured server nothing."""

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from bench.server import PATIENCE

REVISION = re.compile(r'data-known="(\d+)"')


@dataclass(frozen=True)
class Viewer:
    """A live page of somebody. counts: whether it shows every sale, so that its sales are counted."""

    cookie: str
    revision: int
    counts: bool


@dataclass
class Arrivals:
    """When each sale was posted, and when each viewer of everything received it."""

    posted: dict[str, float] = field(default_factory=dict)
    shown: dict[str, list[float]] = field(default_factory=dict)

    @property
    def seconds(self) -> list[float]:
        return [at - self.posted[number] for number, times in self.shown.items() for at in times]

    def missed(self, viewers: int) -> int:
        """Sales that a viewer did not receive exactly once."""
        return sum(len(self.shown.get(number, ())) != viewers for number in self.posted)


@dataclass
class Opened:
    """Live pages that another process keeps open."""

    process: "subprocess.Popen[str]"
    viewers: int
    """Those that count."""

    def collect(self, arrivals: Arrivals, seconds: float) -> None:
        """Wait until every viewer has every sale, but not longer than some seconds."""
        until = time.monotonic() + seconds
        while True:
            arrivals.shown = self._ask()
            if not arrivals.missed(self.viewers) or time.monotonic() > until:
                return
            time.sleep(0.5)

    def _ask(self) -> dict[str, list[float]]:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        shown: dict[str, list[float]] = json.loads(self.process.stdout.readline())
        return shown


@contextmanager
def opened(viewers: Sequence[Viewer]) -> Iterator[Opened]:
    """Keep live pages open until the end of the block, which begins when the server has answered every stream."""
    command = [sys.executable, "-m", "bench.live.open_pages"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdin
            assert process.stdout
            process.stdin.write(json.dumps([vars(viewer) for viewer in viewers]) + "\n")
            process.stdin.flush()
            if not process.stdout.readline():
                raise TimeoutError(f"not all of {len(viewers)} streams are open after {PATIENCE} seconds")
            yield Opened(process, sum(viewer.counts for viewer in viewers))
        finally:
            process.kill()
