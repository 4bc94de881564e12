"""Goals of the demo: what was sold in the same month of the year before, and a little more."""

from collections.abc import Iterator
from decimal import Decimal

from tillstream.app import App
from tillstream.goals import stored_goals
from tillstream.goals.standings import MonthOfGoals
from tillstream.goals.target_sales import PLACE_FIELDS
from tillstream.goals.targets import Goal, GoalLevel, GoalMeasure, GoalTarget
from tillstream.model.months import Month

GROWTH = {GoalMeasure.REVENUE: Decimal("1.08"), GoalMeasure.ORDERS: Decimal("1.05"), GoalMeasure.MARGIN: Decimal("1.1")}
MONTHS = (-1, 0, 1)
"""Months with goals, from this one."""


def add(app: App, by: str) -> None:
    """Save goals of the company and of its largest region; those of stores and salespeople are shares of them.

    Months that have goals are left as they are.
    """
    this = Month.of(app.ports.clock.now().date())
    changes: dict[Month, dict[stored_goals.GoalKey, Goal | None]] = {}
    for month in map(this.plus, MONTHS):
        read = MonthOfGoals(app.ports, app.contracts, app.settings.reporting_currency, month)
        if not read.stored.goals:
            changes[month] = {goal.key: goal for goal in _goals(read)}
    stored_goals.save_goals(app.ports, changes, by=by, source="demo")


def _goals(read: MonthOfGoals) -> Iterator[Goal]:
    before = read.month.plus(-12)
    for measure, factor in GROWTH.items():
        sold = read.sales.sold(PLACE_FIELDS[GoalLevel.REGION], measure, before.first, before.last)
        largest = max(sold, key=lambda region: sold[region], default=None)
        currency = read.reporting_currency if measure.is_money else ""
        if largest:
            yield Goal(GoalTarget(), measure, round(sum(sold.values(), Decimal(0)) * factor, -2), currency)
            yield Goal(largest, measure, round(Decimal(sold[largest]) * factor, -2), currency)
