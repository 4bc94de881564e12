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
from tillstream.operations import quality_checks, quality_results
from tillstream.settings import Settings

NOW = datetime(2026, 7, 1, 9, 0, tzinfo=UTC)
TOTALS = "daily-totals-equal-lines"
FEW = quality_checks.ON_ONE_MACHINE
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
    assert quality_checks.check_changed_days(app.ports) == []
    assert quality_results.last_results(app.ports) == quality_results.CheckResults()
    app.close()


def test_a_failure_is_reported_once_and_kept_until_its_day_passes(app: App) -> None:
    first, second = days(app)[:2]
    quality_checks.check_changed_days(app.ports)
    assert TOTALS not in quality_results.last_results(app.ports).failing
    add_to_totals(app, 1, first)
    settlement(app, 101, first)
    (sentence,) = quality_checks.check_changed_days(app.ports)
    assert sentence.startswith(f"{TOTALS}: 1 row fails.")
    settlement(app, 102, second)
    assert quality_checks.check_changed_days(app.ports) == []
    failed = quality_results.last_results(app.ports).by_check[TOTALS]
    assert failed.days == {first.isoformat(): 1}
    assert failed.failing_since
    add_to_totals(app, -1, first)
    settlement(app, 103, first)
    assert quality_checks.check_changed_days(app.ports) == []
    passed = quality_results.last_results(app.ports).by_check[TOTALS]
    assert passed.passes
    assert not passed.failing_since


def test_only_changed_days_are_checked_and_a_run_on_all_days_notices_the_others(app: App) -> None:
    first, second = days(app)[:2]
    quality_checks.check_changed_days(app.ports)
    add_to_totals(app, 1, second)
    settlement(app, 101, first)
    assert quality_checks.check_changed_days(app.ports) == []
    assert any(one.startswith(TOTALS) for one in quality_checks.check_all_days(app.ports))
    assert quality_checks.check_changed_days(app.ports) == []  # nothing changed


def test_all_checks_are_due_once_a_day(app: App, clock: ManualClock) -> None:
    quality_checks.run_due_checks(app.ports, FEW)
    at = quality_results.last_results(app.ports).all_checked_at
    clock.advance(82_799)
    quality_checks.run_due_checks(app.ports, FEW)
    assert quality_results.last_results(app.ports).all_checked_at == at
    clock.advance(1)
    quality_checks.run_due_checks(app.ports, FEW)
    assert quality_results.last_results(app.ports).all_checked_at > at


def test_a_limited_run_checks_the_latest_days_and_leaves_others_to_later_runs(app: App) -> None:
    every = days(app)
    add_to_totals(app, 1, every[0])
    quality_checks.check_changed_days(app.ports, most_lines=1)
    last = quality_results.last_results(app.ports)
    assert last.left_out == tuple(day.isoformat() for day in every[:-1])
    assert TOTALS not in last.failing
    quality_checks.check_changed_days(app.ports, most_lines=10**9)
    last = quality_results.last_results(app.ports)
    assert not last.left_out
    assert TOTALS in last.failing


def test_all_checks_run_on_few_lines_or_at_night(app: App, clock: ManualClock) -> None:
    many = quality_checks.CheckLimits(changed_days=10**9, all_days=1)
    quality_checks.run_due_checks(app.ports, many)
    assert not quality_results.last_results(app.ports).all_checked_at
    quality_checks.run_due_checks(app.ports, many, at_night=True)
    night = quality_results.last_results(app.ports).all_checked_at
    assert night
    clock.advance(86_400)
    quality_checks.run_due_checks(app.ports, FEW)
    assert quality_results.last_results(app.ports).all_checked_at > night


def test_the_trend_has_the_most_failing_rows_of_a_day_and_is_deleted_when_old(app: App, clock: ManualClock) -> None:
    (first, *_) = days(app)
    add_to_totals(app, 1, first)
    quality_checks.check_all_days(app.ports)
    add_to_totals(app, -1, first)
    quality_checks.check_all_days(app.ports)
    (today,) = quality_results.quality_trend(app.ports, 30)
    assert (today.day, today.runs, today.failing_rows[TOTALS]) == (NOW.date(), 2, 1)
    clock.advance(86_400)
    quality_checks.check_all_days(app.ports)
    assert [TOTALS in one.failing_rows for one in quality_results.quality_trend(app.ports, 30)] == [True, False]
    clock.advance(401 * 86_400)
    quality_checks.check_all_days(app.ports)
    assert len(quality_results.quality_trend(app.ports, 1_000)) == 1


def test_rows_are_those_that_fail_now(app: App) -> None:
    (first, *_) = days(app)
    check = quality_checks.check_named(TOTALS)
    assert quality_checks.failing_rows(app.ports, check, 10) == []
    add_to_totals(app, 1, first)
    quality_checks.check_all_days(app.ports)
    (row,) = quality_checks.failing_rows(app.ports, check, 10)
    assert row["sale_date"] == first
    assert row["net"] > row["net_of_sales"]
    add_to_totals(app, -1, first)
    assert quality_checks.failing_rows(app.ports, check, 10) == []
