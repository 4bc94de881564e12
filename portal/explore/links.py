"""Addresses of an exploration: its filters, and the sale lines behind a group."""

from datetime import date
from typing import Any

from flask import url_for

from portal.dashboard import charts
from portal.dashboard.request_filters import DashboardFilters
from portal.explore.answer import Row
from portal.explore.columns import GOAL_PARTS, Column
from portal.explore.periods import PERIODS
from portal.explore.selection import BEFORE, CHANGE, GROWTH
from portal.urls import with_args
from tillstream.analytics.explorations import Exploration
from tillstream.analytics.filters import COLUMNS
from tillstream.analytics.measures.definitions import Dimension
from tillstream.model.dates import DATE_FILTERS, OWN_DATES

Values = dict[str, list[str]]


def kept(selection: DashboardFilters) -> Values:
    """Filters as arguments of links; a preset by its name, so that a saved view moves on with time."""
    if selection.preset == OWN_DATES:
        return dict(selection.values)
    others = {name: one for name, one in selection.values.items() if name not in DATE_FILTERS}
    return others | ({"preset": [selection.preset]} if selection.preset else {})


def lines(
    exploration: Exploration,
    values: Values,
    row: Row,
    column: Column | None = None,
    compared_with: tuple[date, date] | None = None,
) -> str:
    """Address of the sale lines of a group, or of a number of it; empty if no filter can express them.

    column: of the number; None: the whole group. compared_with: first and last day of the other side of a comparison.
    """
    chosen: dict[str, Any] = dict(values)
    groups = [(by, row[by.name]) for by in exploration.by]
    if column and exploration.across:
        groups.append((exploration.across, column.value))
    if column and column.part in (CHANGE, GROWTH, *GOAL_PARTS):
        return ""
    if column and column.part == BEFORE and compared_with:
        chosen |= {"from": [compared_with[0].isoformat()], "to": [compared_with[1].isoformat()]}
    for by, value in groups:
        narrowed = _narrowed(by, value)
        if narrowed is None or (by.is_period and sum(one.is_period for one, _ in groups) > 1):
            return ""
        if by.is_period:
            narrowed = _within(narrowed, values)
        chosen |= narrowed
    return url_for("sale_lines.show") + f"?{with_args(chosen)}"


def _narrowed(by: Dimension, value: Any) -> Values | None:
    if value is None or value == "":
        return None
    if by.is_period:
        first, last = charts.span(value, PERIODS[by.name])
        return {"from": [first.isoformat()], "to": [last.isoformat()]}
    return {by.name: [str(value)]} if by.name in COLUMNS else None


def _within(period: Values, values: Values) -> Values:
    """The days of a period that the page shows."""
    start, end = date.fromisoformat(period["from"][0]), date.fromisoformat(period["to"][0])
    if values.get("from"):
        start = max(start, date.fromisoformat(values["from"][0]))
    if values.get("to"):
        end = min(end, date.fromisoformat(values["to"][0]))
    return {"from": [start.isoformat()], "to": [end.isoformat()]}
