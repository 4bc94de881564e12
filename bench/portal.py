"""The portal over ten million lines: each tile, a whole page, and a trivial request while a file is being loaded."""

import re
import secrets
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
from tillstream.app import build
from tillstream.domain.people import Role
from tillstream.people import accounts
from tillstream.settings import Settings

PORT = 8974
TIMES = 40
AT_ONCE = 6
"""So many requests a browser sends to one host."""
LOGIN = "bench"


@dataclass(frozen=True)
class Portal:
    """Seconds."""

    tiles: dict[str, float]
    """p95 of each tile, over periods that nobody asked for before."""
    page: float
    """Median of all tiles of a page, loaded as a browser does."""
    trivial: float
    """p95 of a trivial request while nothing else happens."""
    trivial_beside: float
    """p95 of a trivial request while a file is loaded."""


def measure(home: Path, file: Path) -> Portal:
    """`file` is loaded meanwhile; its contract is the benchmark's."""
    password = secrets.token_urlsafe(24)
    app = build(Settings(home=home))
    try:
        accounts.add(app.ports, LOGIN, "Bench", Role.ADMIN, password=password)
    finally:
        app.close()
    command = [TILLSTREAM, "serve", "--port", str(PORT), "--no-open"]
    with subprocess.Popen(command, env=environment(home) | {"TILLSTREAM_LOG_LEVEL": "error"}) as server:
        try:
            browser = _signed_in(password)
            tiles = re.findall(r"/dashboard/tiles/([a-z-]+)", _get(browser, "/dashboard"))
            names = list(dict.fromkeys(tiles))
            _until_quiet(browser)
            return Portal(
                {name: _p95([_tile(browser, name, number) for number in range(TIMES)]) for name in names},
                statistics.median(_page(browser, names, TIMES + number) for number in range(5)),
                _p95([_trivial(browser) for _ in range(200)]),
                _p95(_beside(browser, home, file)),
            )
        finally:
            server.terminate()


def _signed_in(password: str) -> OpenerDirector:
    browser = build_opener(HTTPCookieProcessor(CookieJar()))
    address = "/sign-in"
    for _ in range(600):
        try:
            form = _get(browser, address)
            break
        except OSError:
            time.sleep(0.1)
    token = re.search(r'name="csrf_token" value="([^"]+)"', form)
    given = {"csrf_token": token[1] if token else "", "login": LOGIN, "password": password}
    browser.open(f"http://127.0.0.1:{PORT}{address}", urlencode(given).encode()).read()
    return browser


def _get(browser: OpenerDirector, path: str) -> str:
    with browser.open(f"http://127.0.0.1:{PORT}{path}") as response:
        return str(response.read().decode())


def _timed(browser: OpenerDirector, path: str) -> float:
    started = time.perf_counter()
    _get(browser, path)
    return time.perf_counter() - started


def _tile(browser: OpenerDirector, name: str, number: int) -> float:
    """Two years, each time a few days less: an answer that was kept answers nothing here."""
    first = date(2023, 1, 1) + timedelta(days=number)
    return _timed(browser, f"/dashboard/tiles/{name}?from={first}&to=2024-12-31")


def _page(browser: OpenerDirector, names: list[str], number: int) -> float:
    started = time.perf_counter()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda name: _tile(browser, name, number), names))
    return time.perf_counter() - started


def _trivial(browser: OpenerDirector) -> float:
    time.sleep(0.01)
    return _timed(browser, "/healthz")


def _until_quiet(browser: OpenerDirector) -> None:
    """The first minute of a server has chores of its own: what waits is announced, sums are brought up to date."""
    quiet = 0
    while quiet < 20:
        quiet = quiet + 1 if _trivial(browser) < 0.01 else 0


def _beside(browser: OpenerDirector, home: Path, file: Path) -> list[float]:
    """The trivial requests from the beginning of an `ingest` through the server to its receipt."""
    command = [TILLSTREAM, "ingest", str(file), "--region", "bench", "--json"]
    seconds: list[float] = []
    with subprocess.Popen(command, env=environment(home), stdout=subprocess.DEVNULL) as loading:
        while loading.poll() is None:
            seconds.append(_trivial(browser))
    return seconds


def _p95(seconds: list[float]) -> float:
    return statistics.quantiles(seconds, n=20)[-1]
