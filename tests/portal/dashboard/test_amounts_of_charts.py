"""Charts in words have the amounts of their tables: rounded to the minor unit of the currency."""

from datetime import date
from decimal import Decimal

import pytest

from portal.dashboard import charts
from portal.dashboard.compare import explain_change
from portal.goals.page import describe_days
from tillstream.analytics.compared_figure import named_effects
from tillstream.goals.standings import GoalStanding, TargetGoal
from tillstream.goals.targets import GoalTarget

AMOUNTS = {"EUR": "1,234.57", "JPY": "1,235", "KWD": "1,234.566"}
"""Currency → 1234.5655 in it."""


@pytest.mark.parametrize("currency", AMOUNTS)
def test_the_words_of_charts_round_as_tables_do(currency: str) -> None:
    amount, expected = Decimal("1234.5655"), f"{AMOUNTS[currency]} {currency}"
    rows = [{"period_start": date(2026, 6, day), "revenue": amount} for day in (1, 2)]
    assert charts.describe_over_time(charts.over_time(rows, "daily", currency)).count(expected) == 2
    assert expected in charts.describe_world([{"country": "Japan", "revenue": amount}], currency)
    cells = {(date(2026, 6, 1), 1): {"revenue": 2 * amount, "days": 2}}
    figure = charts.heatmap(cells, [date(2026, 6, 1)], ("Monday",), currency)
    assert expected in charts.describe_heatmap(figure, ("Monday",))
    goal = TargetGoal(amount, currency, "entered")
    standing = GoalStanding(GoalTarget(), currency, goal, None, amount, Decimal(0), None, None, None)
    assert describe_days("All", standing) == f"All: {expected} sold, of a goal of {expected}."


@pytest.mark.parametrize(("currency", "count"), [("EUR", 2), ("JPY", 1), ("KWD", 2)])
def test_an_effect_that_rounds_to_nothing_has_no_bar(currency: str, count: int) -> None:
    amounts = {"before": "100", "volume": "2", "price": "0.4", "returns": "0.0004", "after": "102.4004"}
    rows = [{"effect": name, "amount": Decimal(one), "share": None, "items": 1} for name, one in amounts.items()]
    assert len(explain_change(rows, named_effects("before", "after"), currency).bars) == count
