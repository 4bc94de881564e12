"""Alerts of stock: low, out and negative, each with its end after a delivery, and one alert for many products."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from alert_shop import LAST, alerts, enable, evaluated, open_shop, titles

from tillstream.app import App
from tillstream.stock import stored_levels, stored_movements
from tillstream.stock.movements import Movement, MovementKind, MovementLine

KITE, BALL, LAMP = "TO-1", "TO-2", "HK-1"


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    opened = open_shop(tmp_path)
    yield opened
    opened.close()


def move(app: App, kind: MovementKind, product: str, units: int, store: str = "LDS1") -> None:
    """Move a product on the last day with sales; a count is after closing."""
    lines = (MovementLine(product, Decimal(units)),)
    stored_movements.record_movements(
        app.ports, [Movement(f"{kind}-{store}-{product}-{units}", kind, "UK", store, LAST, lines)], by="ana"
    )
    stored_levels.refresh_levels(app.ports)


def test_a_product_runs_out_and_the_alert_ends_when_there_is_stock_again(app: App) -> None:
    enable(app, "stock-out")
    move(app, MovementKind.COUNT, KITE, 0)
    evaluated(app)
    assert titles(app) == ["Kite is out of stock in store LDS1 in UK"]
    move(app, MovementKind.COUNT, KITE, 100)
    evaluated(app, minutes=1)
    assert len(alerts(app)) == 1
    evaluated(app, minutes=15)
    assert alerts(app) == []


def test_a_low_product_is_reported_from_the_threshold_on(app: App) -> None:
    enable(app, "stock-low", percent=50)
    move(app, MovementKind.COUNT, KITE, 20)  # about 30 are sold in the lead time
    evaluated(app)
    assert titles(app) == []
    move(app, MovementKind.COUNT, BALL, 5)
    evaluated(app)
    assert titles(app) == ["Ball is low in store LDS1 in UK"]


def test_negative_stock_is_a_question(app: App) -> None:
    enable(app, "stock-negative")
    stored_movements.record_movements(
        app.ports,
        [Movement("c", MovementKind.COUNT, "UK", "LDS1", LAST.replace(day=1), (MovementLine(KITE, Decimal(1)),))],
        by="ana",
    )
    stored_levels.refresh_levels(app.ports)
    evaluated(app)
    assert titles(app) == ["More of Kite was sold in store LDS1 in UK than there was"]


def test_many_products_of_a_region_are_one_alert(app: App) -> None:
    enable(app, "stock-out")
    for store in ("LDS1", "MAN1"):
        for product in (KITE, BALL, LAMP):
            move(app, MovementKind.COUNT, product, 0, store)
    evaluated(app)
    assert titles(app) == ["6 products are out of stock in UK"]
