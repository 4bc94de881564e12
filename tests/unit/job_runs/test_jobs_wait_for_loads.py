"""Jobs of the server and of a project start when the sales that they read are loaded, at each hour of the day."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import shop_of_two_stores
from large_settlements import with_jobs

from examples import long_but
from tillstream.adapters.local.clock import ManualClock
from tillstream.alerts import evaluation
from tillstream.app import App, mart_destinations
from tillstream.commands.demo_shop.loading import load_demo
from tillstream.commands.registry import COMMANDS
from tillstream.commands.result import quiet
from tillstream.commands.run_batch import run_batch
from tillstream.forecasting import run_records
from tillstream.intake import inbox
from tillstream.marts import destinations
from tillstream.marts.destinations import MartDestinationDraft
from tillstream.model.batch import Batch
from tillstream.model.dates import instant_text
from tillstream.model.permissions import Role
from tillstream.people import accounts
from tillstream.ports import Ports
from tillstream.ports.jobs import FORECAST_JOB, RESTOCK_JOB
from tillstream.records import batch_records, data_version, mail, sales_loads
from tillstream.reports import subscriptions
from tillstream.server.worker import Schedules
from tillstream.stock import restock_queue, stored_levels
from tillstream.stock import restock_queue as restock
from tillstream.stock import stored_movements as movements
from tillstream.stock.movements import Movement, MovementKind, MovementLine

STARTS = (date(2026, 3, 2), date(2026, 3, 16))
LOADED = date(2026, 3, 1)
"""Last day of the sales at the start: forecasts would end with 7 weeks. With all files there are 11."""
UNITS = "SELECT SUM(quantity) AS n FROM sales WHERE store_id = 'LDS1' AND product_id = 'TO-1' AND sale_date > @counted"
REVENUE = "SELECT SUM(revenue) AS n FROM sales WHERE sale_date >= DATE '2026-03-01'"
JOBS = ("forecast", "restock", "reports", "alerts", "marts")
FOLLOW = {
    "sums": "totals and stock levels are computed again for what each settlement changed",
    "quality": "the days that a settlement changed are checked again",
    "webhooks": "each event is sent once",
    "connect": "it loads files itself",
    "sync": "what the head office lacks is sent, in order",
    "exports": "a person requested the rows as they are",
}
"""Threads that do not wait for loads, and why nothing of theirs remains of a part of the files. Goals have none: they
are computed when they are read."""


class AtOnce(threading.Event):
    """The pause of a thread that is over at once."""

    def wait(self, timeout: float | None = None) -> bool:
        return self.is_set()


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[App]:
    opened = shop_of_two_stores.app(tmp_path, LOADED)
    settings = opened.settings.model_copy(update={"smtp_url": type(opened.settings.smtp_url)("smtp://127.0.0.1:9")})
    yield replace(opened, settings=settings)
    opened.close()


def clock_of(app: App) -> ManualClock:
    assert isinstance(app.ports.clock, ManualClock)
    return app.ports.clock


def advance(app: App, to: datetime) -> None:
    clock_of(app).advance((to - app.ports.clock.now()).total_seconds())


def sales(first: date, weeks: int) -> bytes:
    return shop_of_two_stores.content(first, first + timedelta(days=weeks * 7 - 1))


def received(app: App, folder: Path, first: date, weeks: int) -> Batch:
    path = folder / f"UK-{first}.csv"
    path.write_bytes(sales(first, weeks))
    with path.open("rb") as stream:
        return inbox.receive_file(app.ports, app.contracts.pin("UK"), path.name, stream, "ana")


def make_everything_due(app: App, folder: Path, at: datetime) -> None:
    accounts.add_account(app.ports, "ana", "Ana", Role.ANALYST, regions=("IN",))
    subscriptions.subscribe_to_report(app.ports, "ana", "week", "ana@example.com", by="ana")
    advance(app, at)
    run_records.request_forecast(app.ports)
    restock_queue.RESTOCK.request(app.ports)
    mart_destinations.add_mart_destination(app, MartDestinationDraft("lake", str(folder / "lake")), "ana")


def turn(app: App) -> None:
    """One turn of each thread that has a schedule."""
    turns = Schedules(app, AtOnce()).turns()
    for name in ("sums", "quality", *JOBS):
        turns[name]()


def ended(app: App) -> list[str]:
    """The jobs that have a result."""
    ports = app.ports
    results = (
        run_records.FORECAST.last_run(ports),
        restock.RESTOCK.last_run(ports),
        ports.documents.count(mail.MAIL_COLLECTION),
        evaluation.last_evaluation(ports).evaluated_at,
        destinations.get_destination(ports, "lake").done_at,
    )
    return [name for name, result in zip(JOBS, results, strict=True) if result]


def _stock_and_goals(app: App, file: Batch) -> tuple[Decimal, Decimal]:
    """Units on hand and revenue of the month, of the sales until this file."""
    run_batch(app, file, quiet)
    turn(app)
    (level,) = app.ports.warehouse.query("SELECT on_hand FROM stock_levels WHERE on_hand IS NOT NULL").to_pylist()
    company, _ = COMMANDS["goals"](app, quiet).data["rows"]
    return level["on_hand"], Decimal(company["sold"])


@pytest.mark.parametrize("hour", long_but([3], range(24)))
def test_each_job_starts_after_the_load_and_has_everything(shop: App, tmp_path: Path, hour: int) -> None:
    make_everything_due(shop, tmp_path, datetime(2026, 7, 10, hour, 15, tzinfo=UTC))
    with sales_loads.loading(shop.ports, batch_records.SAMPLES):
        turn(shop)
        assert ended(shop) == [], "before the first file"
        run_batch(shop, received(shop, tmp_path, date(2026, 3, 2), 2), quiet)
        turn(shop)
        assert ended(shop) == [], "between two files"
    last = received(shop, tmp_path, date(2026, 3, 16), 2)
    turn(shop)
    assert ended(shop) == [], "while a file is read"
    run_batch(shop, last, quiet)
    turn(shop)
    assert sorted(ended(shop)) == sorted(JOBS)
    forecast, newest = run_records.FORECAST.last_run(shop.ports), data_version.newest_settlement(shop.ports.documents)
    assert forecast
    assert "sales of 11 weeks" in forecast.reason
    assert destinations.get_destination(shop.ports, "lake").settlement_no == newest == 3


def test_every_thread_waits_for_loads_or_follows_each_settlement(shop: App) -> None:
    assert {*Schedules(shop, AtOnce()).turns()} == {*JOBS, *FOLLOW}


def test_stock_and_goals_of_a_part_of_the_files_are_those_of_all_after_the_load(shop: App, tmp_path: Path) -> None:
    advance(shop, datetime(2026, 3, 30, 3, 15, tzinfo=UTC))
    line = MovementLine("TO-1", Decimal(1000))
    movements.record_movements(
        shop.ports, [Movement("counted", MovementKind.COUNT, "UK", "LDS1", LOADED, (line,))], by="ana"
    )
    with sales_loads.loading(shop.ports, batch_records.SAMPLES):
        part, whole = [_stock_and_goals(shop, received(shop, tmp_path, first, 2)) for first in STARTS]
    (units,) = shop.ports.warehouse.query(UNITS, {"counted": LOADED}).to_pylist()
    (revenue,) = shop.ports.warehouse.query(REVENUE).to_pylist()
    assert part[0] > whole[0] == 1000 - units["n"]
    assert part[1] < whole[1] == pytest.approx(revenue["n"])


@pytest.mark.parametrize("hour", long_but([2, 3, 5, 6], range(24)))
def test_the_forecast_of_a_night_that_ends_before_the_load_is_made_after_it(shop: App, hour: int) -> None:
    advance(shop, datetime(2026, 7, 10, hour, 15, tzinfo=UTC))
    is_night = 3 <= hour < 6
    sales_loads.begin(shop.ports, "files")
    assert not run_records.may_start_forecast(shop.ports, at_night=is_night)
    clock_of(shop).advance(timedelta(minutes=50).total_seconds())
    assert not run_records.may_start_forecast(shop.ports, at_night=False)
    sales_loads.end(shop.ports, "files")
    assert run_records.may_start_forecast(shop.ports, at_night=False) is is_night


def test_a_file_that_is_stuck_is_no_load(shop: App, tmp_path: Path) -> None:
    received(shop, tmp_path, date(2026, 3, 2), 1)
    assert sales_loads.is_under_way(shop.ports)
    clock_of(shop).advance(sales_loads.LONGEST.total_seconds())
    assert not sales_loads.is_under_way(shop.ports)


def test_of_many_files_the_newest_decides_and_an_older_one_counts_too(
    shop: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ports, reads, find = shop.ports, list[Batch](), batch_records.find_batches
    files = [received(shop, tmp_path, date(2026, 3, day), 1) for day in (2, 9, 16)]

    def counted(*arguments: Any, **named: Any) -> list[Batch]:
        answer = find(*arguments, **named)
        reads.extend(answer)
        return answer

    monkeypatch.setattr(batch_records, "find_batches", counted)
    assert sales_loads.is_under_way(ports)
    assert [one.batch_id for one in reads] == [files[-1].batch_id]
    clock_of(shop).advance(sales_loads.LONGEST.total_seconds())
    assert not sales_loads.is_under_way(ports)
    oldest = files[0].to_json() | {"state_at": ports.clock.now().isoformat()}
    ports.documents.put(batch_records.BATCHES, files[0].batch_id, oldest)
    assert sales_loads.is_under_way(ports)


def test_alerts_wait_a_quarter_of_an_hour_at_most(shop: App) -> None:
    turns = Schedules(shop, AtOnce()).turns()
    for minutes, is_evaluated in ((0, False), (14, False), (1, True)):
        clock_of(shop).advance(timedelta(minutes=minutes).total_seconds())
        sales_loads.begin(shop.ports, "files")
        turns["alerts"]()
        assert bool(evaluation.last_evaluation(shop.ports).evaluated_at) is is_evaluated


class EnoughError(Exception):
    """Ends the demo."""


def test_the_samples_are_one_load_until_they_end(tmp_path: Path) -> None:
    opened = shop_of_two_stores.app(tmp_path, LOADED)
    under_way = list[bool]()

    def progress(*_: object, **__: object) -> None:
        under_way.append(sales_loads.is_under_way(opened.ports))
        if len(under_way) == 3:
            raise EnoughError

    with pytest.raises(EnoughError):
        load_demo(opened, progress, 0.0005, accounts=False)
    assert under_way == [True] * 3
    assert not opened.ports.documents.count(sales_loads.COLLECTION)
    opened.close()


def test_a_run_at_work_in_this_process_is_not_started_again(shop: App) -> None:
    """The worker took the progress of a command for that of an interrupted run, and ran beside it."""
    with run_records.ONE_AT_A_TIME:
        run_records.note_progress(shop.ports, instant_text(shop.ports.clock.now()), 1, 10)
        assert not run_records.is_forecast_due(shop.ports, at_night=True)
    assert run_records.is_forecast_due(shop.ports, at_night=False)


def test_the_job_of_a_project_is_started_after_the_load_and_again_for_a_request_during_its_run(shop: App) -> None:
    project, jobs = with_jobs(shop)
    ports = project.ports
    sales_loads.begin(ports, "files")
    run_records.request_forecast(ports)
    assert not run_records.start_due_forecast(ports)
    sales_loads.end(ports, "files")
    assert run_records.start_due_forecast(ports)
    with run_records.FORECAST.reserved(ports):
        run_records.FORECAST.answer(ports, run_records.FORECAST.pending(ports))
        run_records.request_forecast(ports)
        assert not run_records.start_due_forecast(ports), "a run is at work"
    assert run_records.start_due_forecast(ports)
    assert jobs.starts == [FORECAST_JOB, FORECAST_JOB]


def test_a_large_queue_of_a_project_is_computed_while_files_come_all_the_time(
    shop: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The job that the sweep started after the longest wait began the next wait, and ended without a queue."""
    project, jobs = with_jobs(shop)
    ports, restock_run = project.ports, COMMANDS["restock-run"]
    assert restock_run(project, quiet).data
    monkeypatch.setattr(restock_queue, "AT_ONCE", -1)
    restock_queue.RESTOCK.request(ports)
    for _ in range(5):
        sales_loads.begin(ports, "files")
        assert not jobs.starts
        restock_queue.run_or_start_restock(ports)
        clock_of(shop).advance(timedelta(minutes=15).total_seconds())
    assert jobs.starts == [RESTOCK_JOB]
    sales_loads.begin(ports, "files")
    assert restock_run(project, quiet, due=True).data
    assert not restock_queue.RESTOCK.is_requested(ports)


def test_a_queue_that_is_requested_during_its_run_is_computed_again(shop: App, monkeypatch: pytest.MonkeyPatch) -> None:
    restock_queue.RESTOCK.request(shop.ports)
    refresh = stored_levels.refresh_levels

    def refresh_and_request(ports: Ports) -> int:
        restock_queue.RESTOCK.request(ports)
        return refresh(ports)

    monkeypatch.setattr(stored_levels, "refresh_levels", refresh_and_request)
    assert restock_queue.run_due_restock(shop.ports)
    monkeypatch.undo()
    assert restock_queue.RESTOCK.is_requested(shop.ports)
    assert restock_queue.run_due_restock(shop.ports)
    assert not restock_queue.RESTOCK.is_requested(shop.ports)
