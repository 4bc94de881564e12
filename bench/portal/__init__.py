"""Portal latency over ten million lines: each tile, a whole page, and a trivial request during a load."""

import re
import statistics
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, OpenerDirector, build_opener

from bench.ingest import TILLSTREAM, environment
from bench.server import ADDRESS, Server, served

TILE_RUNS = 40
AT_ONCE = 6
"""Concurrent requests of a browser to one host."""


@dataclass(frozen=True)
class Portal:
    """Latencies in seconds."""

    tiles: dict[str, float]
    """p95 of each tile, over periods that are not cached."""
    page: float
    """Median of all tiles of a page, loaded concurrently as in a browser."""
    trivial: float
    """p95 of a trivial request on an idle server."""
    trivial_during_load: float
    """p95 of a trivial request while a file is loaded."""


def measure(home: Path, file: Path) -> Portal:
    """Measure the portal of a home; `file` is loaded for `trivial_during_load`."""
    with served(home) as server:
        browser = sign_in(server)
        tiles = re.findall(r"/dashboard/tiles/([a-z-]+)", get(browser, "/dashboard"))
        names = list(dict.fromkeys(tiles))
        until_quiet(browser)
        return Portal(
            {name: _p95([_tile(browser, name, number) for number in range(TILE_RUNS)]) for name in names},
            statistics.median(page(browser, names, TILE_RUNS + number) for number in range(5)),
            _p95([_trivial(browser) for _ in range(200)]),
            _p95(_during_load(browser, home, file)),
        )


def sign_in(server: Server) -> OpenerDirector:
    browser = build_opener(HTTPCookieProcessor(CookieJar()))
    token = re.search(r'name="csrf_token" value="([^"]+)"', get(browser, "/sign-in"))
    fields = {"csrf_token": token[1] if token else "", "login": server.login, "password": server.password}
    browser.open(f"{ADDRESS}/sign-in", urlencode(fields).encode()).read()
    return browser


def get(browser: OpenerDirector, path: str) -> str:
    with browser.open(f"{ADDRESS}{path}") as response:
        return str(response.read().decode())


def _timed(browser: OpenerDirector, path: str) -> float:
    started = time.perf_counter()
    get(browser, path)
    return time.perf_counter() - started


def _tile(browser: OpenerDirector, name: str, number: int) -> float:
    """Time a tile over two years, starting a day later each time so that no result is cached."""
    first = date(2023, 1, 1) + timedelta(days=number)
    return _timed(browser, f"/dashboard/tiles/{name}?from={first}&to=2024-12-31")


def page(browser: OpenerDirector, names: list[str], number: int) -> float:
    started = time.perf_counter()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda name: _tile(browser, name, number), names))
    return time.perf_counter() - started


def _trivial(browser: OpenerDirector) -> float:
    time.sleep(0.01)
    return _timed(browser, "/healthz")


def until_quiet(browser: OpenerDirector) -> None:
    """Wait until the server has finished its startup work: pending events and daily totals."""
    quiet = 0
    while quiet < 20:
        quiet = quiet + 1 if _trivial(browser) < 0.01 else 0


def _during_load(browser: OpenerDirector, home: Path, file: Path) -> list[float]:
    """Time trivial requests during an `ingest` through the server, until its receipt."""
    command = [TILLSTREAM, "ingest", str(file), "--region", "bench", "--json"]
    seconds: list[float] = []
    with subprocess.Popen(command, env=environment(home), stdout=subprocess.DEVNULL) as loading:
        while loading.poll() is None:
            seconds.append(_trivial(browser))
    return seconds


def _p95(seconds: list[float]) -> float:
    return statistics.quantiles(seconds, n=20)[-1]
