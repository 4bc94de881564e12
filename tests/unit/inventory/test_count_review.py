"""The expected stock of a counted line is that of its time, whatever came or was sold afterwards."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from tillstream.stock.movements import DayPart
from tillstream.stock.stock_counts import (
    CountedLine,
    CountPart,
    StockChange,
    StockCount,
    count_differences,
    uncounted_products,
)

NOON = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)
TODAY, HOUR = NOON.date(), timedelta(hours=1)
LINE = CountedLine("KET", "Kettle", Decimal(7), NOON, TODAY, "maya")


def count(part: CountPart = CountPart.WHOLE, day_part: DayPart = DayPart.AFTER_CLOSING) -> StockCount:
    return StockCount("c1", "IN", "MUM01", part, "Kitchen", day_part, "maya", NOON - HOUR)


def change(units: int, at: datetime | None = None, day: date = TODAY, product: str = "KET") -> StockChange:
    return StockChange(product, day, at, Decimal(units))


@pytest.mark.parametrize(
    ("changes", "day_part", "expected"),
    [
        ([], DayPart.AFTER_CLOSING, 10),
        ([change(-2, NOON + HOUR)], DayPart.AFTER_CLOSING, 12),
        ([change(-2, NOON - HOUR)], DayPart.AFTER_CLOSING, 10),
        ([change(5, NOON + HOUR), change(-1, NOON + HOUR)], DayPart.AFTER_CLOSING, 6),
        ([change(-2)], DayPart.AFTER_CLOSING, 10),
        ([change(-2)], DayPart.BEFORE_OPENING, 12),
        ([change(-2, day=TODAY + timedelta(days=1))], DayPart.AFTER_CLOSING, 12),
        ([change(-2, NOON + HOUR, product="POT")], DayPart.AFTER_CLOSING, 10),
    ],
)
def test_what_happened_after_the_scan_is_left_out(changes: list[StockChange], day_part: DayPart, expected: int) -> None:
    (one,) = count_differences(count(day_part=day_part), [LINE], {"KET": Decimal(10)}, changes)
    assert one.expected == expected
    assert one.units == 7 - expected


def test_a_product_without_a_count_has_no_difference() -> None:
    (one,) = count_differences(count(), [LINE], {"KET": None}, [change(-2, NOON + HOUR)])
    assert (one.expected, one.units) == (None, None)


@pytest.mark.parametrize(
    ("part", "products"),
    [(CountPart.WHOLE, ["POT", "PAN", "BALL"]), (CountPart.CATEGORY, ["POT", "PAN"]), (CountPart.LIST, [])],
)
def test_products_of_the_part_that_may_be_there_are_listed(part: CountPart, products: list[str]) -> None:
    rows = [
        {"product": "KET", "category": "Kitchen", "on_hand": Decimal(10)},
        {"product": "POT", "category": "Kitchen", "on_hand": Decimal(1)},
        {"product": "PAN", "category": "Kitchen", "on_hand": None},
        {"product": "LID", "category": "Kitchen", "on_hand": Decimal(0)},
        {"product": "BALL", "category": "Toys", "on_hand": Decimal(-2)},
    ]
    assert uncounted_products(count(part), [LINE], rows) == products
