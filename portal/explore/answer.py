"""The groups of an exploration: values, comparison, order, and values across columns."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from portal import figures
from portal.context import scope, tillstream
from portal.dashboard.request_filters import DashboardFilters
from portal.explore import columns as columns_of
from portal.explore import goals, having, texts
from portal.explore.columns import GROWS, IN_POINTS, Column
from portal.explore.selection import BEFORE, CHANGE, GROWTH
from portal.reader_locale import days_text
from tillstream.analytics import measure_values
from tillstream.analytics.comparison import PeriodComparison
from tillstream.analytics.explorations import Exploration
from tillstream.analytics.filters import Filters
from tillstream.analytics.measures.definitions import Dimension, Measure
from tillstream.model.compared_figure import ComparedFigure

MOST_GROUPS = 10_000
MOST_ACROSS = 13
"""Values across columns; those with the largest sums."""
Row = dict[str, Any]
Key = tuple[Any, ...]


@dataclass(frozen=True)
class Answer:
    """rows: by dimension and key of column. notes: what the reader must know about them."""

    rows: list[Row]
    columns: list[Column]
    notes: list[str] = field(default_factory=list)
    compared: PeriodComparison | None = None
    is_cut: bool = False
    """Whether there are more groups than rows, so that groups are missing."""
    limit: str = ""
    """Which groups the rows are, such as Revenue more than 100; empty: all."""


def load(
    exploration: Exploration, selection: DashboardFilters, *, most_across: int = MOST_ACROSS, is_exact: bool = False
) -> Answer:
    """Compute the groups. most_across: values across columns. is_exact: compared amounts are not rounded as they are
    written. Raises as `measure_values.run`, and `Rejected`.
    """
    result = _computed(exploration, selection, most_across, "" if is_exact else figures.currency())
    if exploration.goals:
        result = _with_goals(exploration, selection, result)
    if exploration.having is None:
        return result
    if exploration.across or result.is_cut:
        note = texts.NO_COLUMNS_FILTERED if exploration.across else texts.too_many_filtered(MOST_GROUPS)
        return replace(result, notes=[*result.notes, note])
    kept = having.kept(result.rows, result.columns, exploration.having)
    return replace(result, rows=kept, limit=having.sentence(result.columns, exploration.having))


def _with_goals(exploration: Exploration, selection: DashboardFilters, result: Answer) -> Answer:
    read = goals.read(exploration, selection)
    if isinstance(read, str):
        return replace(result, notes=[*result.notes, read])
    columns = [Column(goals.GOAL, goals.GOAL, "goal"), Column(goals.REACHED, goals.GOAL, "reached")]
    rows = goals.add(exploration, result.rows, read)
    return replace(result, rows=rows, columns=[*result.columns, *columns], notes=[*result.notes, read.note])


def _computed(exploration: Exploration, selection: DashboardFilters, most_across: int, currency: str) -> Answer:
    """currency: that of compared amounts, which are rounded to it; empty: they are exact."""
    names = [one.name for one in exploration.shown]
    sides = _sides(exploration, selection) if exploration.against else ""
    filters, notes = selection.filters, [sides] if isinstance(sides, str) and sides else []
    now = replace(filters, start=sides.start, end=sides.end) if isinstance(sides, PeriodComparison) else filters
    rows = _groups(exploration, now)
    is_cut = len(rows) > MOST_GROUPS
    if is_cut:
        rows, notes = rows[:MOST_GROUPS], [*notes, texts.cut(MOST_GROUPS)]
    if exploration.across:
        return replace(_across(exploration, exploration.across, rows, notes, most_across), is_cut=is_cut)
    if not isinstance(sides, PeriodComparison):
        return Answer(rows, [Column(name, name) for name in names], notes, is_cut=is_cut)
    earlier = _groups(exploration, replace(now, start=sides.before_start, end=sides.before_end))
    if is_cut or len(earlier) > MOST_GROUPS:
        notes = [*notes, texts.too_many_compared(MOST_GROUPS)]
        return Answer(rows, [Column(name, name) for name in names], notes, is_cut=is_cut)
    columns = [column for one in exploration.shown for column in columns_of.compared(one)]
    compared = _compared(exploration, rows, earlier, currency)
    if sides.cut:
        notes = [*notes, texts.compared_in_part(days_text(sides.start, sides.end))]
    return Answer(compared, columns, notes, sides)


def _groups(exploration: Exploration, filters: Filters) -> list[Row]:
    return groups(exploration.shown, exploration.dimensions, filters)


def groups(measures: Sequence[Measure], by: Sequence[Dimension], filters: Filters) -> list[Row]:
    """Measures by dimensions; at most one more row than MOST_GROUPS. Raises as `measure_values.run`."""
    app = tillstream()
    names, dimensions = [one.name for one in measures], [one.name for one in by]
    limit = {"limit": MOST_GROUPS + 1} if by else {}
    table = measure_values.query_measures(
        app.ports.warehouse, names, dimensions, scope(), filters, cache=app.queries, **limit
    )
    rows: list[Row] = table.to_pylist()
    return rows


def _sides(exploration: Exploration, selection: DashboardFilters) -> PeriodComparison | str:
    """The compared periods, or why nothing is compared."""
    if exploration.across:
        return texts.NO_COLUMNS_COMPARED
    if exploration.has_periods:
        return texts.NO_PERIODS_COMPARED
    if not selection.has_period:
        return texts.NO_DATES_COMPARED
    previous, year = figures.comparisons(selection.filters)
    chosen = previous if exploration.against == "previous" else year
    return chosen or texts.NOT_REPORTED


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


def _across(exploration: Exploration, across: Dimension, rows: list[Row], notes: list[str], most: int) -> Answer:
    (one,) = exploration.shown
    by, sums = [each.name for each in exploration.by], dict[Any, Any]()
    for row in rows:
        value = row[one.name]
        sums[row[across.name]] = sums.get(row[across.name], 0) + (value if one.format in GROWS and value else 0)
    ordered = sorted(sums, key=str) if across.is_period else sorted(sums, key=lambda value: -sums[value])
    kept = ordered[-most:] if across.is_period else ordered[:most]
    columns = [Column(f"{one.name}.{place}", one.name, value=value) for place, value in enumerate(kept)]
    keys = {column.value: column.key for column in columns}
    grouped: dict[Key, Row] = {}
    for row in rows:
        whole = grouped.setdefault(_key(row, by), {name: row[name] for name in by})
        if row[across.name] in keys:
            whole[keys[row[across.name]]] = row[one.name]
    empty = dict.fromkeys(keys.values())
    more = [texts.others_across(len(ordered) - len(kept))] if len(ordered) > len(kept) else []
    several = [texts.ONE_IN_COLUMNS] if len(exploration.measures) > 1 else []
    return Answer([empty | row for row in grouped.values()], columns, [*notes, *several, *more])


def _key(row: Row, by: Sequence[str]) -> Key:
    return tuple(row[name] for name in by)
