"""The groups of an exploration: values, comparison, goals, order, and values across columns."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

from portal import figures
from portal.context import scope, tillstream
from portal.dashboard.request_filters import DashboardFilters
from portal.explore.selection import (
    BEFORE,
    CHANGE,
    GROWS,
    GROWTH,
    IN_POINTS,
    MeasureColumn,
    compared_columns,
    limit_sentence,
    limited_rows,
)
from portal.goals import requested
from portal.reader_locale import days_text, month_text
from portal.translation import _, ngettext
from tillstream.analytics import measure_values
from tillstream.analytics.compared_figure import ComparedFigure
from tillstream.analytics.explorations import Exploration
from tillstream.analytics.filters import Filters, PeriodComparison
from tillstream.analytics.measures.definitions import Dimension, Measure
from tillstream.goals.standings import GoalStanding, Standings
from tillstream.goals.targets import GoalLevel, GoalMeasure
from tillstream.model.dates import Month

GOAL, REACHED = "goal", "goal.reached"
LEVELS = {"region": GoalLevel.REGION, "store": GoalLevel.STORE}
"""Dimension → the level of its goals."""
WITH_GOALS = frozenset({"from", "to", "region", "store", "currency"})
"""Filters under which the sales of a group are those that its goal counts."""

MAX_GROUPS = 10_000
MAX_ACROSS = 13
"""Values across columns; those with the largest sums."""
Row = dict[str, Any]
Key = tuple[Any, ...]


@dataclass(frozen=True)
class Goals:
    """of: value of the dimension → its goal in the display currency, and the part of it that is sold."""

    of: dict[str, tuple[Decimal, Decimal | None]]
    note: str


def read_goals(exploration: Exploration, selection: DashboardFilters) -> Goals | str:
    """The revenue goals of the groups in the month of the page, or why there are none."""
    by, days = exploration.by, (selection.filters.start, selection.filters.end)
    if exploration.across or len(by) != 1 or by[0].name not in LEVELS:
        return _("Goals are shown for groups by region or by store only.")
    if set(selection.values) - WITH_GOALS:
        return _("Goals count all sales of a region or store. Remove the other filters to see them.")
    month = _month(days)
    if month is None:
        return _("Goals are set for months. Choose a period within one month to see them.")
    if not requested.month_of_goals(month).stored.goals:
        return _("No goals are set for {month}.", month=month_text(month.first))
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
    for one in standings.for_targets(listed):
        if one.goal:
            members.setdefault(getattr(one.target, name), []).append(one)
    values = {value: _sums(standings, group) for value, group in members.items()}
    about = _("Goals are those of {month} as a whole, at the latest exchange rates.", month=month_text(month.first))
    return Goals(values, about)


def add_goals(exploration: Exploration, rows: Iterable[dict[str, Any]], goals: Goals) -> list[dict[str, Any]]:
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
    return Month.from_day(start)


def _sums(standings: Standings, group: Sequence[GoalStanding]) -> tuple[Decimal, Decimal | None]:
    """The goal of stores with one code, and the sold part of it."""
    into, zero = figures.currency(), Decimal(0)
    convert = standings.tree.convert
    goals = sum((convert(one.goal.amount, one.currency, into) for one in group if one.goal), zero)
    if len(group) == 1:
        return goals, group[0].reached
    sold = sum((convert(one.sold + one.since, one.currency, into) for one in group), zero)
    return goals, sold / goals if goals > 0 else None


@dataclass(frozen=True)
class ExplorationAnswer:
    """rows: by dimension and key of column. notes: what the reader must know about them."""

    rows: list[Row]
    columns: list[MeasureColumn]
    notes: list[str] = field(default_factory=list)
    compared: PeriodComparison | None = None
    is_cut: bool = False
    """Whether there are more groups than rows, so that groups are missing."""
    limit: str = ""
    """Which groups the rows are, such as Revenue more than 100; empty: all."""


def load_answer(
    exploration: Exploration, selection: DashboardFilters, *, most_across: int = MAX_ACROSS, is_exact: bool = False
) -> ExplorationAnswer:
    """Compute the groups. most_across: values across columns. is_exact: compared amounts are not rounded as they are
    written. Raises as `measure_values.query_measures`, and `Rejected`.
    """
    result = _computed(exploration, selection, most_across, "" if is_exact else figures.currency())
    if exploration.goals:
        result = _with_goals(exploration, selection, result)
    if exploration.having is None:
        return result
    if exploration.across or result.is_cut:
        note = _(
            "At most {most:,} groups can be limited by their numbers. Narrow the filters, or choose fewer dimensions.",
            most=MAX_GROUPS,
        )
        note = _("Values across columns are not limited to numbers.") if exploration.across else note
        return replace(result, notes=[*result.notes, note])
    kept = limited_rows(result.rows, result.columns, exploration.having)
    return replace(result, rows=kept, limit=limit_sentence(result.columns, exploration.having))


def _with_goals(exploration: Exploration, selection: DashboardFilters, result: ExplorationAnswer) -> ExplorationAnswer:
    read = read_goals(exploration, selection)
    if isinstance(read, str):
        return replace(result, notes=[*result.notes, read])
    columns = [MeasureColumn(GOAL, GOAL, "goal"), MeasureColumn(REACHED, GOAL, "reached")]
    rows = add_goals(exploration, result.rows, read)
    return replace(result, rows=rows, columns=[*result.columns, *columns], notes=[*result.notes, read.note])


def _computed(
    exploration: Exploration, selection: DashboardFilters, most_across: int, currency: str
) -> ExplorationAnswer:
    """currency: that of compared amounts, which are rounded to it; empty: they are exact."""
    names = [one.name for one in exploration.shown]
    sides = _sides(exploration, selection) if exploration.against else ""
    filters, notes = selection.filters, [sides] if isinstance(sides, str) and sides else []
    now = replace(filters, start=sides.start, end=sides.end) if isinstance(sides, PeriodComparison) else filters
    rows = _groups(exploration, now)
    is_cut = len(rows) > MAX_GROUPS
    if is_cut:
        cut = _("There are more than {most:,} groups. The first of them are shown; narrow the filters, or export all.")
        rows, notes = rows[:MAX_GROUPS], [*notes, cut.format(most=MAX_GROUPS)]
    if exploration.across:
        return replace(_across(exploration, exploration.across, rows, notes, most_across), is_cut=is_cut)
    if not isinstance(sides, PeriodComparison):
        return ExplorationAnswer(rows, [MeasureColumn(name, name) for name in names], notes, is_cut=is_cut)
    earlier = _groups(exploration, replace(now, start=sides.before_start, end=sides.before_end))
    if is_cut or len(earlier) > MAX_GROUPS:
        many = _("At most {most:,} groups can be compared. Narrow the filters, or choose fewer dimensions.")
        notes = [*notes, many.format(most=MAX_GROUPS)]
        return ExplorationAnswer(rows, [MeasureColumn(name, name) for name in names], notes, is_cut=is_cut)
    columns = [column for one in exploration.shown for column in compared_columns(one)]
    compared = _compared(exploration, rows, earlier, currency)
    if sides.cut:
        part = _("The period is not complete: {days} is compared with as many days of the previous one.")
        notes = [*notes, part.format(days=days_text(sides.start, sides.end))]
    return ExplorationAnswer(compared, columns, notes, sides)


def _groups(exploration: Exploration, filters: Filters) -> list[Row]:
    return measure_groups(exploration.shown, exploration.dimensions, filters)


def measure_groups(measures: Sequence[Measure], by: Sequence[Dimension], filters: Filters) -> list[Row]:
    """Measures by dimensions; at most one more row than MOST_GROUPS. Raises as `measure_values.query_measures`."""
    app = tillstream()
    names, dimensions = [one.name for one in measures], [one.name for one in by]
    limit = {"limit": MAX_GROUPS + 1} if by else {}
    table = measure_values.query_measures(
        app.ports.warehouse, names, dimensions, scope(), filters, cache=app.queries, **limit
    )
    rows: list[Row] = table.to_pylist()
    return rows


def _sides(exploration: Exploration, selection: DashboardFilters) -> PeriodComparison | str:
    """The compared periods, or why nothing is compared."""
    if exploration.across:
        return _("Values across columns are not compared.")
    if exploration.has_periods:
        return _("Groups by day, week, month, quarter or year are not compared. Use the page Compare instead.")
    if not selection.has_period:
        return _("Choose a period with a first and a last day to compare it.")
    previous, year = figures.comparisons(selection.filters)
    chosen = previous if exploration.against == "previous" else year
    return chosen or _("There is no reported previous period to compare with.")


def _compared(exploration: Exploration, rows: list[Row], before: list[Row], currency: str) -> list[Row]:
    """Rows of both sides, with the parts of a comparison; a group of only one side has no value on the other.

    Changes are those of the amounts as they are rounded to a currency.
    """
    by = [one.name for one in exploration.by]
    earlier = {_key(row, by): row for row in before}
    present = {_key(row, by) for row in rows}
    gone = [dict(zip(by, key, strict=True)) for key in earlier if key not in present]
    result = []
    for row in [*rows, *gone]:
        then, whole = earlier.get(_key(row, by), {}), dict(row)
        for one in exploration.shown:
            figure = ComparedFigure.of_whole(row.get(one.name), then.get(one.name))
            figure = figure.in_currency(currency if one.format == "money" else "")
            whole[one.name] = figure.now
            whole[f"{one.name}.{BEFORE}"] = figure.before
            whole[f"{one.name}.{CHANGE}"] = _difference(one, figure.now, figure.before)
            whole[f"{one.name}.{GROWTH}"] = figure.growth if one.format in GROWS else None
        result.append(whole)
    return result


def _difference(measure: Measure, now: Any, old: Any) -> Any:
    """Of shares in percentage points. Amounts change from or to nothing as from or to 0, shares do not."""
    if measure.format in GROWS:
        return None if now is None and old is None else (now or 0) - (old or 0)
    return None if measure.format not in IN_POINTS or now is None or old is None else (now - old) * 100


def _across(
    exploration: Exploration, across: Dimension, rows: list[Row], notes: list[str], most: int
) -> ExplorationAnswer:
    (one,) = exploration.shown
    by, sums = [each.name for each in exploration.by], dict[Any, Any]()
    for row in rows:
        value = row[one.name]
        sums[row[across.name]] = sums.get(row[across.name], 0) + (value if one.format in GROWS and value else 0)
    ordered = sorted(sums, key=str) if across.is_period else sorted(sums, key=lambda value: -sums[value])
    kept = ordered[-most:] if across.is_period else ordered[:most]
    columns = [MeasureColumn(f"{one.name}.{place}", one.name, value=value) for place, value in enumerate(kept)]
    keys = {column.value: column.key for column in columns}
    grouped: dict[Key, Row] = {}
    for row in rows:
        whole = grouped.setdefault(_key(row, by), {name: row[name] for name in by})
        if row[across.name] in keys:
            whole[keys[row[across.name]]] = row[one.name]
    empty = dict.fromkeys(keys.values())
    left = ngettext(
        "1 more column is not shown; narrow the filters, or export all.",
        "{number:,} more columns are not shown; narrow the filters, or export all.",
        len(ordered) - len(kept),
    )
    more = [left] if len(ordered) > len(kept) else []
    several = [_("Values across columns show the first measure only.")] if len(exploration.measures) > 1 else []
    return ExplorationAnswer([empty | row for row in grouped.values()], columns, [*notes, *several, *more])


def _key(row: Row, by: Sequence[str]) -> Key:
    return tuple(row[name] for name in by)
