"""A product that a shop counted as out of stock: its forecast stays, and levels above still add up."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
import shop_of_two_stores
from shop_of_two_stores import LAST, Here

from tillstream.app import App
from tillstream.commands.registry import COMMANDS
from tillstream.commands.result import quiet
from tillstream.forecasting import sales_reading
from tillstream.forecasting.forecast_run import run_forecast
from tillstream.stock import stored_levels, stored_movements
from tillstream.stock.movements import DayPart, Movement, MovementKind, MovementLine

COUNTED = date(2026, 6, 6)
EMPTY_DAYS = 24 - 4
"""Days from the count on, without its Sundays."""
UNITS_OF_A_WEEK = 5 * 4 + 9


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """TO-1 is not sold in LDS1 after the count."""
    opened = shop_of_two_stores.app(tmp_path_factory.mktemp("empty"), COUNTED)
    later = shop_of_two_stores.content(date(2026, 6, 7), LAST).decode("cp1252").splitlines()
    path = Path(tmp_path_factory.mktemp("later")) / "UK-later.csv"
    path.write_bytes("\n".join(line for line in later if "LDS1TO-1" not in line).encode("cp1252"))
    COMMANDS["ingest"](opened, quiet, files=[str(path)], contract="UK")
    yield opened
    opened.close()


def week_ahead(opened: App) -> dict[tuple[object, ...], float]:
    text = (
        "SELECT level, store_id, product, SUM(mean) AS mean FROM forecasts "
        "WHERE target = 'units' AND period = 'day' AND first_day <= DATE '2026-07-07' GROUP BY level, store_id, product"
    )
    rows = opened.ports.warehouse.query(text).to_pylist()
    return {(row["level"], row["store_id"], row["product"]): float(row["mean"]) for row in rows}


def test_the_forecast_of_a_product_out_of_stock_is_its_demand(shop: App) -> None:
    run_forecast(shop.ports, Here(), 7)
    without = week_ahead(shop)
    line = MovementLine("TO-1", Decimal(0))
    count = Movement("c1", MovementKind.COUNT, "UK", "LDS1", COUNTED, lines=(line,), day_part=DayPart.AFTER_CLOSING)
    stored_movements.record_movements(shop.ports, [count], by="boss")
    stored_levels.refresh_levels(shop.ports)
    sold = sales_reading.read_sales(shop.ports.warehouse, LAST, {"day": 28, "week": 4}).units
    (row,) = [code for code, key in enumerate(sold.keys) if (key.store_id, key.product) == ("LDS1", "TO-1")]
    assert sold.history.is_out is not None
    assert sold.history.is_out[row].sum() == sold.history.is_out.sum() == EMPTY_DAYS - 1, "without the last day"
    assert np.isnan(sold.history.values[row, sold.history.is_out[row]]).all()
    run_forecast(shop.ports, Here(), 7)
    with_mask = week_ahead(shop)
    product = ("product", "LDS1", "TO-1")
    assert without[product] < 0.5 * UNITS_OF_A_WEEK
    assert with_mask[product] == pytest.approx(UNITS_OF_A_WEEK, rel=0.2)
    for forecast in (without, with_mask):
        products = sum(mean for (level, store, _), mean in forecast.items() if (level, store) == ("product", "LDS1"))
        assert forecast["store", "LDS1", None] == pytest.approx(products, abs=1e-3)
    assert with_mask["store", "LDS1", None] > without["store", "LDS1", None] + 8
