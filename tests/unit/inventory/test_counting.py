"""Counts in progress: scans count once, closed counts stay closed, and an interrupted confirmation is completed."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from app_factory import build

from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App
from tillstream.model.errors import Rejected
from tillstream.settings import Settings
from tillstream.stock import stock_counts, stored_movements
from tillstream.stock.movements import MAX_LINES, DayPart, MovementKind
from tillstream.stock.stock_counts import CountPart, CountScan, CountState, StockCount

NOW = datetime(2026, 7, 1, 9, 0, tzinfo=UTC)
COUNT = StockCount("c1", "IN", "MUM01", CountPart.WHOLE, "", DayPart.BEFORE_OPENING, "maya", NOW)


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    app = build(Settings(home=tmp_path / "home", samples=False, threads=1), ManualClock(NOW))
    stock_counts.start_count(app.ports, COUNT)
    yield app
    app.close()


def scan(app: App, scan_id: str, product: str = "KET", units: int = 1, *, adds: bool = True) -> Decimal:
    one = CountScan(scan_id, product, product, Decimal(units), app.ports.clock.now(), NOW.date(), "maya", adds)
    return stock_counts.enter_scan(app.ports, "c1", one).quantity


def test_scans_add_up_once_each_and_a_typed_quantity_replaces_them(app: App) -> None:
    assert [scan(app, "1"), scan(app, "2", units=3), scan(app, "2", units=3)] == [1, 4, 4]
    assert scan(app, "3", units=0, adds=False) == 0
    (line,) = stock_counts.lines_of_count(app.ports, "c1")
    assert (line.product_id, line.quantity) == ("KET", 0)


def test_a_repeated_start_keeps_the_first_count(app: App) -> None:
    stock_counts.start_count(app.ports, replace(COUNT, by="ravi"))
    assert stock_counts.get_count(app.ports, "c1").by == "maya"


def test_lines_and_zeros_become_count_movements_of_the_part_of_the_day(app: App) -> None:
    scan(app, "1", units=5)
    stock_counts.confirm_count(app.ports, "c1", zeros=["POT", "KET"], by="ravi", on=NOW.date())
    (stored,) = stored_movements.find_movements(app.ports, "IN", "MUM01")
    movement = stored.movement
    assert (movement.kind, movement.day_part, stored.by) == (MovementKind.COUNT, DayPart.BEFORE_OPENING, "ravi")
    assert [(line.product_id, line.quantity) for line in movement.lines] == [("KET", 5), ("POT", 0)]


def test_a_confirmation_that_was_interrupted_is_completed_with_its_zeros(app: App) -> None:
    scan(app, "1", units=5)
    closing = replace(
        COUNT, state=CountState.CLOSING, closed_by="ravi", closed_at=NOW, closed_on=NOW.date(), zeros=("POT",)
    )
    stock_counts.change_count(app.ports, "c1", lambda _: closing)
    app.ports.clock.sleep(60)
    done = stock_counts.confirm_count(app.ports, "c1", zeros=[], by="maya", on=NOW.date())
    assert (done.state, done.closed_by) == (CountState.CONFIRMED, "ravi")
    stock_counts.confirm_count(app.ports, "c1", zeros=["PAN"], by="maya", on=NOW.date())
    (stored,) = stored_movements.find_movements(app.ports, "IN", "MUM01")
    assert [line.product_id for line in stored.movement.lines] == ["KET", "POT"]


def test_a_large_count_is_split_into_movements_of_1000_lines(app: App) -> None:
    zeros = [f"P{number:04}" for number in range(MAX_LINES + 1)]
    count = stock_counts.confirm_count(app.ports, "c1", zeros=zeros, by="maya", on=NOW.date())
    assert stock_counts.count_movement_ids(count, []) == ["count-c1-2026-07-01-1", "count-c1-2026-07-01-2"]
    assert sorted(len(one.movement.lines) for one in stored_movements.find_movements(app.ports, "IN", "MUM01")) == [
        1,
        MAX_LINES,
    ]


def test_nothing_is_added_to_a_closed_count(app: App) -> None:
    stock_counts.discard_count(app.ports, "c1", by="maya")
    stock_counts.discard_count(app.ports, "c1", by="maya")
    with pytest.raises(Rejected, match="closed"):
        scan(app, "1")
    with pytest.raises(Rejected, match="discarded"):
        stock_counts.confirm_count(app.ports, "c1", zeros=["POT"], by="maya", on=NOW.date())
