"""Open live pages while sales arrive: when they show a sale, how long other pages take, and what the server works."""

import json
import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.request import HTTPCookieProcessor, OpenerDirector, Request, urlopen

from bench import portal
from bench.ingest import TILLSTREAM, environment
from bench.live.viewers import REVISION, Arrivals, Viewer, opened
from bench.server import ADDRESS, Server, served
from tillstream.app import build
from tillstream.model.messages import store_sale_schema
from tillstream.model.permissions import Role
from tillstream.people import accounts, store_credentials
from tillstream.settings import Settings

PAGES = ("/dashboard", "/dashboard/tiles/headline?preset=all", "/sale-lines", "/changes", "/live", "/uploads")
EXAMPLE = store_sale_schema()["examples"][0]
PASSWORD = "a long passphrase of the bench"
WITHOUT_VIEWERS = 1_000_000
"""Number of the first sale before live pages are open; those that they must show begin at 0."""
ARRIVAL = 30.0
"""Seconds in which the last sale must have reached every page."""


@dataclass(frozen=True)
class Load:
    """Open live pages, of which `scopes` are of managers with different stores; the others see everything."""

    viewers: int = 50
    scopes: int = 10
    seconds: float = 60
    rate: float = 2
    """Sales a second."""
    demo: tuple[str, ...] = ("--json",)
    """Options of the command `demo`."""


@dataclass(frozen=True)
class Work:
    """Seconds of the processor that the server used: for a page without live pages; in a second with open live pages
    and no sale; for a sale that reaches all of them; for a page meanwhile, without that of the sales."""

    page: float
    waiting: float
    sale: float
    page_with_live: float


@dataclass(frozen=True)
class Live:
    """Seconds: of pages while nothing is sold, without and with open live pages, and while sales arrive, without and
    with them; and from the post of a sale to the viewers."""

    idle: tuple[float, ...]
    watched: tuple[float, ...]
    selling: tuple[float, ...]
    with_live: tuple[float, ...]
    arrivals: tuple[float, ...]
    missed: int
    """Sales that a viewer of everything did not receive exactly once."""
    work: Work
    memory: float
    memory_with_live: float
    """Megabytes (10^6 bytes) of the server before live pages are open, and at the end with them."""


def measure(home: Path, load: Load) -> Live:
    """Measure a server on a home, each step for the seconds of the load."""
    subprocess.run([TILLSTREAM, "demo", *load.demo], env=environment(home), check=True, capture_output=True)
    managers, token = _people(home, load.scopes)
    with _served_on_its_own_core(home) as server:
        browser = portal.sign_in(server)
        _until_quiet(browser)
        used = _Used(server.pid)
        idle = _visits(browser, load.seconds)
        page = used.since() / len(idle)
        with _selling(token, Arrivals(), load.rate, first=WITHOUT_VIEWERS):
            selling = _visits(browser, load.seconds)
        memory = _memory(server.pid)
        readers = [_viewer(browser, counts=True)] * (load.viewers - load.scopes)  # of one account: sign-in is limited
        bound = [_viewer(portal.sign_in(Server(login, PASSWORD, "")), counts=False) for login in managers]
        arrivals = Arrivals()
        with opened([*readers, *bound]) as pages:
            used.since()
            time.sleep(load.seconds / 2)
            waiting = used.since() / (load.seconds / 2)
            watched = _visits(browser, load.seconds / 2)
            used.since()
            with _selling(token, arrivals, load.rate):
                time.sleep(load.seconds)
            work_of_sales, sales = used.since() - waiting * load.seconds, len(arrivals.posted)
            with _selling(token, arrivals, load.rate):
                with_live = _visits(browser, load.seconds)
            sale, more = work_of_sales / sales, len(arrivals.posted) - sales
            page_with_live = (used.since() - waiting * load.seconds - more * sale) / len(with_live)
            pages.collect(arrivals, ARRIVAL)
            memory_with_live = _memory(server.pid)
    work = Work(page, waiting, sale, page_with_live)
    return Live(
        tuple(idle),
        tuple(watched),
        tuple(selling),
        tuple(with_live),
        tuple(arrivals.seconds),
        arrivals.missed(len(readers)),
        work,
        memory,
        memory_with_live,
    )


def _viewer(browser: OpenerDirector, *, counts: bool) -> Viewer:
    shown = REVISION.search(portal.get(browser, "/live"))
    cookies = next(one for one in vars(browser)["handlers"] if isinstance(one, HTTPCookieProcessor)).cookiejar
    return Viewer("; ".join(f"{one.name}={one.value}" for one in cookies), int(shown[1]) if shown else 0, counts)


@contextmanager
def _served_on_its_own_core(home: Path) -> Iterator[Server]:
    """A server that has one core, while this process and the viewers have the others, if there are several."""
    cores = os.sched_getaffinity(0)
    own = {min(cores)}
    os.sched_setaffinity(0, own)  # the server inherits it
    try:
        with served(home) as server:
            os.sched_setaffinity(0, cores - own or cores)
            yield server
    finally:
        os.sched_setaffinity(0, cores)


def _memory(pid: int) -> float:
    """Resident memory in megabytes."""
    return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


class _Used:
    """The processor time of a process."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._before = self._total()

    def since(self) -> float:
        """Seconds since the last call."""
        before, self._before = self._before, self._total()
        return self._before - before

    def _total(self) -> float:
        fields = Path(f"/proc/{self._pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _people(home: Path, scopes: int) -> tuple[list[str], str]:
    """Managers, and a token of the store of the example."""
    app = build(Settings(home=home))
    try:
        logins = [f"manager-{at}" for at in range(scopes)]
        for at, login in enumerate(logins):
            stores = (EXAMPLE["store_id"], f"S{at}")
            accounts.add_account(
                app.ports, login, login, Role.MANAGER, password=PASSWORD, regions=("IN",), stores=stores
            )
        return logins, store_credentials.issue_store_token(
            app.ports, EXAMPLE["region"], EXAMPLE["store_id"], "bench", "bench"
        )[1]
    finally:
        app.close()


@contextmanager
def _selling(token: str, arrivals: Arrivals, rate: float, first: int = 0) -> Iterator[None]:
    closed = threading.Event()
    seller = threading.Thread(target=_sell, args=(token, arrivals, rate, first, closed.is_set), daemon=True)
    seller.start()
    try:
        yield
    finally:
        closed.set()
        seller.join()


def _sell(token: str, arrivals: Arrivals, rate: float, first: int, is_closed: Callable[[], bool]) -> None:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    begin, count = time.monotonic(), 0
    while not is_closed():
        number, count = f"L-{first + len(arrivals.posted)}", count + 1
        sold_at = datetime.now(UTC).isoformat(timespec="seconds")
        body = json.dumps(EXAMPLE | {"number": number, "sold_at": sold_at}).encode()
        arrivals.posted[number] = time.monotonic()
        urlopen(Request(f"{ADDRESS}/api/sales", body, headers)).close()
        time.sleep(max(0.0, begin + count / rate - time.monotonic()))


def _until_quiet(browser: OpenerDirector) -> None:
    """Wait until two rounds take equally long: the server has finished its startup work."""
    before = float("inf")
    while (now := sum(_visits(browser, 1))) < before * 0.8:
        before = now


def _visits(browser: OpenerDirector, seconds: float) -> list[float]:
    until, times = time.monotonic() + seconds, list[float]()
    while time.monotonic() < until:
        for path in PAGES:
            started = time.perf_counter()
            portal.get(browser, path)
            times.append(time.perf_counter() - started)
            time.sleep(0.1)
    return times
