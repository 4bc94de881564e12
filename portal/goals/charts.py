"""The chart of a month: what was sold since its first day, and what the goal expects."""

from collections.abc import Sequence
from typing import Any

from portal.formats import amount_words
from portal.reader_locale import day_text
from tillstream.goals.standings import DayOfMonth, GoalStanding

SOLD, EXPECTED = "Sold since the first day", "Goal, spread over the days"


def days(each: Sequence[DayOfMonth], standing: GoalStanding, measure: str) -> dict[str, Any]:
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


def describe(label: str, standing: GoalStanding) -> str:
    """The chart in a sentence, for screen readers."""
    sold = f"{label}: {amount_words(standing.sold, standing.currency)} sold"
    until = f" until {day_text(standing.through)}" if standing.through else ""
    goal = f", of a goal of {amount_words(standing.goal.amount, standing.currency)}" if standing.goal else ""
    return f"{sold}{until}{goal}."


def bar(standing: GoalStanding) -> dict[str, float] | None:
    """Widths in percent of the goal for a progress bar: sold, and expected by now; None without a goal."""
    if standing.reached is None or standing.goal is None:
        return None
    expected = float(standing.expected or 0) / float(standing.goal.amount)
    return {"sold": min(max(float(standing.reached), 0), 1) * 100, "expected": min(expected, 1) * 100}


def _number(value: Any) -> float | None:
    return None if value is None else float(value)
