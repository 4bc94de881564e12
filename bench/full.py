"""Benchmarks at ten million rows: memory, loading into history, one sale, publishing, dashboard queries."""

import shutil
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench import ingest
from bench.portal import Portal
from bench.portal import measure as measure_portal
from bench.process import Figures, Run, timed
from tillstream.analytics import measure_values, queries
from tillstream.analytics.filters import Filters
from tillstream.app import App, build
from tillstream.intake import store_sales
from tillstream.intake.store_sales import publish_unsigned_sale
from tillstream.model.people import UNRESTRICTED
from tillstream.operations import quality_checks as quality
from tillstream.people.store_credentials import StoreToken
from tillstream.pipeline.publishing import sale_events
from tillstream.pipeline.settling import settle
from tillstream.pipeline.staging import stage
from tillstream.settings import Settings

HISTORY = 10_000_000
NEW_ROWS = 100_000
DASHBOARD = (
    "kpis",
    "sales-over-time",
    "sales-by-category",
    "sales-by-country",
    "sales-by-region",
    "sales-by-product",
    "sales-by-channel",
    "top-customers",
    "monthly-trends",
    "headline",
    "customer-counts",
    "country-shares",
    "sales-by-weekday",
    "by-currency",
)
PAGES_OF_NUMBERS = ("rfm-segments", "cohort-retention", "abc-classes")
"""Queries of the pages Customers and Products."""
MEASURES: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (("revenue", "orders"), ("month", "store")),
    (("revenue", "margin", "discount_rate"), ("category",)),
    (("customers", "new_customers"), ("month",)),
    (("revenue", "units"), ("product",)),
    (("orders",), ("product",)),
)
"""Measures and the dimensions by which they are computed."""
SALES = 20
QUERY_RUNS = 60
"""Runs of each query; with only twenty, the 95th percentile would be the slowest run."""


@dataclass(frozen=True)
class Scale:
    """Results in seconds, megabytes and events per second."""

    million: Run
    history: Run
    into_history: Figures
    into_none: Figures
    one_sale: float
    events_per_second: float
    queries: dict[str, float]
    """p95 of each dashboard query in seconds, never answered from the cache."""
    measures: dict[str, float]
    """p95 of each query of measures in seconds."""
    quality_time: float
    """Seconds of all quality checks on all days."""
    quality_of_a_day: float
    """Seconds of the quality checks of a day that a settlement changed."""
    totals_time: float
    """Seconds to refresh the daily totals of the whole history."""
    executive_report: float
    """Median of the seconds from the start of a process to the executive report of a month as PDF."""
    portal: Portal


def measure(work: Path) -> Scale:
    million = ingest.ingest(ingest.file_of(work, ingest.ROWS), work / "million")
    shutil.rmtree(work / "million")
    home = work / "history"
    history = ingest.ingest(ingest.file_of(work, HISTORY), home)
    into_history, into_none = _load_new_rows(work, home)
    with _open_app(home) as app:
        started = time.perf_counter()
        app.ports.warehouse.refresh_totals()
        totals_time = time.perf_counter() - started
        query_times = {query: _p95(partial(_run_query, app, query)) for query in DASHBOARD}
        one_sale = _one_sale(app)
        measure_times = {query: _p95(partial(_run_query, app, query)) for query in PAGES_OF_NUMBERS} | {
            f"{', '.join(names)} by {', '.join(by)}": _p95(partial(_run_measures, app, names, by))
            for names, by in MEASURES
        }
        quality_time = _seconds(partial(quality.check_all_days, app.ports))
        _one_sale(app)
        app.ports.warehouse.refresh_totals()
        quality_of_a_day = _seconds(partial(quality.check_changed_days, app.ports))
    portal = measure_portal(home, ingest.file_of(work, NEW_ROWS, first_row=3 * HISTORY))
    with _open_app(home) as app:
        events_per_second = _publish_rate(app)
    return Scale(
        million,
        history,
        into_history,
        into_none,
        one_sale,
        events_per_second,
        query_times,
        measure_times,
        quality_time,
        quality_of_a_day,
        totals_time,
        statistics.median(_executive_report(home, work).wall for _ in range(3)),
        portal,
    )


def _executive_report(home: Path, work: Path) -> Run:
    days = ["--from", "2024-11-01", "--to", "2024-11-30"]
    command = [ingest.TILLSTREAM, "report", "executive", *days, "--out", str(work / "report.pdf")]
    return timed(command, ingest.environment(home))


@contextmanager
def _open_app(home: Path) -> Iterator[App]:
    """Open the application with the memory limit of the server."""
    settings = Settings(home=home)
    app = build(settings.model_copy(update={"memory_limit": settings.server_memory_limit}))
    try:
        yield app
    finally:
        app.close()


def _load_new_rows(work: Path, home: Path) -> tuple[Figures, Figures]:
    """Load 100,000 new rows into the history and, alternating, into an empty home."""
    into_history, into_none = [], []
    for number in range(5):
        file = ingest.file_of(work, NEW_ROWS, first_row=2 * HISTORY + number * NEW_ROWS)
        into_history.append(ingest.ingest(file, home))
        into_none.append(ingest.ingest(file, work / f"none-{number}"))
        shutil.rmtree(work / f"none-{number}")
    return Figures(tuple(into_history)), Figures(tuple(into_none))


def _one_sale(app: App) -> float:
    """Median seconds of settling one store sale into the history."""
    seconds = []
    for number in range(SALES):
        line = {"line": "1", "product_id": "P1", "quantity": "1", "unit_price": "3.50"}
        sale = {
            "schema": "store-sale/1", "region": "Bench", "store_id": "S001", "number": f"T{number}",
            "sold_at": "2026-01-05T10:00:00+00:00", "currency": "USD", "lines": [line],
        }  # fmt: skip
        publish_unsigned_sale(app.ports, StoreToken("till", "Bench", "S001"), sale)
        for batch in store_sales.receive_store_sales(app.ports, app.contracts, 10, 1.0):
            stage.stage(app.ports, batch.batch_id)
        started = time.perf_counter()
        settle.settle_all(app.ports, app.contracts)
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds)


def _publish_rate(app: App) -> float:
    """Median events per second when publishing a settlement of 100,000 lines to one subscription."""
    app.ports.bus.subscribe("sale-events", "bench")
    numbers = app.ports.warehouse.query("SELECT settlement_no FROM settlements WHERE added >= 100000 ORDER BY added")
    rates = []
    for number in numbers["settlement_no"].to_pylist()[:5]:
        # The server published without a subscription; publish again.
        app.ports.documents.delete(sale_events.RECORD_COLLECTION, str(number))
        started = time.perf_counter()
        events = sale_events.publish_changes(app.ports, number)
        rates.append(events / (time.perf_counter() - started))
    return statistics.median(rates)


def _run_query(app: App, name: str) -> None:
    queries.run_query(app.ports.warehouse, name, UNRESTRICTED, Filters())


def _run_measures(app: App, names: Sequence[str], by: Sequence[str]) -> None:
    measure_values.query_measures(app.ports.warehouse, names, by, UNRESTRICTED)


def _p95(work: Callable[[], object]) -> float:
    return statistics.quantiles([_seconds(work) for _ in range(QUERY_RUNS)], n=20)[-1]


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
