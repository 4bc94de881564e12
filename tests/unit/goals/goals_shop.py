"""Half a year of sales of two stores in one region, read in the middle of June."""

from datetime import UTC, date, datetime
from decimal import Decimal

from tillstream.app import App
from tillstream.goals import stored_goals
from tillstream.goals.standings import MonthOfGoals
from tillstream.goals.targets import Goal, GoalMeasure, GoalTarget
from tillstream.model.dates import Month

JUNE, LAST = Month(date(2026, 6, 1)), date(2026, 6, 15)
NOON = datetime(2026, 6, 16, 12, tzinfo=UTC)
UK = GoalTarget("UK")
LEEDS, MANCHESTER = GoalTarget("UK", "LDS1"), GoalTarget("UK", "MAN1")


def enter(app: App, *goals: Goal, month: Month = JUNE) -> None:
    """Save exactly these goals as those of the month."""
    wanted: dict[stored_goals.GoalKey, Goal | None] = dict.fromkeys(stored_goals.read_goals(app.ports, month).goals)
    wanted |= {goal.key: goal for goal in goals}
    stored_goals.save_goals(app.ports, {month: wanted}, by="boss", source="grid")


def revenue(target: GoalTarget, amount: str, currency: str = "GBP") -> Goal:
    return Goal(target, GoalMeasure.REVENUE, Decimal(amount), currency)


def read(app: App, month: Month = JUNE) -> MonthOfGoals:
    return MonthOfGoals(app.ports, app.contracts, app.settings.reporting_currency, month)
