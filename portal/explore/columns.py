"""Columns of numbers of an exploration."""

from dataclasses import dataclass
from typing import Any

from portal.explore import texts
from portal.explore.selection import GROWTH
from tillstream.analytics.measures.definition import measures

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


def format_of(one: Column) -> str:
    """The format of the numbers of a column."""
    if one.part in GOAL_PARTS:
        return GOAL_PARTS[one.part]
    return "growth" if one.part == GROWTH else measures()[one.measure].format


def label_of(one: Column) -> str:
    """The name of a column that is not across."""
    if one.part in GOAL_PARTS:
        return texts.GOALS[one.part]
    label = measures()[one.measure].label
    return f"{label}, {texts.COLUMN[one.part]}" if one.part else label
