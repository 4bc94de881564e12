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
from tillstream.domain.inventory.counts import CountPart, CountState, StockCount
from tillstream.domain.inventory.movements import MOST_LINES, DayPart, MovementKind
from tillstream.inventory import count_records, counting, records
from tillstream.inventory.counting import Scan
from tillstream.model.errors import Rejected
from tillstream.settings import Settings

NOW = datetime(2026, 7, 1, 9, 0, tzinfo=UTC)
COUNT = StockCount("c1", "IN", "MUM01", CountPart.WHOLE, "", DayPart.BEFORE_OPENING, "maya", NOW)


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    app = build(Settings(home=tmp_path / "home", samples=False, threads=1), ManualClock(NOW))
    counting.start(app.ports, COUNT)
    yield app
    app.close()


def scan(app: App, scan_id: str, product: str = "KET", units: int = 1, *, adds: bool = True) -> Decimal:
    one = Scan(scan_id, product, product, Decimal(units), app.ports.clock.now(), NOW.date(), "maya", adds)
    return counting.enter(app.ports, "c1", one).quantity


def test_scans_add_up_once_each_and_a_typed_quantity_replaces_them(app: App) -> None:
    assert [scan(app, "1"), scan(app, "2", units=3), scan(app, "2", units=3)] == [1, 4, 4]
    assert scan(app, "3", units=0, adds=False) == 0
    (line,) = count_records.lines(app.ports, "c1")
    assert (line.product_id, line.quantity) == ("KET", 0)


def test_a_repeated_start_keeps_the_first_count(app: App) -> None:
    counting.start(app.ports, replace(COUNT, by="ravi"))
    assert count_records.get(app.ports, "c1").by == "maya"


def test_lines_and_zeros_become_count_movements_of_the_part_of_the_day(app: App) -> None:
    scan(app, "1", units=5)
    counting.confirm(app.ports, "c1", zeros=["POT", "KET"], by="ravi", on=NOW.date())
    (stored,) = records.find(app.ports, "IN", "MUM01")
    movement = stored.movement
    assert (movement.kind, movement.day_part, stored.by) == (MovementKind.COUNT, DayPart.BEFORE_OPENING, "ravi")
    assert [(line.product_id, line.quantity) for line in movement.lines] == [("KET", 5), ("POT", 0)]


def test_a_confirmation_that_was_interrupted_is_completed_with_its_zeros(app: App) -> None:
    scan(app, "1", units=5)
    closing = replace(
        COUNT, state=CountState.CLOSING, closed_by="ravi", closed_at=NOW, closed_on=NOW.date(), zeros=("POT",)
    )
    count_records.change(app.ports, "c1", lambda _: closing)
    app.ports.clock.sleep(60)
    done = counting.confirm(app.ports, "c1", zeros=[], by="maya", on=NOW.date())
    assert (done.state, done.closed_by) == (CountState.CONFIRMED, "ravi")
    counting.confirm(app.ports, "c1", zeros=["PAN"], by="maya", on=NOW.date())
    (stored,) = records.find(app.ports, "IN", "MUM01")
    assert [line.product_id for line in stored.movement.lines] == ["KET", "POT"]


def test_a_large_count_is_split_into_movements_of_1000_lines(app: App) -> None:
    zeros = [f"P{number:04}" for number in range(MOST_LINES + 1)]
    count = counting.confirm(app.ports, "c1", zeros=zeros, by="maya", on=NOW.date())
    assert counting.movement_ids(count, []) == ["count-c1-2026-07-01-1", "count-c1-2026-07-01-2"]
    assert sorted(len(one.movement.lines) for one in records.find(app.ports, "IN", "MUM01")) == [1, MOST_LINES]


def test_nothing_is_added_to_a_closed_count(app: App) -> None:
    counting.discard(app.ports, "c1", by="maya")
    counting.discard(app.ports, "c1", by="maya")
    with pytest.raises(Rejected, match="closed"):
        scan(app, "1")
    with pytest.raises(Rejected, match="discarded"):
        counting.confirm(app.ports, "c1", zeros=["POT"], by="maya", on=NOW.date())
