"""`python -m bench.live`: 50 open live pages while sales arrive: when they show a sale, and how long pages take."""

import argparse
import statistics
import tempfile
from pathlib import Path

from bench.live import Load, measure

LIMIT = 0.3
"""Seconds: p95 of ordinary pages while live pages are open."""


def _p95(seconds: tuple[float, ...]) -> float:
    return statistics.quantiles(seconds, n=20)[-1]


def main() -> None:
    """Print the figures; the exit code is 1 if pages are slower than LIMIT or a sale was missed or repeated."""
    parser = argparse.ArgumentParser(prog="python -m bench.live", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--rate", type=float, default=2, help="sales a second")
    options = parser.parse_args()
    load = Load(seconds=options.seconds, rate=options.rate)
    with tempfile.TemporaryDirectory(prefix="tillstream-bench-") as folder:
        live = measure(Path(folder) / "home", load)
    work = live.work
    print(
        f"pages, p95: {_p95(live.idle) * 1000:,.0f} ms alone, "
        f"{_p95(live.with_live) * 1000:,.0f} ms with {load.viewers} open live pages"
    )
    print(f"from post to page: median {statistics.median(live.arrivals):.2f} s, p95 {_p95(live.arrivals):.2f} s")
    print(f"sales missed or repeated: {live.missed}")
    print(
        f"processor: {work.page * 1000:,.0f} ms a page alone, {work.page_with_live * 1000:,.0f} ms with live pages; "
        f"{work.sale * 1000:,.0f} ms a sale on all of them; {work.waiting * 100:.1f}% of a core while nothing is sold"
    )
    raise SystemExit(int(live.missed > 0 or _p95(live.with_live) > LIMIT))


if __name__ == "__main__":
    main()
