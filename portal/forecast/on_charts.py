"""The forecast and its range on charts of revenue over time that reach the present."""

from datetime import date, timedelta
from typing import Any

from flask import url_for

from portal import figures
from portal.context import scope
from portal.forecast import texts
from portal.forecast.nodes import Node
from tillstream.analytics.filters import COLUMNS, Filters
from tillstream.forecasting.published_forecasts import forecast_coverage
from tillstream.model.people import Action

STEPS = {"daily": ("day", 14), "weekly": ("week", 8)}
"""Period of a chart → the period of the forecast, and the number of them that the chart shows."""
FOUR_WEEKS = timedelta(days=28)
NEAR = timedelta(days=3)
"""A chart reaches the present if its last day is at most this long before the last day with sales."""


def extend(figure: dict[str, Any], filters: Filters, period: str) -> None:
    """Add labels after the last one, and `forecast` with values, low and high by label; nothing without a forecast."""
    node = _node(filters)
    if node is None or period not in STEPS or not figure["labels"] or not scope().may(Action.SEE_FORECASTS):
        return
    step, count = STEPS[period]
    rows = figures.ask("forecasts", node.filters, level=node.level, period=step).to_pylist()[:count]
    last = date.fromisoformat(figure["labels"][-1])
    end = last + timedelta(days=6 if step == "week" else 0)
    if not rows or rows[0]["currency"] != figure["currency"] or end < rows[0]["cutoff_date"] - NEAR:
        return
    if rows[0]["missing_regions"]:  # the chart shows what all regions sold
        return
    by_label = {row["first_day"].isoformat(): row for row in rows}
    figure["labels"] += [label for label in by_label if label > last.isoformat()]
    shown = [by_label.get(label) for label in figure["labels"]]
    figure["forecast"] = {
        "name": texts.FORECAST,
        "values": [_number(row, "mean") for row in shown],
        "band": {
            "name": texts.BAND,
            "low": [_number(row, "low") for row in shown],
            "high": [_number(row, "high") for row in shown],
        },
    }


def next_weeks(filters: Filters) -> dict[str, Any] | None:
    """The forecast of the next four weeks with its range, what it covers and the address of its page; None without a
    forecast."""
    node = _node(filters)
    if node is None or not scope().may(Action.SEE_FORECASTS):
        return None
    rows: list[dict[str, Any]] = figures.ask("forecasts", node.filters, level=node.level, period="sum").to_pylist()
    for row in rows:
        if row["last_day"] - row["cutoff_date"] == FOUR_WEEKS:
            return row | {"address": f"{url_for('forecast.show')}?{node.address}", "coverage": forecast_coverage(row)}
    return None


def _node(filters: Filters) -> Node | None:
    """What the filters choose, if there is a forecast of it."""
    chosen = {name: values for name in COLUMNS if (values := getattr(filters, name))}
    if any(len(values) > 1 for values in chosen.values()) or filters.against:
        return None
    return Node.of({name: values[0] for name, values in chosen.items()})


def _number(row: dict[str, Any] | None, column: str) -> float | None:
    return None if row is None or row[column] is None else float(row[column])
