"""Sparklines of the key figures, as points of an SVG polyline."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from portal import figures
from portal.dashboard import charts
from portal.dashboard.request_filters import DashboardFilters

WIDTH, HEIGHT = 100, 28
DAYS = 62
"""Longest period with a point per day; a longer one has a point per week, and per month from WEEKS on."""
WEEKS = 400
Series = dict[str, list[float]]


def load(selection: DashboardFilters, first: date | None, last: date | None) -> Series:
    """figure → its value in each day, week or month from `first` to `last`, whole ones only; 0 without sales."""
    if first is None or last is None:
        return {}
    length = (last - first).days + 1
    period = "daily" if length <= DAYS else "weekly" if length <= WEEKS else "monthly"
    rows = figures.ask("figures-over-time", selection.filters, period=period).to_pylist()
    starts = charts.over_time(rows, period, "")["starts"]
    whole = [start for start in starts if start >= first and charts.span(start, period)[1] <= last]
    by_start: dict[date, dict[str, Any]] = {row["period_start"]: row for row in rows}
    names = [name for name in (rows[0] if rows else {}) if name != "period_start"]
    return {name: [float(by_start.get(start, {}).get(name) or 0) for start in whole] for name in names}


def points(values: Sequence[float]) -> str:
    """The `points` of a polyline in WIDTH × HEIGHT; empty for fewer than two values. The lowest point is 0 or less.

    Amounts that are never positive, such as returns, are drawn by their size.
    """
    if max(values, default=0) <= 0:
        values = [-value for value in values]
    if len(values) < 2:
        return ""
    low, high = min(0, *values), max(0, *values)
    scale = (HEIGHT - 2) / ((high - low) or 1)
    step = WIDTH / (len(values) - 1)
    return " ".join(f"{at * step:.1f},{HEIGHT - 1 - (value - low) * scale:.1f}" for at, value in enumerate(values))
