"""`python -m bench.pages`: what a browser waits for at 200,000 lines, and at ten million with `--full`; the section
"Pages" of docs/benchmarks.md.
"""

import argparse
import json
import os
import re
import subprocess
import tempfile
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from bench import full, ingest, portal, report
from bench.__main__ import PAGE
from bench.server import ADDRESS, Server, served
from tillstream.app import build
from tillstream.settings import Settings

ROUNDS = 7
STORM = 9
"""Rounds of all tiles, six at once, after which the memory is read."""
CHROMIUM = "/usr/bin/chromium"
TIMES = """
const times = window.times = {};
const shown = (selector) => [...document.querySelectorAll(selector)].filter((one) => one.checkVisibility());
const inView = (one) => { const box = one.getBoundingClientRect(); return box.top < innerHeight && box.bottom > 0; };
const waits = (one) => one.matches('[data-chart]:not([data-drawn]), .skeleton, [aria-busy="true"]');
const watch = setInterval(() => {
  const headline = document.querySelector('#tile-headline');
  if (document.readyState === 'loading' || !headline || headline.querySelector('.skeleton')) return;
  times.usable ??= performance.now();
  if (document.readyState !== 'complete' || !document.querySelector('[data-drawn]')) return;
  const waiting = shown('[data-chart], .skeleton, [aria-busy="true"]').filter(waits);
  if (!times.charts && waiting.some(inView)) return;
  times.charts ??= performance.now();
  const below = shown('[data-tile][data-empty]')[0];
  if (below) below.scrollIntoView();
  else if (!waiting.length) { times.all = performance.now(); clearInterval(watch); }
}, 10);
"""


@dataclass(frozen=True)
class Visit:
    """Seconds in the browser until each state, seconds of the server's processor, and bytes on the wire."""

    usable: float
    charts: float
    all: float
    processor: float
    wire: int


@dataclass(frozen=True)
class Pages:
    """Visits with an empty cache and again with a full one. `memory`: peak megabytes of the server, after a storm."""

    lines: int
    first: tuple[Visit, ...]
    second: tuple[Visit, ...]
    memory: float


def measure(home: Path) -> Pages:
    """Measure the administrator's dashboard of a home."""
    app = build(Settings(home=home))
    app.ports.warehouse.refresh_totals()
    app.close()
    with served(home) as server, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        _visits(browser, server)  # the first page after a start is not counted
        rounds = [_visits(browser, server) for _ in range(ROUNDS)]
        browser.close()
        opener = portal.sign_in(server)
        names = list(dict.fromkeys(re.findall(r"/dashboard/tiles/([a-z0-9-]+)", portal.get(opener, "/dashboard"))))
        for number in range(STORM):
            portal.page(opener, names, number)
        first, second = zip(*rounds, strict=True)
        return Pages(_lines(server), first, second, _peak(server.pid))


