"""The process of the open live pages, which `bench.live.viewers` starts.

It reads the viewers from a line of its input, opens a stream for each of them as a browser does, resumes it where it
ended, and writes a line when all are open. Each further line of input is answered by when each sale was shown to the
viewers who count.
"""

import asyncio
import json
import re
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from urllib.parse import urlsplit

from bench.live.viewers import Viewer
from bench.server import ADDRESS, PATIENCE

SALE = re.compile(rb'data-sale=\\"[^"]*/(L-\d+)\\"')
LINE = 1 << 22
"""Longest line of a stream, in bytes."""
OPENED_AT_ONCE = 20


class _Pages:
    def __init__(self) -> None:
        self.shown: dict[str, list[float]] = {}
        self.at_once = asyncio.Semaphore(OPENED_AT_ONCE)

    async def view(self, viewer: Viewer, is_open: asyncio.Event) -> None:
        revision = viewer.revision
        while True:
            pause = 1.0
            with suppress(OSError, asyncio.IncompleteReadError):
                if not is_open.is_set():
                    await self.at_once.acquire()
                revision, pause = await self._read(viewer, revision, is_open)
            await asyncio.sleep(pause)

    async def _read(self, viewer: Viewer, revision: int, is_open: asyncio.Event) -> tuple[int, float]:
        """Read a stream to its end; returns the last settlement, and the seconds until the browser opens it again."""
        parts = urlsplit(ADDRESS)
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port, limit=LINE)
        # without chunks, so that the stream is read as lines
        lines = f"GET /live/events?known={revision} HTTP/1.0", f"Host: {parts.netloc}", f"Cookie: {viewer.cookie}"
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
                    revision = int(line[4:])
                elif viewer.counts and line.startswith(b"data: {"):
                    for number in SALE.findall(line):
                        self.shown.setdefault(number.decode(), []).append(time.monotonic())
        finally:
            writer.close()
        return revision, pause


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
