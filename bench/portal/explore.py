"""`python -m bench.portal.explore`: what a request of Explore takes at ten million lines; the section "Explore" of
docs/benchmarks.md.
"""

import argparse
import statistics
import tempfile
import time
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from bench import full, ingest, portal, report
from bench.__main__ import PAGE
from bench.server import served
from tillstream.app import build
from tillstream.settings import Settings

QUESTIONS = {
    "revenue by month": "measure=revenue&by=month",
    "revenue and orders by month and store": "measure=revenue&measure=orders&by=month&by=store",
    "revenue by category against the previous period": "measure=revenue&by=category&against=previous",
    "revenue by product against last year, by change": "measure=revenue&by=product&against=year&sort=-revenue.change",
    "units by category across months": "measure=units&by=category&across=month",
    "revenue by weekday across channels": "measure=revenue&by=weekday&across=channel",
    "margin and discount rate by store": "measure=margin&measure=discount_rate&by=store",
    "average order by country": "measure=average_order_value&by=country",
    "customers and new customers by month": "measure=customers&measure=new_customers&by=month",
    "orders by product": "measure=orders&by=product",
    "revenue, all time": "measure=revenue",
}
RUNS = 20
MOST = 0.3
"""Seconds of the 95th percentile over all questions."""


@dataclass(frozen=True)
class Answers:
    """Seconds of each request, by question. The first request of each question is not counted."""

    seconds: dict[str, list[float]]


def measure(home: Path) -> Answers:
    """Ask each question of the server of a home, each time from another day, so that no answer is cached."""
    app = build(Settings(home=home))
    app.ports.warehouse.refresh_totals()
    app.close()
    seconds: dict[str, list[float]] = {question: [] for question in QUESTIONS}
    with served(home) as server:
        browser = portal.sign_in(server)
        portal.until_quiet(browser)
        for number in range(RUNS + 1):
            for question, arguments in QUESTIONS.items():
                first = date(2023, 7, 1) + timedelta(days=number)
                started = time.perf_counter()
                portal.get(browser, f"/explore?{arguments}&from={first}&to=2024-12-31")
                if number:
                    seconds[question].append(time.perf_counter() - started)
    return Answers(seconds)


def section(answers: Answers) -> str:
    """The section of docs/benchmarks.md."""
    every = [second for seconds in answers.seconds.values() for second in seconds]
    rows = [_row(question, seconds) for question, seconds in answers.seconds.items()]
    rows.append(_row("all of them", every))
    return (
        "## Explore\n\nWritten by `python -m bench.portal.explore`: whole pages of Explore over ten million lines, "
        f"from the running server, {RUNS} times each question, each time from another day, so that no answer is "
        "cached.\n\n" + report.table(("question", "median", "p95, at most 300 ms", ""), rows)
    )


def _row(question: str, seconds: list[float]) -> list[str]:
    p95 = statistics.quantiles(seconds, n=20)[-1]
    met = "met" if p95 <= MOST else "**missed**"
    return [question, f"{1000 * statistics.median(seconds):.0f} ms", f"{1000 * p95:.0f} ms", met]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.portal.explore", description=__doc__)
    parser.add_argument("--home", type=Path, help="measure this home instead of a new one of ten million lines")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tillstream-bench-") as folder:
        home = options.home or Path(folder) / "history"
        if options.home is None:
            ingest.ingest(ingest.file_of(Path(folder), full.HISTORY), home)
        report.replace_section(PAGE, section(measure(home)))


if __name__ == "__main__":
    main()
