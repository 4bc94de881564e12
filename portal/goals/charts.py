"""The chart of a month, and the goals of this month on the start page."""

from collections.abc import Mapping, Sequence
from typing import Any

from portal.context import ports, scope
from portal.formats import amount_words
from portal.goals import requested
from portal.reader_locale import day_text
from tillstream.goals.standings import DayOfMonth, GoalStanding
from tillstream.goals.targets import GoalMeasure
from tillstream.model.dates import Month
from tillstream.model.permissions import Action

SOLD, EXPECTED = "Sold since the first day", "Goal, spread over the days"
SHOWN = 5


def days_chart(each: Sequence[DayOfMonth], standing: GoalStanding, measure: str) -> dict[str, Any]:
    """A line of what was sold, and one of the goal if there is one. measure: its name for people."""
    series = [{"name": SOLD, "values": [_number(one.sold) for one in each]}]
    if standing.goal:
        series.append({"name": EXPECTED, "values": [_number(one.expected) for one in each]})
    return {
        "kind": "line",
        "period": "daily",
        "labels": [one.day.isoformat() for one in each],
        "currency": standing.currency,
        "measure": measure,
        "series": series,
    }


def describe_days(label: str, standing: GoalStanding) -> str:
    """The chart in a sentence, for screen readers."""
    sold = f"{label}: {amount_words(standing.sold, standing.currency)} sold"
    until = f" until {day_text(standing.through)}" if standing.through else ""
    goal = f", of a goal of {amount_words(standing.goal.amount, standing.currency)}" if standing.goal else ""
    return f"{sold}{until}{goal}."


def goal_bar(standing: GoalStanding) -> dict[str, float] | None:
    """Widths in percent of the goal for a progress bar: sold, and expected by now; None without a goal."""
    if standing.reached is None or standing.goal is None:
        return None
    expected = float(standing.expected or 0) / float(standing.goal.amount)
    return {"sold": min(max(float(standing.reached), 0), 1) * 100, "expected": min(expected, 1) * 100}


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def load_goals(selected: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """The standings of the selected stores or regions, else of the highest targets of the user, in revenue, else in the
    first measure that has goals. selected: the filters as text.
    """
    regions, stores = (selected.get(name, ()) for name in ("region", "store"))
    month = Month.from_day(ports().clock.now().date())
    goals = requested.month_of_goals(month).stored.goals
    measure = next((one for one in requested.measures() if any(key[1] is one for key in goals)), GoalMeasure.REVENUE)
    standings: list[GoalStanding] = []
    if goals:
        standings = (
            requested.month_of_goals(month)
            .standings(measure)
            .of_all(requested.roots_within(month, regions, stores)[:SHOWN])
        )
    return {
        "month": month,
        "measure": measure,
        "rows": [(requested.label(one.target), one) for one in standings if one.goal],
        "chosen": bool(regions or stores),
        "ranks": scope().salesperson is None,
        "edits": scope().may(Action.MANAGE_STOCK),
        "args": requested.args,
        "goal_bar": goal_bar,
    }
