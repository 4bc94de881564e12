"""Runs of the quality checks: which days they read, what the results keep, and which failures are reported."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from app_factory import build
from sample_ledger import SAMPLE_LEDGER

from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App
from tillstream.model.tables.warehouse_tables import TABLES
from tillstream.quality import results, rows, run
from tillstream.settings import Settings

NOW = datetime(2026, 7, 1, 9, 0, tzinfo=UTC)
TOTALS = "daily-totals-equal-lines"
FEW = run.ON_ONE_MACHINE
"""More lines than the sample has."""


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
def app(tmp_path: Path, clock: ManualClock) -> Iterator[App]:
    app = build(Settings(home=tmp_path / "home", samples=False, threads=1), clock)
    for table, content in SAMPLE_LEDGER.items():
        names = [field.name for field in TABLES[table]]
        columns = map(list, zip(*content, strict=True))
        app.ports.warehouse.replace_table(table, pa.table(dict(zip(names, columns, strict=True))))
    app.ports.warehouse.refresh_totals()
    yield app
    app.close()


def days(app: App) -> list[date]:
    text = "SELECT DISTINCT sale_date FROM day_sums ORDER BY sale_date"
    return [row["sale_date"] for row in app.ports.warehouse.query(text).to_pylist()]


def add_to_totals(app: App, amount: int, day: date) -> None:
    text = "SELECT * REPLACE (IF(sale_date = @day, net + @amount, net) AS net) FROM day_sums"
    warehouse = app.ports.warehouse
    warehouse.replace_table("day_sums", warehouse.query(text, {"day": day, "amount": amount}))


def settlement(app: App, number: int, *changed: date) -> None:
    """As if a settlement had changed these days, and the daily totals included it."""
    warehouse = app.ports.warehouse
    for table, new in (
        ("settlement_days", [{"settlement_no": number, "sale_date": day} for day in changed]),
        ("summed", [{"settlement_no": number, "split_settlement_no": number}]),
    ):
        kept = [] if table == "summed" else warehouse.query(f"SELECT * FROM {table}").to_pylist()
        schema = warehouse.query(f"SELECT * FROM {table}").schema
        warehouse.replace_table(table, pa.Table.from_pylist([*kept, *new], schema))


def test_nothing_is_checked_before_there_are_totals(tmp_path: Path, clock: ManualClock) -> None:
    app = build(Settings(home=tmp_path / "empty", samples=False, threads=1), clock)
    assert run.run_changed(app.ports) == []
    assert results.last(app.ports) == results.Results()
    app.close()


def test_a_failure_is_reported_once_and_kept_until_its_day_passes(app: App) -> None:
    first, second = days(app)[:2]
    run.run_changed(app.ports)
    assert TOTALS not in results.last(app.ports).failing
    add_to_totals(app, 1, first)
    settlement(app, 101, first)
    (sentence,) = run.run_changed(app.ports)
    assert sentence.startswith(f"{TOTALS}: 1 row fails.")
    settlement(app, 102, second)
    assert run.run_changed(app.ports) == []
    failed = results.last(app.ports).by_check[TOTALS]
    assert failed.days == {first.isoformat(): 1}
    assert failed.failing_since
    add_to_totals(app, -1, first)
    settlement(app, 103, first)
    assert run.run_changed(app.ports) == []
    passed = results.last(app.ports).by_check[TOTALS]
    assert passed.passes
    assert not passed.failing_since


def test_only_changed_days_are_checked_and_a_run_on_all_days_notices_the_others(app: App) -> None:
    first, second = days(app)[:2]
    run.run_changed(app.ports)
    add_to_totals(app, 1, second)
    settlement(app, 101, first)
    assert run.run_changed(app.ports) == []
    assert any(one.startswith(TOTALS) for one in run.run_all(app.ports))
    assert run.run_changed(app.ports) == []  # nothing changed


def test_all_checks_are_due_once_a_day(app: App, clock: ManualClock) -> None:
    run.run_due(app.ports, FEW)
    at = results.last(app.ports).all_checked_at
    clock.advance(82_799)
    run.run_due(app.ports, FEW)
    assert results.last(app.ports).all_checked_at == at
    clock.advance(1)
    run.run_due(app.ports, FEW)
    assert results.last(app.ports).all_checked_at > at


def test_a_limited_run_checks_the_latest_days_and_leaves_others_to_later_runs(app: App) -> None:
    every = days(app)
    add_to_totals(app, 1, every[0])
    run.run_changed(app.ports, most_lines=1)
    last = results.last(app.ports)
    assert last.left_out == tuple(day.isoformat() for day in every[:-1])
    assert TOTALS not in last.failing
    run.run_changed(app.ports, most_lines=10**9)
    last = results.last(app.ports)
    assert not last.left_out
    assert TOTALS in last.failing


def test_all_checks_run_on_few_lines_or_at_night(app: App, clock: ManualClock) -> None:
    many = run.Limits(changed_days=10**9, all_days=1)
    run.run_due(app.ports, many)
    assert not results.last(app.ports).all_checked_at
    run.run_due(app.ports, many, at_night=True)
    night = results.last(app.ports).all_checked_at
    assert night
    clock.advance(86_400)
    run.run_due(app.ports, FEW)
    assert results.last(app.ports).all_checked_at > night


def test_the_trend_has_the_most_failing_rows_of_a_day_and_is_deleted_when_old(app: App, clock: ManualClock) -> None:
    (first, *_) = days(app)
    add_to_totals(app, 1, first)
    run.run_all(app.ports)
    add_to_totals(app, -1, first)
    run.run_all(app.ports)
    (today,) = results.trend(app.ports, 30)
    assert (today.day, today.runs, today.failing_rows[TOTALS]) == (NOW.date(), 2, 1)
    clock.advance(86_400)
    run.run_all(app.ports)
    assert [TOTALS in one.failing_rows for one in results.trend(app.ports, 30)] == [True, False]
    clock.advance(401 * 86_400)
    run.run_all(app.ports)
    assert len(results.trend(app.ports, 1_000)) == 1


def test_rows_are_those_that_fail_now(app: App) -> None:
    (first, *_) = days(app)
    check = rows.check_named(TOTALS)
    assert rows.failing_rows(app.ports, check, 10) == []
    add_to_totals(app, 1, first)
    run.run_all(app.ports)
    (row,) = rows.failing_rows(app.ports, check, 10)
    assert row["sale_date"] == first
    assert row["net"] > row["net_of_sales"]
    add_to_totals(app, -1, first)
    assert rows.failing_rows(app.ports, check, 10) == []
