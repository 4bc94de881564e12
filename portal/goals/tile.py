"""Goals of this month on the start page."""

from collections.abc import Mapping, Sequence
from typing import Any

from portal.context import ports, scope
from portal.goals import charts, requested
from tillstream.goals.standings import GoalStanding
from tillstream.goals.targets import GoalMeasure
from tillstream.model.months import Month
from tillstream.model.people import Action

SHOWN = 5


def load(selected: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """The standings of the selected stores or regions, else of the highest targets of the user, in revenue, else in the
    first measure that has goals. selected: the filters as text.
    """
    regions, stores = (selected.get(name, ()) for name in ("region", "store"))
    month = Month.of(ports().clock.now().date())
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
        "goal_bar": charts.bar,
    }
