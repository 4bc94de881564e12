"""The demo's goals, outside series and alerts."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import numpy as np

from tillstream.analytics import queries
from tillstream.analytics.filters import Filters
from tillstream.app import App
from tillstream.forecasting import outside_series
from tillstream.forecasting.outside_series import OutsideValue
from tillstream.goals import stored_goals
from tillstream.goals.standings import MonthOfGoals
from tillstream.goals.target_sales import PLACE_FIELDS
from tillstream.goals.targets import Goal, GoalLevel, GoalMeasure, GoalTarget
from tillstream.model.dates import Month
from tillstream.model.people import UNRESTRICTED

GOAL_GROWTH = {
    GoalMeasure.REVENUE: Decimal("1.08"),
    GoalMeasure.ORDERS: Decimal("1.05"),
    GoalMeasure.MARGIN: Decimal("1.1"),
}
GOAL_MONTHS = (-1, 0, 1)
"""Months with goals, from this one."""

SERIES_NAME = "footfall"
VISITORS_PER_ORDER, VISITORS_SPREAD = 4, 0.1
"""Visitors for each order, and their standard deviation as a share."""


def add_goals(app: App, by: str) -> None:
    """Save goals of the company and of its largest region; those of stores and salespeople are shares of them.

    Months that have goals are left as they are.
    """
    this = Month.from_day(app.ports.clock.now().date())
    changes: dict[Month, dict[stored_goals.GoalKey, Goal | None]] = {}
    for month in map(this.plus, GOAL_MONTHS):
        read = MonthOfGoals(app.ports, app.contracts, app.settings.reporting_currency, month)
        if not read.stored.goals:
            changes[month] = {goal.key: goal for goal in _goals(read)}
    stored_goals.save_goals(app.ports, changes, by=by, source="demo")


def _goals(read: MonthOfGoals) -> Iterator[Goal]:
    before = read.month.plus(-12)
    for measure, factor in GOAL_GROWTH.items():
        sold = read.sales.sold(PLACE_FIELDS[GoalLevel.REGION], measure, before.first, before.last)
        largest = max(sold, key=lambda region: sold[region], default=None)
        currency = read.reporting_currency if measure.is_money else ""
        if largest:
            yield Goal(GoalTarget(), measure, round(sum(sold.values(), Decimal(0)) * factor, -2), currency)
            yield Goal(largest, measure, round(Decimal(sold[largest]) * factor, -2), currency)


def add_series(app: App, by: str) -> None:
    """Save the visitors of all days with sales, unless the series is stored already."""
    if any(one.name == SERIES_NAME for one in outside_series.stored_series(app.ports)):
        return
    sales = queries.run_query(
        app.ports.warehouse, "sales-over-time", UNRESTRICTED, Filters(), period="daily"
    ).to_pylist()
    if not sales:
        return
    spread = np.random.default_rng(1).normal(1, VISITORS_SPREAD, len(sales)).clip(0.5)
    days = (
        (row["period_start"], round(float(row["orders"] * VISITORS_PER_ORDER * each)))
        for row, each in zip(sales, spread, strict=True)
    )
    values = [OutsideValue(day, float(count), day + timedelta(days=1)) for day, count in days]
    outside_series.save_series(app.ports, SERIES_NAME, values, by=by, file="demo")


def add_alerts(app: App, by: str) -> None:
    """Enable the rule, unless people changed it, and evaluate."""
    from tillstream.alerts import rules  # lazy: the conditions
    from tillstream.alerts.condition import AlertSources
    from tillstream.alerts.evaluation import evaluate_rules

    stored = rules.get_rule(app.ports, "stock-out")
    if not stored.version:
        rules.save_rule(app.ports, replace(stored.rule, is_enabled=True), by=by, version=0)
    evaluate_rules(AlertSources(app.ports, app.contracts, app.settings.reporting_currency))
