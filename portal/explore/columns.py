"""Columns of numbers of an exploration."""

from dataclasses import dataclass
from typing import Any

from portal.explore import texts
from portal.explore.selection import BEFORE, CHANGE, GROWTH
from tillstream.analytics.measures.definitions import Measure, all_measures

GROWS = frozenset({"money", "count", "quantity"})
"""Formats of measures whose change is also a fraction."""
IN_POINTS = frozenset({"share", "growth"})
"""Formats of measures whose change is in percentage points."""
POINTS = "points"
"""Format of a change in percentage points."""
GOAL_PARTS = {"goal": "money", "reached": "share"}
"""Part of a goal → its format."""


@dataclass(frozen=True)
class Column:
    """A column of numbers. key: in rows. measure: its name, or `goal`. part: of a comparison or goal; empty: the value.
    value: across."""

    key: str
    measure: str
    part: str = ""
    value: Any = None


def compared(one: Measure) -> list[Column]:
    """The columns of a measure on both sides of a comparison, with the columns of its change."""
    change = [CHANGE, GROWTH] if one.format in GROWS else [CHANGE] if one.format in IN_POINTS else []
    return [Column(one.name, one.name), *(Column(f"{one.name}.{part}", one.name, part) for part in (BEFORE, *change))]


def format_of(one: Column) -> str:
    """The format of the numbers of a column."""
    if one.part in GOAL_PARTS:
        return GOAL_PARTS[one.part]
    form = all_measures()[one.measure].format
    if one.part == CHANGE and form in IN_POINTS:
        return POINTS
    return "growth" if one.part == GROWTH else form


def label_of(one: Column) -> str:
    """The name of a column that is not across."""
    if one.part in GOAL_PARTS:
        return texts.GOALS[one.part]
    label = all_measures()[one.measure].label
    if format_of(one) == POINTS:
        return f"{label}, {texts.CHANGE_IN_POINTS}"
    return f"{label}, {texts.COLUMN[one.part]}" if one.part else label
