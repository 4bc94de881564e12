"""The check of stock levels: a level that differs from its counts, movements and sales fails until it is rebuilt."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from app_factory import build
from sample_ledger import SAMPLE_LEDGER

from tillstream.adapters.local.clock import ManualClock
from tillstream.analytics import computed_stock
from tillstream.app import App
from tillstream.model.tables.warehouse_tables import TABLES
from tillstream.operations import quality_checks, quality_results
from tillstream.settings import Settings
from tillstream.stock import movement_mirror, stored_levels, stored_movements
from tillstream.stock.movements import Movement, MovementKind, MovementLine

STOCK = "stock-levels-equal-facts"
DAY = date(2024, 2, 12)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 7, 1, 9, 0, tzinfo=UTC))


@pytest.fixture
def app(tmp_path: Path, clock: ManualClock) -> Iterator[App]:
    """Sales, two counted products, and their levels."""
    app = build(Settings(home=tmp_path / "home", samples=False, threads=1), clock)
    for table, content in SAMPLE_LEDGER.items():
        if not table.startswith("stock_"):
            columns = map(list, zip(*content, strict=True))
            names = [field.name for field in TABLES[table]]
            app.ports.warehouse.replace_table(table, pa.table(dict(zip(names, columns, strict=True))))
    app.ports.warehouse.refresh_totals()
    move(app, MovementKind.COUNT, "F", 5)
    move(app, MovementKind.COUNT, "N", 3)
    stored_levels.refresh_levels(app.ports)
    yield app
    app.close()


def move(app: App, kind: MovementKind, product: str, units: int, day: date = DAY) -> None:
    movement = Movement(f"{kind} {product}", kind, "UK", "U", day, (MovementLine(product, Decimal(units)),))
    stored_movements.record_movements(app.ports, [movement], by="ana")


def tear(app: App, product: str) -> None:
    """As after a fault: a stored level is one too high."""
    warehouse = app.ports.warehouse
    text = "SELECT * REPLACE (IF(product = @product, on_hand + 1, on_hand) AS on_hand) FROM stock_levels"
    warehouse.replace_table("stock_levels", warehouse.query(text, {"product": product}))


def test_a_torn_level_fails_with_its_numbers_until_the_levels_are_rebuilt(app: App) -> None:
    quality_checks.check_all_days(app.ports)
    assert quality_results.last_results(app.ports).by_check[STOCK].passes
    tear(app, "F")
    (sentence,) = quality_checks.check_all_days(app.ports)
    assert sentence.startswith(f"{STOCK}: 1 row fails.")
    assert "tillstream stock rebuild" in sentence
    (row,) = quality_checks.failing_rows(app.ports, quality_checks.check_named(STOCK), 10)
    assert (row["region"], row["store_id"], row["product"]) == ("UK", "U", "F")
    assert row["on_hand"] == row["computed_on_hand"] + 1
    stored_levels.rebuild_levels(app.ports)
    assert quality_checks.check_all_days(app.ports) == []
    assert quality_results.last_results(app.ports).by_check[STOCK].passes


def test_a_nightly_run_on_bigquery_compares_stock_however_large_the_ledger_is(app: App) -> None:
    few = quality_checks.CheckLimits(changed_days=1, all_days=0, stock_at_once=True)
    quality_checks.run_due_checks(app.ports, few)
    assert not quality_results.last_results(app.ports).all_checked_at
    assert quality_results.last_results(app.ports).by_check[STOCK].passes
    tear(app, "N")
    (sentence,) = quality_checks.run_due_checks(app.ports, few)
    assert sentence.startswith(STOCK)
    assert quality_checks.run_due_checks(app.ports, few) == []  # reported once


def test_a_run_between_the_nights_leaves_stock_out(app: App) -> None:
    tear(app, "F")
    assert quality_checks.check_changed_days(app.ports) == []
    assert STOCK not in quality_results.last_results(app.ports).by_check


def test_a_movement_that_is_not_followed_yet_is_no_failure(app: App) -> None:
    move(app, MovementKind.RECEIPT, "F", 2, DAY + timedelta(days=1))
    movement_mirror.mirror_new_movements(app.ports)
    assert len(stored_levels.differences_now(app.ports, 10)) == 1
    assert stored_levels.level_differences(app.ports) == []


def test_levels_are_compared_in_parts_of_the_products(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    tear(app, "F")
    tear(app, "N")
    whole = stored_levels.level_differences(app.ports, at_once=True)
    assert {row["product"] for row in whole} == {"F", "N"}
    monkeypatch.setattr(computed_stock, "MAX_LEVEL_FACTS", 1)
    assert len(computed_stock.product_ranges(app.ports.warehouse)) > 2
    assert stored_levels.level_differences(app.ports) == whole


def test_without_levels_there_is_nothing_to_compare(tmp_path: Path, clock: ManualClock) -> None:
    app = build(Settings(home=tmp_path / "empty", samples=False, threads=1), clock)
    assert stored_levels.level_differences(app.ports) == []
    app.close()
