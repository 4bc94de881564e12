"""The goals of a month as an Arrow table, for the Python client."""

from collections.abc import Mapping, Sequence

import pyarrow as pa

from tillstream.analytics.queries import forbidden_error
from tillstream.app import App
from tillstream.goals import published_standings, target_sales
from tillstream.goals.published_standings import standing_row
from tillstream.goals.standings import MonthOfGoals
from tillstream.goals.standings_frame import standings_table
from tillstream.goals.targets import TARGET_FIELDS, GoalMeasure
from tillstream.model.errors import Rejected
from tillstream.model.months import Month
from tillstream.model.people import Action, Scope

ARGUMENTS = frozenset({"month", "measure", "level", *TARGET_FIELDS})


def goals(app: App, scope: Scope, params: Mapping[str, Sequence[str]]) -> pa.Table:
    """The standings of the targets that a user sees. params: ARGUMENTS. Raises `Rejected`, `Forbidden`."""
    if unknown := sorted(set(params) - ARGUMENTS):
        raise Rejected(f"There is no parameter {', '.join(unknown)}. Parameters: {', '.join(sorted(ARGUMENTS))}.")
    values = {name: texts[-1] for name, texts in params.items()}
    month, measure = _month(app, values.get("month", "")), _measure(scope, values.get("measure", ""))
    read = MonthOfGoals(app.ports, app.contracts, app.settings.reporting_currency, month, app.queries)
    standings = read.standings(measure)
    chosen = published_standings.chosen_targets(
        standings,
        scope,
        lambda: target_sales.read_target_names(app.ports, read.sales, app.contracts.regions_to_choose(), month.first),
        values.get("level", ""),
        published_standings.parse_target(values),
    )
    return standings_table([standing_row(one, measure) for one in standings.of_all(chosen)], measure)


def _month(app: App, text: str) -> Month:
    month = Month.parse(text) if text else Month.of(app.ports.clock.now().date())
    if month is None:
        raise Rejected(f"“{text}” is not a month. Write year and month, such as 2026-11.")
    return month


def _measure(scope: Scope, text: str) -> GoalMeasure:
    text = text or GoalMeasure.REVENUE.value
    if text not in set(GoalMeasure):
        raise Rejected(f"There is no measure “{text}”. Use one of {', '.join(GoalMeasure)}.")
    if text == GoalMeasure.MARGIN and not scope.may(Action.SEE_COSTS):
        raise forbidden_error(scope, Action.SEE_COSTS, "see costs and margins")
    return GoalMeasure(text)
