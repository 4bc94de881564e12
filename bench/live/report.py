"""The section of the report about live pages."""

import statistics

from bench.live import Live, Load
from bench.report import FLOOR, floor, table

MILLISECONDS = 1000
LIMIT = 0.3
"""Seconds: p95 of ordinary pages while live pages are open."""


def section(load: Load, live: Live) -> str:
    work = live.work
    rows = [
        _pages("ordinary pages while nothing is sold, p95 at most 300 ms", live.watched),
        _pages("ordinary pages while sales arrive, p95 at most 300 ms", live.with_live),
        ["median", f"{MILLISECONDS * statistics.median(live.with_live):,.0f} ms", ""],
        ["without live pages, p95 while sales arrive", f"{MILLISECONDS * _p95(live.selling):,.0f} ms", ""],
        ["median", f"{MILLISECONDS * statistics.median(live.selling):,.0f} ms", ""],
        ["without live pages, p95 while nothing is sold", f"{MILLISECONDS * _p95(live.idle):,.0f} ms", ""],
        floor("sales that a live page missed or repeated: none", live.missed, most=0, unit=""),
        ["from the post of a sale to a live page, median", f"{statistics.median(live.arrivals):.2f} s", ""],
        ["p95", f"{_p95(live.arrivals):.2f} s", ""],
        ["processor for a page alone", f"{MILLISECONDS * work.page:,.0f} ms", ""],
        ["processor for a page with live pages", f"{MILLISECONDS * work.page_with_live:,.0f} ms", ""],
        ["processor for a sale that reaches all of them", f"{MILLISECONDS * work.sale:,.0f} ms", ""],
        ["processor while nothing is sold", f"{100 * work.waiting:.1f} % of a core", ""],
        ["memory of the server without live pages", f"{live.memory:,.0f} MB", ""],
        ["memory of the server with them, while sales arrive", f"{live.memory_with_live:,.0f} MB", ""],
    ]
    return (
        "## Live pages\n\n"
        f"{load.viewers} live pages are open, {load.scopes} of them of managers with other stores, while "
        f"{load.rate:g} sales a second arrive on the demo. The server has a core of its own; those who look and sell "
        "share the others.\n\n" + table(FLOOR, rows)
    )


def _pages(what: str, seconds: tuple[float, ...]) -> list[str]:
    return floor(what, MILLISECONDS * _p95(seconds), most=MILLISECONDS * LIMIT, unit="ms")


def passes(live: Live) -> bool:
    """Whether pages are fast enough, and no sale was missed or repeated."""
    return not live.missed and _p95(live.with_live) <= LIMIT


def _p95(seconds: tuple[float, ...]) -> float:
    return statistics.quantiles(seconds, n=20)[-1]
