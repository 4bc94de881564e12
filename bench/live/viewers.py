"""Open live pages: each reads its stream as a browser does, and resumes it where it ended."""

import json
import re
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPException
from urllib.request import OpenerDirector

from bench import portal
from bench.server import ADDRESS, PATIENCE


@dataclass
class Arrivals:
    """When each sale was posted, and when each viewer of everything received it."""

    posted: dict[str, float] = field(default_factory=dict)
    shown: dict[str, list[float]] = field(default_factory=dict)
    ended: threading.Event = field(default_factory=threading.Event)
    """No further sale is shown."""

    @property
    def seconds(self) -> list[float]:
        return [at - self.posted[number] for number, times in self.shown.items() for at in times]

    def wait(self, viewers: int, seconds: float) -> None:
        """Wait until every viewer has every sale, but not longer than some seconds."""
        until = time.monotonic() + seconds
        while self.missed(viewers) and time.monotonic() < until:
            time.sleep(0.1)

    def missed(self, viewers: int) -> int:
        """Sales that a viewer did not receive exactly once."""
        return sum(len(self.shown.get(number, ())) != viewers for number in self.posted)


@contextmanager
def opened(counting: Sequence[OpenerDirector], others: Sequence[OpenerDirector], arrivals: Arrivals) -> Iterator[None]:
    """Pages until the end of the block, which begins when the server has answered every stream.

    counting: viewers of everything, whose sales are counted.
    """
    ready = threading.Semaphore(0)
    viewers = [(browser, True) for browser in counting] + [(browser, False) for browser in others]
    threads = [threading.Thread(target=_view, args=(*viewer, arrivals, ready), daemon=True) for viewer in viewers]
    for thread in threads:
        thread.start()
    try:
        until = time.monotonic() + PATIENCE
        for _ in threads:
            if not ready.acquire(timeout=max(0.0, until - time.monotonic())):
                raise TimeoutError(f"not all of {len(threads)} streams are open after {PATIENCE} seconds")
        yield
    finally:
        arrivals.ended.set()


def _view(browser: OpenerDirector, counts: bool, arrivals: Arrivals, ready: threading.Semaphore) -> None:  # noqa: FBT001
    page = portal.get(browser, "/live")
    last = (re.search(r'data-known="(\d+)"', page) or [0, "0"])[1]
    is_open = False
    while not arrivals.ended.is_set():
        with suppress(OSError, HTTPException), browser.open(f"{ADDRESS}/live/events?known={last}") as stream:
            for raw in stream:
                line = raw.decode()
                if line.startswith("event: today") and not is_open:
                    is_open = True
                    ready.release()
                if line.startswith("id: "):
                    last = line[4:].strip()
                elif counts and line.startswith("data: {") and '"rows"' in line:
                    for number in re.findall(r'data-sale="[^"]*/(L-\d+)"', json.loads(line[6:])["rows"]):
                        arrivals.shown.setdefault(number, []).append(time.monotonic())
