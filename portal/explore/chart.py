"""The chart of an exploration: the first measure by the first dimension, with a series for each value of the second.

It has groups of its own, so that each value is that of the measure and never a sum of values that do not add up.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from portal import figures
from portal.dashboard import charts
from portal.explore import labels, texts
from portal.explore.answer import Answer, groups
from portal.explore.selection import BEFORE, Exploration
from tillstream.analytics.filters import Filters
from tillstream.analytics.measures.definition import Measure
from tillstream.analytics.measures.dimensions import Dimension

MOST_SERIES, MOST_BARS, MANY_POINTS = 6, 20, 60
PERIODS = {"day": "daily", "week": "weekly", "month": "monthly", "quarter": "quarterly", "year": "yearly"}
FRACTIONS = frozenset({"share", "growth"})
Series = dict[str, Any]


def of(exploration: Exploration, answer: Answer, filters: Filters) -> dict[str, Any] | None:
    """Chart data, or None: no chart is wanted, or nothing can be drawn."""
    first, dimensions = exploration.measures[0], exploration.dimensions[:1]
    if exploration.across:
        dimensions = (*exploration.by[:1], exploration.across)
    elif len(exploration.by) > 1:
        dimensions = exploration.by[:2]
    if exploration.chart == "none" or not dimensions or first.format == "day" or not answer.rows:
        return None
    by, split = dimensions[0], dimensions[1] if len(dimensions) > 1 else None
    is_of_table = dimensions == exploration.by and not (split and answer.compared_with)
    rows = answer.rows if is_of_table else groups([first], dimensions, filters)
    both = (first.name, f"{first.name}.{BEFORE}")
    columns = [key for key in both if key == first.name or (answer.compared_with and not split)]
    places = _places(rows, by, columns[0])
    series = _split(rows, by, split, places, first) if split else _sides(rows, by, columns, places, first)
    label = texts.in_percent(first.label) if first.format in FRACTIONS else first.label
    figure = {
        "kind": _kind(exploration, by, places, series),
        "measure": label,
        "currency": figures.currency() if first.format == "money" else "",
        "values": series[0]["values"],
    }
    if len(series) > 1:
        figure["series"] = series
    if by.name in PERIODS:
        alone = {"names": [charts.period_name(places[0], PERIODS[by.name])]} if len(places) == 1 else {}
        return figure | alone | {"period": PERIODS[by.name], "labels": [place.isoformat() for place in places]}
    return figure | {"labels": labels.of_values(by, places)}


def _places(rows: Sequence[dict[str, Any]], by: Dimension, column: str) -> list[Any]:
    """Values of the first dimension: periods and weekdays in their order, others by their values, the largest first."""
    if by.is_period or by.name == "weekday":
        return sorted({row[by.name] for row in rows if row[by.name] is not None})
    sums: dict[Any, Any] = {}
    for row in rows:
        sums[row[by.name]] = sums.get(row[by.name], 0) + (row[column] or 0)
    return sorted(sums, key=lambda value: -sums[value])[:MOST_BARS]


def _kind(exploration: Exploration, by: Dimension, places: Sequence[Any], series: Sequence[Series]) -> str:
    is_line = len(places) > MANY_POINTS or len(series) > 1
    usual = ("line" if is_line else "columns") if by.is_period else "columns" if by.name == "weekday" else "bars"
    chosen = exploration.chart or usual
    return "columns" if chosen == "bars" and len(series) > 1 else chosen


def _split(
    rows: Sequence[dict[str, Any]], by: Dimension, split: Dimension, places: Sequence[Any], measure: Measure
) -> list[Series]:
    """A series for each of the largest values of the second dimension."""
    largest = _places(rows, split, measure.name)
    largest = largest[-MOST_SERIES:] if split.is_period else largest[:MOST_SERIES]
    cells = {(row[split.name], row[by.name]): row[measure.name] for row in rows}
    return [
        {"name": name, "values": [_number(cells.get((value, place)), measure) for place in places]}
        for name, value in zip(labels.of_values(split, largest), largest, strict=True)
    ]


def _sides(
    rows: Sequence[dict[str, Any]], by: Dimension, columns: Sequence[str], places: Sequence[Any], measure: Measure
) -> list[Series]:
    """The values, and those of what is compared with."""
    by_place = {row[by.name]: row for row in rows}
    return [
        {"name": name, "values": [_number(by_place[place][column], measure) for place in places]}
        for name, column in zip((measure.label, texts.BEFORE), columns, strict=False)
    ]


def _number(value: Any, measure: Measure) -> float | None:
    if value is None:
        return None
    return float(Decimal(value) * (100 if measure.format in FRACTIONS else 1))
