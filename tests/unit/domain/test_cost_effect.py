"""What another cost changes in past margins."""

from datetime import date
from decimal import Decimal
from typing import Any

from tillstream.catalogue.cost_effect import Margin, cost_effects, first_changed_day
from tillstream.model.product_catalogue import DatedAmount

OLD = (DatedAmount("*", "EUR", Decimal(4)), DatedAmount("IN", "INR", Decimal(300), date(2026, 2, 1)))
NEW = (*OLD, DatedAmount("*", "USD", Decimal(5), date(2026, 3, 1), "2026-07-01"))


def row(day: date, cost_currency: str = "USD", rate: str | None = "2", region: str = "UK") -> dict[str, Any]:
    return {
        "region": region,
        "sale_date": day,
        "currency": "GBP",
        "cost_currency": cost_currency,
        "lines": 2,
        "units": Decimal(3),
        "net": Decimal(60),
        "rate": Decimal(rate) if rate else None,
    }


def test_the_margin_before_and_after_is_that_of_the_lines_whose_cost_changes() -> None:
    days = [date(2026, 2, 28), date(2026, 3, 1), date(2026, 3, 4)]
    sums = [row(day, *cost) for day in days for cost in (("USD", "2"), ("EUR", "1"))]
    (effect,) = cost_effects(sums, OLD, NEW)
    assert (effect.lines, effect.first_day, effect.last_day) == (4, days[1], days[2])
    assert effect.before == Margin(4, Decimal(120), Decimal(24))
    assert effect.after == Margin(4, Decimal(120), Decimal(60))
    assert (effect.before.rate, effect.after.rate) == (Decimal("0.8"), Decimal("0.5"))


def test_a_region_with_a_cost_of_its_own_is_not_affected() -> None:
    assert cost_effects([row(date(2026, 3, 1), region="IN")], OLD, NEW) == []


def test_a_cost_without_a_rate_gives_no_margin() -> None:
    (effect,) = cost_effects([row(date(2026, 3, 1), rate=None), row(date(2026, 3, 1), "EUR")], OLD, NEW)
    assert effect.before.lines == 2
    assert effect.after == Margin()
    assert effect.after.rate is None


def test_the_first_changed_day_is_that_of_the_added_or_removed_row() -> None:
    assert first_changed_day(OLD, NEW) == date(2026, 3, 1)
    assert first_changed_day(OLD, OLD[1:]) == date.min
    assert first_changed_day(OLD, OLD) is None
