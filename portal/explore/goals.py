"""Goals beside the groups of an exploration: the goal of the month, and which part of it is sold."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from portal import figures
from portal.context import scope
from portal.dashboard.request_filters import DashboardFilters
from portal.explore import texts
from portal.goals import requested
from portal.reader_locale import month_text
from tillstream.analytics.explorations import Exploration
from tillstream.goals.standings import GoalStanding, Standings
from tillstream.goals.targets import GoalLevel, GoalMeasure
from tillstream.model.months import Month

GOAL, REACHED = "goal", "goal.reached"
LEVELS = {"region": GoalLevel.REGION, "store": GoalLevel.STORE}
"""Dimension → the level of its goals."""
WITH_GOALS = frozenset({"from", "to", "region", "store", "currency"})
"""Filters under which the sales of a group are those that its goal counts."""


@dataclass(frozen=True)
class Goals:
    """of: value of the dimension → its goal in the display currency, and the part of it that is sold."""

    of: dict[str, tuple[Decimal, Decimal | None]]
    note: str


def read(exploration: Exploration, selection: DashboardFilters) -> Goals | str:
    """The revenue goals of the groups in the month of the page, or why there are none."""
    by, days = exploration.by, (selection.filters.start, selection.filters.end)
    if exploration.across or len(by) != 1 or by[0].name not in LEVELS:
        return texts.GOALS_BY
    if set(selection.values) - WITH_GOALS:
        return texts.GOALS_FILTERED
    month = _month(days)
    if month is None:
        return texts.GOALS_MONTH
    if not requested.month_of_goals(month).stored.goals:
        return texts.no_goals(month_text(month.first))
    standings = requested.month_of_goals(month).standings(GoalMeasure.REVENUE)
    regions, stores = selection.filters.region, selection.filters.store
    listed = [
        one
        for one in standings.tree.of_level(LEVELS[by[0].name])
        if one.is_visible(scope())
        and (regions is None or one.region in regions)
        and (stores is None or one.store in stores)
    ]
    name = by[0].name
    members: dict[str, list[GoalStanding]] = {}
    for one in standings.of(listed):
        if one.goal:
            members.setdefault(getattr(one.target, name), []).append(one)
    values = {value: _sums(standings, group) for value, group in members.items()}
    return Goals(values, texts.goals_of(month_text(month.first)))


def add(exploration: Exploration, rows: Iterable[dict[str, Any]], goals: Goals) -> list[dict[str, Any]]:
    """The rows with their goals, and a row for each group that has a goal and no sales."""
    name = exploration.by[0].name
    with_goals = [
        row | dict(zip((GOAL, REACHED), goals.of.get(row[name] or "", (None, None)), strict=True)) for row in rows
    ]
    present, columns = {row[name] for row in with_goals}, list(with_goals[0]) if with_goals else []
    missing = [
        dict.fromkeys(columns) | {name: value, GOAL: goal, REACHED: reached}
        for value, (goal, reached) in goals.of.items()
        if columns and value not in present
    ]
    return [*with_goals, *missing]


def _month(days: tuple[date | None, date | None]) -> Month | None:
    start, end = days
    if start is None or end is None or (start.year, start.month) != (end.year, end.month):
        return None
    return Month.of(start)


def _sums(standings: Standings, group: Sequence[GoalStanding]) -> tuple[Decimal, Decimal | None]:
    """The goal of stores with one code, and the sold part of it."""
    into, zero = figures.currency(), Decimal(0)
    convert = standings.tree.convert
    goals = sum((convert(one.goal.amount, one.currency, into) for one in group if one.goal), zero)
    if len(group) == 1:
        return goals, group[0].reached
    sold = sum((convert(one.sold + one.since, one.currency, into) for one in group), zero)
    return goals, sold / goals if goals > 0 else None
