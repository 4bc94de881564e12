"""Addresses of an exploration: its filters, and the sale lines behind a group."""

from datetime import date
from typing import Any

from flask import url_for

from portal.dashboard import charts, request_filters
from portal.dashboard.request_filters import DashboardFilters
from portal.explore.answer import Row
from portal.explore.chart import PERIODS
from portal.explore.selection import Exploration
from portal.urls import with_args
from tillstream.analytics.filters import COLUMNS
from tillstream.analytics.measures.dimensions import Dimension

Values = dict[str, list[str]]
OWN = "own"
"""The preset of dates that are chosen one by one."""


def kept(selection: DashboardFilters) -> Values:
    """Filters as arguments of links; a preset by its name, so that a saved view moves on with time."""
    if selection.preset == OWN:
        return dict(selection.values)
    others = {name: one for name, one in selection.values.items() if name not in request_filters.DATES}
    return others | ({"preset": [selection.preset]} if selection.preset else {})


def lines(exploration: Exploration, values: Values, row: Row) -> str:
    """Address of the sale lines of a group; empty if no filter can express it."""
    chosen: dict[str, Any] = dict(values)
    for by in exploration.by:
        narrowed = _narrowed(by, row[by.name])
        if narrowed is None or (by.is_period and sum(one.is_period for one in exploration.by) > 1):
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
