"""Open live pages in one process of its own, so that they cost the measured server nothing.

`python -m bench.live.viewers` reads the address and the viewers from a line of its input, opens a stream for each of
them as a browser does, resumes it where it ended, and writes a line when all are open. Each further line of input is
answered by when each sale was shown to the viewers who count.
"""

import asyncio
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from bench.server import ADDRESS, PATIENCE

SALE = re.compile(rb'data-sale=\\"[^"]*/(L-\d+)\\"')
LINE = 1 << 22
"""Longest line of a stream, in bytes."""
OPENED_AT_ONCE = 20
KNOWN = re.compile(r'data-known="(\d+)"')


@dataclass(frozen=True)
class Viewer:
    """A live page of somebody. counts: whether it shows every sale, so that its sales are counted."""

    cookie: str
    known: int
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
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        shown: dict[str, list[float]] = json.loads(self.process.stdout.readline())
        return shown


@contextmanager
def opened(viewers: Sequence[Viewer]) -> Iterator[Opened]:
    """Keep live pages open until the end of the block, which begins when the server has answered every stream."""
    command = [sys.executable, "-m", "bench.live.viewers"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdin and process.stdout
            process.stdin.write(json.dumps([vars(viewer) for viewer in viewers]) + "\n")
            process.stdin.flush()
            if not process.stdout.readline():
                raise TimeoutError(f"not all of {len(viewers)} streams are open after {PATIENCE} seconds")
            yield Opened(process, sum(viewer.counts for viewer in viewers))
        finally:
            process.kill()


class _Pages:
    def __init__(self) -> None:
        self.shown: dict[str, list[float]] = {}
        self.at_once = asyncio.Semaphore(OPENED_AT_ONCE)

    async def view(self, viewer: Viewer, is_open: asyncio.Event) -> None:
        known = viewer.known
        while True:
            pause = 1.0
            with suppress(OSError, asyncio.IncompleteReadError):
                if not is_open.is_set():
                    await self.at_once.acquire()
                known, pause = await self._read(viewer, known, is_open)
            await asyncio.sleep(pause)

    async def _read(self, viewer: Viewer, known: int, is_open: asyncio.Event) -> tuple[int, float]:
        """Read a stream to its end; returns the last settlement, and the seconds until the browser opens it again."""
        parts = urlsplit(ADDRESS)
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port, limit=LINE)
        # without chunks, so that the stream is read as lines
        lines = f"GET /live/events?known={known} HTTP/1.0", f"Host: {parts.netloc}", f"Cookie: {viewer.cookie}"
        writer.write("\r\n".join((*lines, "", "")).encode())
        pause = 1.0
        try:
            async for line in reader:
                if line.startswith(b"retry: "):
                    pause = int(line[7:]) / 1000
                elif line.startswith(b"event: today") and not is_open.is_set():
                    is_open.set()
                    self.at_once.release()
                elif line.startswith(b"id: "):
                    known = int(line[4:])
                elif viewer.counts and line.startswith(b"data: {"):
                    for number in SALE.findall(line):
                        self.shown.setdefault(number.decode(), []).append(time.monotonic())
        finally:
            writer.close()
        return known, pause


async def _keep_open(viewers: Sequence[Viewer]) -> None:
    pages, are_open = _Pages(), [asyncio.Event() for _ in viewers]
    tasks = [asyncio.create_task(pages.view(*one)) for one in zip(viewers, are_open, strict=True)]
    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(*(one.wait() for one in are_open))
    print(len(tasks), flush=True)
    while await asyncio.to_thread(sys.stdin.readline):
        print(json.dumps(pages.shown), flush=True)


if __name__ == "__main__":
    asyncio.run(_keep_open([Viewer(**one) for one in json.loads(sys.stdin.readline())]))
