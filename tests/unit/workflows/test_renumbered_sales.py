"""Sales that another system gave other numbers are found by store, day, amounts and products of whole sales."""

from datetime import date
from decimal import Decimal

import pytest

from tillstream.model.contract import parse_contract
from tillstream.review.sale_overlap import DeliveredLine, SaleOverlap, SampledLine, search_overlap

CONTRACT = parse_contract(
    {
        "name": "new",
        "region": "North",
        "currency": "EUR",
        "columns": {"sale_id": "No", "date": "Day", "net_amount": "Net"},
        "identity": {"ids": "region-wide"},
    }
)
SALES = [[("mug", 2 + number), ("tea", 7)] for number in range(10)]


def overlap(sales: list[list[tuple[str, int]]], *, store: str | None = "S1", day: int = 1) -> SaleOverlap | None:
    """Compare sales of products and amounts with `SALES`, which store S1 delivered under other numbers."""
    sampled = [
        SampledLine(row, f"R-{number}", f"R-{number}", store, str(row), product, date(2026, 3, day), Decimal(amount))
        for number, sale in enumerate(sales)
        for row, (product, amount) in enumerate(sale)
    ]
    delivered = [
        DeliveredLine(f"{number}", str(row), "S1", product.upper(), date(2026, 3, 1), Decimal(amount), "old")
        for number, sale in enumerate(SALES, 100)
        for row, (product, amount) in enumerate(sale)
    ]
    return search_overlap(CONTRACT, sampled, {"old": CONTRACT}, lambda _: delivered)


@pytest.mark.parametrize("store", ["S1", None])
def test_the_same_sales_are_matched_once_each(store: str | None) -> None:
    result = overlap(SALES, store=store)
    assert result
    assert (result.sales, len(result.matches), result.equal_amounts, result.contract) == (10, 10, 10, "old")


@pytest.mark.parametrize(
    ("sales", "changes"),
    [
        (SALES, {"store": "S2"}),
        (SALES, {"day": 2}),
        (SALES[:4], {}),
        ([SALES[0]] * 10, {}),
        ([[("mug", 2 + number), ("mug", 7)] for number in range(10)], {}),
        ([*SALES[:8], [("mug", 900)], [("mug", 901)]], {}),
        ([[*sale, ("lamp", 1)] for sale in SALES], {}),
    ],
    ids=["another store", "another day", "few", "one sale often", "other products", "less than nine of ten", "more"],
)
def test_other_sales_are_not(sales: list[list[tuple[str, int]]], changes: dict[str, object]) -> None:
    assert overlap(sales, **changes) is None  # type: ignore[arg-type]
