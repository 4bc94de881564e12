"""The chart of an exploration: the first measure by the first dimension, with a series for each value of the second.

It has groups of its own, so that each value is that of the measure and never a sum of values that do not add up.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from portal import figures
from portal.dashboard import charts
from portal.explore import labels
from portal.explore.answer import GOAL, MAX_GROUPS, ExplorationAnswer, measure_groups
from portal.explore.labels import PERIOD_LENGTHS, incomplete_periods
from portal.explore.selection import BEFORE, COMPARISONS, GOALS
from portal.translation import N_, _
from tillstream.analytics.explorations import Exploration
from tillstream.analytics.filters import Filters
from tillstream.analytics.measures.definitions import Dimension, Measure

PERIODS = {
    "day": N_("days"),
    "week": N_("weeks"),
    "month": N_("months"),
    "quarter": N_("quarters"),
    "year": N_("years"),
}
PLURALS = PERIODS | {
    "weekday": N_("weekdays"),
    "status": N_("statuses"),
    "region": N_("regions"),
    "store": N_("stores"),
    "category": N_("categories"),
    "product": N_("products"),
    "channel": N_("channels"),
    "salesperson": N_("salespeople"),
    "country": N_("countries"),
    "customer": N_("customers"),
}
"""Dimension → several of its values."""
MAX_SERIES, MAX_BARS, MANY_POINTS = 6, 20, 60
FRACTIONS = frozenset({"share", "growth"})
Series = dict[str, Any]
Rows = Sequence[dict[str, Any]]


@dataclass(frozen=True)
class Figure:
    """data: for the script of the page; None: nothing can be drawn. notes: which groups and periods it lacks."""

    data: dict[str, Any] | None
    notes: tuple[str, ...] = ()


def draw_chart(exploration: Exploration, answer: ExplorationAnswer, filters: Filters, shown: Rows) -> Figure | None:
    """The chart, or None: no chart is wanted, or there is nothing to draw. shown: rows of the table, in its order."""
    first, dimensions = exploration.measures[0], _dimensions(exploration)
    if exploration.chart == "none" or not dimensions or first.format == "day" or not shown:
        return None
    groups = _groups(exploration, answer, filters, shown)
    if groups is None:
        not_drawn = _(
            "There is no chart: the numbers of {measure} do not add up to those of larger groups with the limit. "
            "Remove the limit, or group by two dimensions.",
            measure=_(first.label),
        )
        return Figure(None, (not_drawn,))
    if not groups.rows:
        return None
    by = dimensions[0]
    places, count = _places(exploration, groups.rows, by, first.name, shown)
    if len(dimensions) > 1:
        has_rest = first.is_additive and not groups.is_cut and _kind(exploration, by, places, 2) != "line"
        series, notes = _split(groups.rows, (by, dimensions[1]), places, first, has_rest=has_rest)
    else:
        series, notes = _sides(groups.rows, by, _columns(exploration, answer), places, first), []
    if len(places) < count:
        drawn = _("The chart shows {drawn:,} of {count:,} {plurals}, the first ones in the order of the table.")
        notes.append(drawn.format(drawn=len(places), count=count, plurals=PLURALS[by.name]))
    unfinished = incomplete_periods(by, places, filters) if by.is_period else frozenset()
    partial = [place in unfinished for place in places]
    if any(partial):
        series = [one | {"partial": partial} for one in series]
    figure: dict[str, Any] = {
        "kind": _kind(exploration, by, places, len(series)),
        "measure": _("{measure}, %", measure=_(first.label)) if first.format in FRACTIONS else _(first.label),
        "currency": figures.currency() if first.format == "money" else "",
        "values": series[0]["values"],
        "partial": partial,
    }
    if len(series) > 1:
        figure["series"] = series
    return Figure(figure | _axis(by, places), tuple(notes))


@dataclass(frozen=True)
class _DrawnGroups:
    """is_cut: whether there are more groups than these."""

    rows: Rows
    is_cut: bool


def _groups(exploration: Exploration, answer: ExplorationAnswer, filters: Filters, shown: Rows) -> _DrawnGroups | None:
    """The groups of the chart; None if those of the table are a part of all and do not add up to its groups."""
    first, dimensions = exploration.measures[0], _dimensions(exploration)
    is_limited = bool(answer.limit) or (len(shown) < len(answer.rows) and not exploration.across)
    table = shown if is_limited else answer.rows
    if dimensions == exploration.by and not (len(dimensions) > 1 and answer.compared):
        return _DrawnGroups(table, len(table) > MAX_GROUPS or answer.is_cut)
    if not is_limited:
        rows: Rows = measure_groups([first], dimensions, filters)
    elif first.is_additive or dimensions == exploration.by:
        rows = _sums(table, dimensions, first.name)
    else:
        return None
    return _DrawnGroups(rows, len(rows) > MAX_GROUPS)


def _axis(by: Dimension, places: Sequence[Any]) -> dict[str, Any]:
    """The labels of the places, and for the script, which formats dates, the length of periods."""
    if by.name not in PERIOD_LENGTHS:
        return {"labels": labels.value_labels(by, places)}
    length = PERIOD_LENGTHS[by.name]
    alone = {"names": [charts.period_name(places[0], length)]} if len(places) == 1 else {}
    return {**alone, "period": length, "labels": [place.isoformat() for place in places]}


def _dimensions(exploration: Exploration) -> tuple[Dimension, ...]:
    """Those of the chart: at most two."""
    return (*exploration.by[:1], exploration.across) if exploration.across else exploration.by[:2]


def _sums(rows: Rows, dimensions: Sequence[Dimension], column: str) -> Rows:
    """The values of the rows that have one, added up by the dimensions."""
    sums: dict[tuple[Any, ...], Any] = {}
    for row in rows:
        if row[column] is not None:
            key = tuple(row[one.name] for one in dimensions)
            sums[key] = sums[key] + row[column] if key in sums else row[column]
    names = [one.name for one in dimensions]
    return [dict(zip(names, key, strict=True)) | {column: value} for key, value in sums.items()]


def _columns(exploration: Exploration, answer: ExplorationAnswer) -> dict[str, str]:
    """What is drawn of each group: key in rows → name."""
    first = exploration.measures[0]
    columns = {first.name: _(first.label)}
    if answer.compared:
        columns[f"{first.name}.{BEFORE}"] = COMPARISONS[exploration.against]
    if first.name == "revenue" and any(one.key == GOAL for one in answer.columns):
        columns[GOAL] = GOALS[GOAL]
    return columns


def _places(exploration: Exploration, rows: Rows, by: Dimension, column: str, shown: Rows) -> tuple[list[Any], int]:
    """Values of the first dimension, and how many there are: periods and weekdays in their order, others in that of
    the table, or by their sums if the table has several rows of each."""
    if by.is_period or by.name == "weekday":
        kept = {row[by.name] for row in shown}
        places = sorted({row[by.name] for row in rows if row[by.name] in kept and row[by.name] is not None})
        return places, len(places)
    if exploration.by == (by,):
        ordered = [row[by.name] for row in shown]
    else:
        ordered = _largest(rows, by, column)
        if exploration.first or exploration.having:
            kept = {row[by.name] for row in shown}
            ordered = [value for value in ordered if value in kept]
    return ordered[:MAX_BARS], len(ordered)


def _largest(rows: Rows, by: Dimension, column: str) -> list[Any]:
    sums: dict[Any, Any] = {}
    for row in rows:
        sums[row[by.name]] = sums.get(row[by.name], 0) + (row[column] or 0)
    return sorted(sums, key=lambda value: -sums[value])


def _kind(exploration: Exploration, by: Dimension, places: Sequence[Any], series: int) -> str:
    """series: how many there are."""
    is_line = len(places) > MANY_POINTS or series > 1
    usual = ("line" if is_line else "columns") if by.is_period else "columns" if by.name == "weekday" else "bars"
    return exploration.chart or usual


def _split(
    rows: Rows, dimensions: tuple[Dimension, Dimension], places: Sequence[Any], measure: Measure, *, has_rest: bool
) -> tuple[list[Series], list[str]]:
    """A series for each of the largest values of the second dimension, or of the latest periods, and one of the rest
    if has_rest; and what the chart lacks. has_rest: values add up, and a large sum does not flatten single lines."""
    by, split = dimensions
    values = sorted({row[split.name] for row in rows}, key=str) if split.is_period else []
    values = values or _largest(rows, split, measure.name)
    drawn = values[-MAX_SERIES:] if split.is_period else values[:MAX_SERIES]
    cells = {(row[split.name], row[by.name]): row[measure.name] for row in rows}
    series: list[Series] = [
        {"name": name, "values": [_number(cells.get((value, place)), measure) for place in places]}
        for name, value in zip(labels.value_labels(split, drawn), drawn, strict=True)
    ]
    if len(values) == len(drawn):
        return series, []
    if not has_rest or split.is_period:
        return series, [drawn_series(len(drawn), len(values), split.name)]
    rest = dict.fromkeys(places)
    for row in rows:
        if row[split.name] not in drawn and row[by.name] in rest and row[measure.name] is not None:
            rest[row[by.name]] = (rest[row[by.name]] or 0) + row[measure.name]
    name = _("Other ({count:,})", count=len(values) - len(drawn))
    series.append({"name": name, "values": [_number(rest[place], measure) for place in places], "quiet": True})
    return series, [drawn_series(len(drawn), len(values), split.name, name)]


def _sides(
    rows: Rows, by: Dimension, columns: Mapping[str, str], places: Sequence[Any], measure: Measure
) -> list[Series]:
    """The values, those of what is compared with, and the goals. columns: key in rows → name."""
    by_place = {row[by.name]: row for row in rows}
    return [
        {"name": name, "values": [_number(by_place[place][column], measure) for place in places]}
        | ({"quiet": True} if column != measure.name else {})
        for column, name in columns.items()
    ]


def _number(value: Any, measure: Measure) -> float | None:
    if value is None:
        return None
    return float(Decimal(value) * (100 if measure.format in FRACTIONS else 1))


def drawn_series(drawn: int, count: int, by: str, rest: str = "") -> str:
    """by: the dimension. rest: the name of the sum of all others; empty: there is none."""
    which = _("latest") if by in PERIODS else _("largest")
    shown = _("The chart shows the {drawn:,} {which} of {count:,} {plurals}")
    shown = shown.format(drawn=drawn, which=which, count=count, plurals=PLURALS[by])
    if rest:
        return shown + _("; “{rest}” is the sum of the rest.", rest=rest)
    return shown + _(". To see others, choose them in the filters.")


def chart_summary(exploration: Exploration) -> str:
    """A chart in a sentence, for screen readers."""
    by = _(exploration.dimensions[0].label).lower() if exploration.dimensions else ""
    return _("{measure} by {by}.", measure=_(exploration.measures[0].label), by=by)
