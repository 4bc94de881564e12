"""What the address of the page selects: measures, dimensions, comparison, columns and the limit of a column."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from flask import request

from portal.context import scope
from portal.translation import N_, _
from tillstream.analytics import explorations
from tillstream.analytics.explorations import Exploration, Having
from tillstream.analytics.measures.definitions import Measure, all_measures
from tillstream.model.errors import Rejected

CHARTS = N_({"": "Automatic", "columns": "Columns", "line": "Line", "bars": "Bars", "none": "No chart"})
"""Kind of chart → its name."""
COMPARISONS = N_({"previous": "Previous period", "year": "Previous year"})
"""What is compared with → its name."""
GOALS = N_({"goal": "Goal", "reached": "Of goal"})
KINDS = N_({"above": "more than", "below": "less than", "between": "between"})
"""Kind of limit of a number → its name."""
COLUMN = {"before": N_("previous"), "change": N_("change"), "growth": N_("change, %")}
"""Part of a compared measure → what its column shows after the name of the measure."""

CHANGE, GROWTH, BEFORE = "change", "growth", "before"

GROWS = frozenset({"money", "count", "quantity"})
"""Formats of measures whose change is also a fraction."""
IN_POINTS = frozenset({"share", "growth"})
"""Formats of measures whose change is in percentage points."""
POINTS = "points"
"""Format of a change in percentage points."""
GOAL_PARTS = {"goal": "money", "reached": "share"}
"""Part of a goal → its format."""

IN_PERCENT = frozenset({"share", "growth"})
NUMBER = re.compile(r"-?[0-9]{1,25}(\.[0-9]{1,9})?")
Row = dict[str, Any]


def read_exploration() -> Exploration:
    """The exploration of this request. Raises `Rejected` for names that the user cannot choose."""
    one = explorations.parse_exploration(request.args.to_dict(flat=False), scope())
    return replace(
        one,
        chart=one.chart if one.chart in CHARTS else "",
        against=one.against if one.against in COMPARISONS else "",
    )


@dataclass(frozen=True)
class MeasureColumn:
    """A column of numbers. key: in rows. measure: its name, or `goal`. part: of a comparison or goal; empty: the value.
    value: across."""

    key: str
    measure: str
    part: str = ""
    value: Any = None


def compared_columns(one: Measure) -> list[MeasureColumn]:
    """The columns of a measure on both sides of a comparison, with the columns of its change."""
    change = [CHANGE, GROWTH] if one.format in GROWS else [CHANGE] if one.format in IN_POINTS else []
    return [
        MeasureColumn(one.name, one.name),
        *(MeasureColumn(f"{one.name}.{part}", one.name, part) for part in (BEFORE, *change)),
    ]


def column_format(one: MeasureColumn) -> str:
    """The format of the numbers of a column."""
    if one.part in GOAL_PARTS:
        return GOAL_PARTS[one.part]
    form = all_measures()[one.measure].format
    if one.part == CHANGE and form in IN_POINTS:
        return POINTS
    return "growth" if one.part == GROWTH else form


def column_label(one: MeasureColumn) -> str:
    """The name of a column that is not across."""
    if one.part in GOAL_PARTS:
        return GOALS[one.part]
    label = _(all_measures()[one.measure].label)
    if column_format(one) == POINTS:
        return f"{label}, {_('change, points')}"
    return f"{label}, {COLUMN[one.part]}" if one.part else label


def limitable_columns(shown: list[MeasureColumn]) -> list[MeasureColumn]:
    """The columns of numbers that groups can be chosen by."""
    return [one for one in shown if one.value is None and column_format(one) != "day"]


def limit_label(one: MeasureColumn) -> str:
    """The name of a column with the unit in which people enter its numbers."""
    name = column_label(one)
    return _("{measure}, %", measure=name) if column_format(one) == "share" else name


def limit_sentence(shown: list[MeasureColumn], having: Having) -> str:
    """Of goal less than 100%."""
    column = next((one for one in limitable_columns(shown) if one.key == having.column), None)
    name, unit = (column_label(column), column_format(column) in IN_PERCENT) if column else (having.column, False)
    numbers = [having.low, having.high] if having.kind == "between" else [having.low]
    number = _(" and ").join(numbers) + ("%" if unit else "")
    return _("{name} {kind} {number}", name=name, kind=KINDS[having.kind], number=number)


def limited_rows(rows: list[Row], shown: list[MeasureColumn], having: Having) -> list[Row]:
    """The rows whose number is in the limits; those without the number are not. Raises `Rejected` for a text that is
    no number, or a column that the table lacks."""
    column = next((one for one in limitable_columns(shown) if one.key == having.column), None)
    if column is None:
        raise Rejected(_("The table lacks the number that limits its groups. Choose another one behind Filters."))
    unit = Decimal("0.01") if column_format(column) in IN_PERCENT else Decimal(1)
    low, high = _number(having.low) * unit, _number(having.high) * unit if having.kind == "between" else Decimal(0)
    passes: Callable[[Decimal], bool] = {
        "above": lambda number: number > low,
        "below": lambda number: number < low,
        "between": lambda number: low <= number <= high,
    }[having.kind]
    return [row for row in rows if row[column.key] is not None and passes(Decimal(row[column.key]))]


def _number(text: str) -> Decimal:
    if not NUMBER.fullmatch(text):
        raise Rejected(_("“{text}” is not a number. Write it with a point, such as 1250.50.", text=text[:40]))
    return Decimal(text)


def exploration_title(one: Exploration) -> str:
    """Revenue by month and region."""
    by = _(" and ").join(_(each.label).lower() for each in one.dimensions)
    measure = _(one.measures[0].label)
    return _("{measure} by {by}", measure=measure, by=by) if by else measure
