"""Demand for the products of a home: from its forecast, from that of its category, and from recent sales."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from shop_of_two_stores import LAST, app

from tillstream.app import App
from tillstream.forecasting.error_bands import GRID
from tillstream.forecasting.forecast_run import ACCURACY_SCHEMA, FORECASTS_SCHEMA
from tillstream.stock import past_sales
from tillstream.stock.past_sales import PastSales
from tillstream.stock.product_demand import DemandSource, estimate_demand
from tillstream.stock.replenishment import level_for_service
from tillstream.stock.restock_simulation import SimulationOptions, simulate_policies

TODAY = LAST + timedelta(days=1)
FIRST = TODAY - past_sales.RECENT_TIME
Line = tuple[str, str, str]
KITE, BALL, LAMP = ("UK", "LDS1", "TO-1"), ("UK", "LDS1", "TO-2"), ("UK", "LDS1", "HK-1")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    opened = app(tmp_path_factory.mktemp("shop"))
    others = [("UK", store, "") for store in ("LDS1", "MAN1")]
    _forecast(opened, [(KITE, "Toys", 8, 2), *((each, "Toys", 6, 2) for each in others)], days=14)
    yield opened
    opened.close()


def _forecast(opened: App, nodes: list[tuple[Line, str, int, int]], days: int) -> None:
    """Forecasts of 14 days whose errors of sums are 0 at a half, and −1 and 1 at the ends of the grid."""
    created = opened.ports.clock.now()
    common: dict[str, Any] = {
        "target": "units", "level": "product", "period": "day", "level_part": 1, "method": "model",
        "cutoff_date": LAST, "created_at": created,
    }  # fmt: skip
    rows = [
        common | {"region": region, "store_id": store, "product": product, "category": category,
                  "first_day": TODAY + timedelta(days=step), "last_day": TODAY + timedelta(days=step), "mean": mean,
                  "scale": scale}
        for (region, store, product), category, mean, scale in nodes
        for step in range(days)
    ]  # fmt: skip
    opened.ports.warehouse.replace_table("forecasts", pa.Table.from_pylist(rows, FORECASTS_SCHEMA))
    errors = [
        {"target": "units", "level": "product", "measure": "sum_error", "detail": f"{each:g}", "steps": steps,
         "value": Decimal(str(round((each - 0.5) * 2, 6))), "created_at": created}
        for each in GRID
        for steps in range(1, days + 1)
    ]  # fmt: skip
    opened.ports.warehouse.replace_table("forecast_accuracy", pa.Table.from_pylist(errors, ACCURACY_SCHEMA))


@pytest.fixture(scope="module")
def past(shop: App) -> PastSales:
    return past_sales.read_past_sales(shop.ports.warehouse, FIRST, LAST, ["UK"])


def test_past_sales_are_units_by_day_without_returns(shop: App, past: PastSales) -> None:
    text = (
        "SELECT product, sale_date, SUM(units) AS units FROM line_facts "
        "WHERE store_id = 'LDS1' AND sale_date >= @first GROUP BY product, sale_date"
    )
    assert list(past.lines) == [
        ("UK", store, product) for store in ("LDS1", "MAN1") for product in ("HK-1", "TO-1", "TO-2")
    ]
    assert past.categories.to_pylist()[:3] == ["Home & Kitchen", "Toys", "Toys"]
    units = past.dense(0, 3)
    for row in shop.ports.warehouse.query(text, {"first": FIRST}).to_pylist():
        line = list(past.lines).index(("UK", "LDS1", row["product"]))
        assert units[line, (row["sale_date"] - FIRST).days] == pytest.approx(float(row["units"]))
    sundays = [step for step in range(112) if (FIRST + timedelta(days=step)).weekday() == 6]
    assert (units[:, sundays] == 0).all()


def test_days_out_of_stock_and_before_the_first_sale_are_not_observed(shop: App, past: PastSales) -> None:
    names = ("region", "store_id", "product", "first_day", "next_day")
    lines = list(past.lines)
    rows = [
        (*lines[4], FIRST + timedelta(days=100), None),
        (*lines[0], FIRST + timedelta(days=7), FIRST + timedelta(days=9)),
        ("UK", "LDS1", "another product", FIRST, None),
        (*lines[0], FIRST - timedelta(days=9), FIRST + timedelta(days=1)),
    ]
    masked = past.without(pa.Table.from_pylist([dict(zip(names, row, strict=True)) for row in rows]))
    units = masked.dense(0, 6)
    assert {row: np.flatnonzero(np.isnan(units[row])).tolist() for row in range(6)} == {
        0: [0, 7, 8], 1: [], 2: [], 3: [], 4: [*range(100, 112)], 5: []
    }  # fmt: skip
    np.testing.assert_array_equal(masked.select(np.array([0, 4])).dense(0, 2), units[[0, 4]])
    early = past_sales.read_past_sales(shop.ports.warehouse, date(2025, 12, 29), LAST, ["UK"])
    assert np.isnan(early.dense(0, 6)).sum(axis=1).tolist() == [7] * 6


def test_lines_begin_with_their_first_sale_also_if_it_was_long_ago(shop: App, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (
        "SELECT store_id, product, MIN(sale_date) AS day FROM line_facts WHERE store_id IN ('LDS1', 'MAN1') "
        "AND status = 'completed' AND sale_date >= @since GROUP BY store_id, product"
    )
    for lately in (timedelta(1), timedelta(28)):
        monkeypatch.setattr(past_sales, "LATELY", lately)
        for first in (date(2025, 12, 29), date(2026, 1, 5), date(2026, 1, 6), FIRST, LAST):
            past = past_sales.read_past_sales(shop.ports.warehouse, first, LAST, ["UK"])
            rows = shop.ports.warehouse.query(text, {"since": first - past_sales.SINCE}).to_pylist()
            begun = {("UK", row["store_id"], row["product"]): max((row["day"] - first).days, 0) for row in rows}
            assert dict(zip(past.lines, past.first_steps.tolist(), strict=True)) == {
                one: begun[one] for one in past.lines
            }


def test_a_forecast_gives_the_mean_and_half_of_the_spread(shop: App, past: PastSales) -> None:
    days = np.full(6, 10)
    demand = estimate_demand(shop.ports.warehouse, past, days, TODAY)
    kite, ball, lamp = (list(past.lines).index(each) for each in (KITE, BALL, LAMP))
    assert demand.sources[[kite, ball, lamp]].tolist() == [
        DemandSource.FORECAST, DemandSource.CATEGORY_FORECAST, DemandSource.RECENT_SALES
    ]  # fmt: skip
    assert demand.daily[kite] == pytest.approx(8)
    assert demand.daily[ball] == pytest.approx(6), "the only product without a forecast of its own has the whole rest"
    assert 2 < demand.daily[lamp] < 8
    recent = estimate_demand(shop.ports.warehouse, past, days, TODAY + timedelta(days=60))
    assert set(recent.sources.tolist()) == {DemandSource.RECENT_SALES}
    spread = level_for_service(recent, 0.9)[kite] - recent.daily[kite] * 10
    assert level_for_service(demand, 0.9)[kite] == pytest.approx(80 + 0.5 * 2 * 0.8 + 0.5 * spread)


def test_more_days_than_the_forecast_has_are_recent_sales(shop: App, past: PastSales) -> None:
    days = np.array([14, 14, 14, 15, 15, 15])
    demand = estimate_demand(shop.ports.warehouse, past, days, TODAY)
    assert demand.sources[:3].tolist() == [
        DemandSource.RECENT_SALES,
        DemandSource.FORECAST,
        DemandSource.CATEGORY_FORECAST,
    ]
    assert set(demand.sources[3:].tolist()) == {DemandSource.RECENT_SALES}
    empty = past.select(np.zeros(0, dtype=np.int64))
    assert estimate_demand(shop.ports.warehouse, empty, days[:0], TODAY).lines == 0


def test_products_share_the_forecast_of_their_category_by_recent_sales(shop: App, past: PastSales) -> None:
    days = np.full(6, 10)
    demand = estimate_demand(shop.ports.warehouse, past, days, TODAY)
    assert demand.sources[4:].tolist() == [DemandSource.CATEGORY_FORECAST] * 2
    assert demand.daily[4:].sum() == pytest.approx(6)
    assert demand.daily[4:].min() > 2
    one = estimate_demand(shop.ports.warehouse, past, days[:1], TODAY, np.array([4]))
    assert one.daily.tolist() == demand.daily[[4]].tolist(), "the share of the other product stays with it"
    np.testing.assert_allclose(one.quantiles, demand.quantiles[[4]])


def test_units_are_valued_at_cost(shop: App, past: PastSales) -> None:
    values = past_sales.read_unit_values(shop.ports.warehouse, past.lines, FIRST, LAST)
    rates = dict(zip(past.lines, values.values.tolist(), strict=True))
    assert values.currency == "USD"
    assert values.is_cost.all()
    assert rates[KITE] / rates[BALL] == pytest.approx(2)
    assert rates[LAMP] / rates[KITE] == pytest.approx(2)


def test_a_simulation_is_over_the_second_half_of_the_open_days(shop: App) -> None:
    result = simulate_policies(shop.ports.warehouse, TODAY, SimulationOptions(top=4, region="UK"))
    assert (result.setting.lead_days, result.setting.review_days, result.setting.week_days) == (6, 6, 6)
    assert (result.lines, result.costed_lines, result.last_day) == (4, 4, LAST)
    assert result.open_days == 152 - 76 - 12
    assert len(result.comparison.at_fill(0.95)) == 3
    one = simulate_policies(shop.ports.warehouse, TODAY, SimulationOptions(lead_days=2, review_days=1, store="MAN1"))
    assert (one.lines, one.setting.days) == (3, 3)