def _visits(browser: Browser, server: Server) -> tuple[Visit, Visit]:
    """The first visit of a new browser, its sign-in page included in the bytes, and the second."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-GB")
    page, sizes = context.new_page(), list[int]()
    log = context.new_cdp_session(page)
    log.on("Network.loadingFinished", lambda event: sizes.append(int(event["encodedDataLength"])))
    log.send("Network.enable")
    page.goto(f"{ADDRESS}/sign-in")
    page.fill("[name=login]", server.login)
    page.fill("[name=password]", server.password)
    page.add_init_script(TIMES)
    before = _processor(server.pid)
    page.press("[name=password]", "Enter")
    first = _visit(page, sizes, server, before)
    sizes.clear()
    before = _processor(server.pid)
    page.goto(f"{ADDRESS}/dashboard")
    second = _visit(page, sizes, server, before)
    context.close()
    return first, second


def _visit(page: Page, sizes: list[int], server: Server, before: float) -> Visit:
    page.wait_for_function("() => window.times && window.times.all", timeout=120_000)
    times: dict[str, Any] = page.evaluate("() => window.times")
    usable, charts, whole = (float(times[name]) / 1000 for name in ("usable", "charts", "all"))
    return Visit(usable, charts, whole, _processor(server.pid) - before, sum(sizes))


def _processor(pid: int) -> float:
    """Seconds of the processor that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _peak(pid: int) -> float:
    """Largest resident set of a process, in megabytes."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024 / 1e6


def _lines(server: Server) -> int:
    request = urllib.request.Request(f"{ADDRESS}/api/kpis", headers={"Authorization": f"Bearer {server.token}"})
    with urllib.request.urlopen(request) as response:
        return int(json.load(response)["lines"])


def section(results: Sequence[Pages]) -> str:
    """The section of docs/benchmarks.md."""
    text = (
        "## Pages\n\nWritten by `make bench-pages`: the administrator's dashboard in Chromium at 1440 × 900, the "
        f"server and the browser on the same {os.cpu_count()} cores, load average {os.getloadavg()[1]:.0f} at the end. "
        f"The least of {ROUNDS} rounds, each with a new browser, as other work only adds to it; in brackets the "
        "median. The first page after a start of the server is not counted. Seconds of the processor are those of the "
        f"server for the whole page. Memory is the peak after {STORM} rounds of all tiles, six at once.\n"
    )
    return text + "".join(_at(pages) for pages in results)


def _at(pages: Pages) -> str:
    charts = 3 if pages.lines < full.HISTORY / 2 else 5
    rows = []
    for name, visits in (("first visit", pages.first), ("second visit", pages.second)):
        rows += [
            _least(f"{name}: usable, the key figures are there, at most 1.5 s", [one.usable for one in visits], 1.5),
            _least(f"{name}: all charts in view drawn, at most {charts} s", [one.charts for one in visits], charts),
            _least(f"{name}: all tiles drawn, scrolling down at once", [one.all for one in visits]),
            _least(f"{name}: seconds of the processor", [one.processor for one in visits]),
        ]
    wire = max(one.wire for one in pages.first) / 1000
    rows.append(
        report.floor("first visit with sign-in and all tiles, at most 900 kB on the wire", wire, most=900, unit="kB")
    )
    rows.append(["second visit on the wire", f"{max(one.wire for one in pages.second) / 1000:,.0f} kB", ""])
    limit = 500 if pages.lines < full.HISTORY / 2 else None
    called = "memory of the server, at most 500 MB" if limit else "memory of the server"
    row = report.floor(called, pages.memory, most=limit, unit="MB")
    rows.append(row if limit else [*row[:2], ""])
    return f"\nAt {pages.lines:,} lines:\n\n" + report.table(report.FLOOR, rows)


def _least(what: str, seconds: Sequence[float], most: float | None = None) -> list[str]:
    row = report.floor(what, min(seconds), most=most, unit="s")
    median = sorted(seconds)[len(seconds) // 2]
    return [what, f"{row[1]} ({median:.2f} s)", row[2] if most else ""]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.pages", description=__doc__)
    parser.add_argument("--full", action="store_true", help="ten million lines too, which takes 3 GB on disk")
    parser.add_argument("--home", type=Path, action="append", help="measure these homes instead of new ones")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tillstream-bench-") as folder:
        homes = options.home or _homes(Path(folder), full_size=options.full)
        report.replace_section(PAGE, section([measure(home) for home in homes]))


def _homes(work: Path, *, full_size: bool) -> list[Path]:
    """A home with the samples, and one with ten million lines."""
    demo, history = work / "demo", work / "history"
    subprocess.run([ingest.TILLSTREAM, "demo", "--json"], env=os.environ | {"TILLSTREAM_HOME": str(demo)}, check=True,
                   stdout=subprocess.DEVNULL)  # fmt: skip
    if full_size:
        ingest.ingest(ingest.file_of(work, full.HISTORY), history)
    return [demo, history] if full_size else [demo]


if __name__ == "__main__":
    main()
