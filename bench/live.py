"""`python -m bench.live`: 50 open live pages while sales arrive: when they show a sale, and how long pages take."""

import argparse
import json
import re
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.client import HTTPException
from pathlib import Path
from urllib.request import OpenerDirector, Request, urlopen

from bench import portal
from bench.ingest import TILLSTREAM, environment
from bench.server import ADDRESS, Server, served
from tillstream.app import build
from tillstream.domain.people import Role
from tillstream.domain.store_sale import schema
from tillstream.people import accounts, store_tokens
from tillstream.settings import Settings

VIEWERS = 50
SCOPES = 10
"""Managers with different stores among the viewers; the others see everything."""
PAGES = ("/dashboard", "/dashboard/tiles/headline?preset=all", "/sale-lines", "/changes", "/live", "/uploads")
EXAMPLE = schema()["examples"][0]
LIMIT = 0.3
"""Seconds: p95 of ordinary pages beside the open live pages."""


@dataclass
class Arrivals:
    """When each sale was posted, and when each viewer of everything received it."""

    posted: dict[str, float] = field(default_factory=dict)
    shown: dict[str, list[float]] = field(default_factory=dict)
    closed: threading.Event = field(default_factory=threading.Event)
    """No further sale is posted."""
    ended: threading.Event = field(default_factory=threading.Event)
    """No further sale is shown."""

    @property
    def seconds(self) -> list[float]:
        return [at - self.posted[number] for number, times in self.shown.items() for at in times]


@dataclass(frozen=True)
class Live:
    """Seconds: of pages without and with open live pages, and from the post of a sale to the viewers."""

    idle: tuple[float, ...]
    with_live: tuple[float, ...]
    arrivals: tuple[float, ...]
    missed: int
    """Sales that a viewer of everything did not receive exactly once."""


def measure(home: Path, seconds: float, rate: float) -> Live:
    """Measure a server on a home for some seconds; rate: sales a second."""
    subprocess.run([TILLSTREAM, "demo"], env=environment(home), check=True, capture_output=True)
    managers, token = _people(home)
    with served(home) as server:
        browser = portal.sign_in(server)
        _until_quiet(browser)
        idle = _visits(browser, seconds)
        readers = [browser] * (VIEWERS - SCOPES)  # of one account: sign-in is limited
        bound = [portal.sign_in(Server(login, PASSWORD, "")) for login in managers]
        arrivals = Arrivals()
        with _open(readers, bound, arrivals):
            time.sleep(2)
            seller = threading.Thread(target=_sell, args=(token, arrivals, rate), daemon=True)
            seller.start()
            with_live = _visits(browser, seconds)
            arrivals.closed.set()
            seller.join()
            time.sleep(5)
            arrivals.ended.set()
    missed = sum(len(readers) != len(arrivals.shown.get(number, ())) for number in arrivals.posted)
    return Live(tuple(idle), tuple(with_live), tuple(arrivals.seconds), missed)


def _people(home: Path) -> tuple[list[str], str]:
    """Managers, and a token of the store of the example."""
    app = build(Settings(home=home))
    try:
        logins = [f"manager-{at}" for at in range(SCOPES)]
        for at, login in enumerate(logins):
            stores = (EXAMPLE["store_id"], f"S{at}")
            accounts.add(app.ports, login, login, Role.MANAGER, password=PASSWORD, regions=("IN",), stores=stores)
        return logins, store_tokens.issue(app.ports, EXAMPLE["region"], EXAMPLE["store_id"], "bench", "bench")[1]
    finally:
        app.close()


@contextmanager
def _open(readers: list[OpenerDirector], bound: list[OpenerDirector], arrivals: Arrivals) -> Iterator[None]:
    threads = [
        threading.Thread(target=_view, args=(browser, arrivals, at < len(readers)), daemon=True)
        for at, browser in enumerate([*readers, *bound])
    ]
    for thread in threads:
        thread.start()
    yield


def _view(browser: OpenerDirector, arrivals: Arrivals, counts: bool) -> None:  # noqa: FBT001 - a thread's argument
    """An open live page: reads the stream, and resumes it where it ended."""
    last = (re.search(r'data-known="(\d+)"', portal.get(browser, "/live")) or [0, "0"])[1]
    while not arrivals.ended.is_set():
        with suppress(OSError, HTTPException), browser.open(f"{ADDRESS}/live/events?known={last}") as stream:
            for raw in stream:
                line = raw.decode()
                if line.startswith("id: "):
                    last = line[4:].strip()
                elif counts and line.startswith("data: {") and '"rows"' in line:
                    for number in re.findall(r'data-sale="[^"]*/(L-\d+)"', json.loads(line[6:])["rows"]):
                        arrivals.shown.setdefault(number, []).append(time.monotonic())


def _sell(token: str, arrivals: Arrivals, rate: float) -> None:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    begin = time.monotonic()
    while not arrivals.closed.is_set():
        number = f"L-{len(arrivals.posted)}"
        sold_at = datetime.now(UTC).isoformat(timespec="seconds")
        body = json.dumps(EXAMPLE | {"number": number, "sold_at": sold_at}).encode()
        arrivals.posted[number] = time.monotonic()
        urlopen(Request(f"{ADDRESS}/api/sales", body, headers)).close()
        time.sleep(max(0.0, begin + len(arrivals.posted) / rate - time.monotonic()))


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


PASSWORD = "a long passphrase of the bench"


def _p95(seconds: tuple[float, ...]) -> float:
    return statistics.quantiles(seconds, n=20)[-1]


def main() -> None:
    """Print the figures; the exit code is 1 if pages are slower than LIMIT or a sale was missed or repeated."""
    parser = argparse.ArgumentParser(prog="python -m bench.live", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--rate", type=float, default=2, help="sales a second")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tillstream-bench-") as folder:
        live = measure(Path(folder) / "home", options.seconds, options.rate)
    print(
        f"pages, p95: {_p95(live.idle) * 1000:,.0f} ms alone, "
        f"{_p95(live.with_live) * 1000:,.0f} ms with {VIEWERS} open live pages"
    )
    print(f"from post to page: median {statistics.median(live.arrivals):.2f} s, p95 {_p95(live.arrivals):.2f} s")
    print(f"sales missed or repeated: {live.missed}")
    raise SystemExit(int(live.missed > 0 or _p95(live.with_live) > LIMIT))


if __name__ == "__main__":
    main()
