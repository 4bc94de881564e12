"""The sentences that explain an order, with its numbers."""

from dataclasses import replace
from math import inf
from typing import Any

import numpy as np
import pytest

from tillstream.stock.product_demand import DemandSource, SumDemand
from tillstream.stock.replenishment import ReplenishedLines, cycle_service, fill_rate, suggest_orders
from tillstream.stock.restock_lines import explain_orders

DEMAND = SumDemand(
    np.array([0.5, 0.95]), np.array([[59.0, 70.4]]), np.array([14]), np.array([4.2]), np.array([DemandSource.FORECAST])
)


def lines(demand: SumDemand = DEMAND, **changes: Any) -> ReplenishedLines:
    columns = {
        "on_hand": 18, "on_order": 12, "in_transit": 0, "suggested": 0, "pack": 12, "minimum": 0, "shelf_days": inf,
        "most_weeks": 8, "unit_costs": 2,
    } | changes  # fmt: skip
    arrays = {name: np.array([value], dtype=np.float64) for name, value in columns.items()}
    return ReplenishedLines(demand=demand, service=np.array([0.95]), lead_days=np.array([7]), **arrays)


def sentence(demand: SumDemand = DEMAND, budget: float | None = None, **changes: Any) -> str:
    one = lines(demand, **changes)
    (text,) = explain_orders(one, suggest_orders(one, budget))
    return text


def test_an_order_is_explained_with_its_numbers() -> None:
    assert sentence() == (
        "Expected to sell about 4.2 a day. In stock: 18, 12 on order. That lasts about 7 days. An order has to last "
        "until the next one arrives, 14 days from now: you order every 7 days, and the supplier needs 7 days. For this "
        "time, 71 are enough in 95% of the cases, and serve 100% of the demand. "
        "Order 48: 71 needed − 30 available = 41, rounded up to packs of 12."
    )


@pytest.mark.parametrize(
    ("changes", "end"),
    [
        ({"shelf_days": 3}, "71 are enough in 95% of the cases. The limit is 42, which sell within the shelf life of "
         "3 days, and serve 31.5% of the demand. Order 12: 42 needed − 30 available."),
        ({"most_weeks": 1}, "71 are enough in 95% of the cases. The limit is 59, which last 1 week after the "
         "delivery, and serve 89.3% of the demand. Order 36: 59 needed − 30 available = 29, rounded up to packs of "
         "12."),
        ({"minimum": 60}, "Order 60: 71 needed − 30 available = 41, raised to the minimum order of 60."),
        ({"minimum": 600}, "Nothing is ordered: the minimum order of 600 would last too long."),
        ({"on_hand": 100}, "Nothing is ordered: 112 are enough."),
        ({"pack": 1}, "Order 41: 71 needed − 30 available."),
        ({"on_hand": -20, "on_order": 0, "pack": 1}, "Order 91: 71 needed + 20 short."),
        ({"on_hand": 18.5, "pack": 1}, "Order 40: 70.4 needed − 30.5 available = 39.9, rounded up."),
    ],
)  # fmt: skip
def test_what_limits_an_order_is_named(changes: dict[str, float], end: str) -> None:
    assert sentence(**changes).endswith(end)


def test_a_level_for_a_fill_rate_is_explained_with_its_cycle_service() -> None:
    one = replace(lines(), service=np.array([0.9]), is_fill=True)
    ordered = suggest_orders(one)
    (text,) = explain_orders(one, ordered)
    level, service = int(np.ceil(ordered.levels[0])), cycle_service(DEMAND, ordered.levels)[0]
    assert fill_rate(DEMAND, ordered.levels, np.array([7]))[0] == pytest.approx(0.9)
    assert f"{level} serve 90% of the demand, and are enough in {100 * service:.3g}% of the cases. " in text


def test_a_deferred_order_keeps_its_numbers() -> None:
    text = sentence(budget=10.0)
    assert text.endswith(
        "Order 48: 71 needed − 30 available = 41, rounded up to packs of 12. "
        "Deferred: the budget is used for more urgent products."
    )


def test_negative_stock_is_to_be_counted_and_goods_in_transit_are_named() -> None:
    text = sentence(on_hand=-2, in_transit=5)
    assert "In stock: −2, 12 on order, 5 in transit. That lasts about 4 days. " in text
    assert "The stock is negative: count it before you order." in text


@pytest.mark.parametrize(
    ("suggested", "words"),
    [
        (5, "5 more by suggested transfers from other stores: 35 in all."),
        (-4, "4 less by suggested transfers to other stores: 26 in all."),
    ],
)
def test_suggested_transfers_are_not_in_transit_and_the_numbers_add_up(suggested: int, words: str) -> None:
    text = sentence(suggested=suggested, pack=1)
    assert f"In stock: 18, 12 on order. That lasts about 7 days. {words}" in text
    assert text.endswith(f"Order {41 - suggested}: 71 needed − {30 + suggested} available.")


def test_one_unit_that_is_enough_is_singular() -> None:
    rare = replace(DEMAND, quantiles=np.array([[0.4, 0.9]]), daily=np.array([0.02]))
    text = sentence(rare, on_hand=0, on_order=0, pack=1, shelf_days=30)
    assert "1 is enough in 95% of the cases" in text
    assert "1, which sells within the shelf life of 30 days, and serves" in text


@pytest.mark.parametrize(
    ("source", "start"),
    [
        (
            DemandSource.CATEGORY_FORECAST,
            "Expected to sell about 4.2 a day: its share of the forecast of its category.",
        ),
        (DemandSource.RECENT_SALES, "There is no forecast. Recently sold about 4.2 a day."),
        (DemandSource.SIMILAR_SALES, "There is no forecast, and the product is new. Sold about 4.2 a day;"),
    ],
)
def test_the_source_of_the_demand_is_named(source: DemandSource, start: str) -> None:
    assert sentence(replace(DEMAND, sources=np.array([source]))).startswith(start)


@pytest.mark.parametrize(
    ("daily", "pace", "cover"),
    [
        (40.0, "40 a day", "less than a day"),
        (20.0, "20 a day", "about 2 days"),
        (0.5, "3.5 a week", "about 60 days"),
        (0.05, "1.5 a month", "more than a year"),
    ],
)
def test_slow_products_are_counted_by_week_or_month(daily: float, pace: str, cover: str) -> None:
    text = sentence(replace(DEMAND, daily=np.array([daily])), on_hand=18, on_order=12)
    assert f"about {pace}. In stock: 18, 12 on order. That lasts {cover}." in text
