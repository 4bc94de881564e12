"""Sales over time, compared with the period or the year before, and by weekday."""

from dataclasses import replace
from typing import Any

from flask import request

from portal import annotations, metrics
from portal.dashboard import charts
from portal.dashboard.request_filters import PERIODS, DashboardFilters, here, lines_link

FINER = {"yearly": "monthly", "quarterly": "monthly", "monthly": "daily", "weekly": "daily", "daily": "daily"}
COARSER = {"daily": "weekly", "weekly": "monthly", "monthly": "quarterly", "quarterly": "yearly"}
STEPS = 800
"""Maximum points of a chart; a range with more of them is shown by longer periods."""
COMPARED = {"before": "Previous period", "year-before": "Previous year", "nothing": "None"}
MONTHS = 24
"""Maximum months of a heatmap."""
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def over_time(selection: DashboardFilters) -> dict[str, Any]:
    currency = metrics.currency()
    wanted = selection.period
    while True:
        rows = metrics.ask("sales-over-time", selection.filters, period=selection.period).to_pylist()
        figure = charts.over_time(rows, selection.period, currency)
        starts = figure.pop("starts")
        if len(starts) <= STEPS or selection.period not in COARSER:
            break
        selection = replace(selection, period=COARSER[selection.period])
    if starts:
        last = charts.span(starts[-1], selection.period)[1]
        figure["annotations"] = annotations.on_chart(starts, last, selection.filters.region)
    figure["links"] = [_days(selection, *charts.span(start, selection.period)) for start in starts]
    series, chosen = _before(selection), request.args.get("compare", "before")
    if chosen not in series:
        chosen = next(iter(series), "nothing") if chosen in {"before", ""} else "nothing"
    if chosen != "nothing":
        figure["before"] = charts.comparison(series[chosen], len(starts), COMPARED[chosen])
    return {
        "selection": selection,
        "wanted": wanted,
        "rows": rows,
        "currency": currency,
        "periods": PERIODS,
        "figure": figure,
        "links": dict(zip(starts, figure["links"], strict=True)),
        "summary": charts.describe_over_time(figure),
        "comparisons": {name: words for name, words in COMPARED.items() if name in series or name == "nothing"},
        "compared": chosen,
    }


def _before(selection: DashboardFilters) -> dict[str, list[dict[str, Any]]]:
    """`before`, `year-before` → its rows in the order of the chosen periods; empty where nothing is compared."""
    if not selection.has_period:
        return {}
    series: dict[str, list[dict[str, Any]]] = {}
    for row in metrics.ask("sales-over-time-compared", selection.filters, period=selection.period).to_pylist():
        if row["series"] != "now":
            series.setdefault(row["series"], []).append(row)
    return {name: series[name] for name in COMPARED if name in series}


def _days(selection: DashboardFilters, first: Any, last: Any) -> str:
    """Link to a period in finer steps, clipped to the chosen dates; to its sale lines if it is one day."""
    first = max(first, selection.filters.start or first)
    last = min(last, selection.filters.end or last)
    days = {"from": first.isoformat(), "to": last.isoformat()}
    if first == last:
        return lines_link(**days)
    return here("tile-over-time", **days, period=FINER[selection.period])


def heatmap(selection: DashboardFilters) -> dict[str, Any]:
    """Average revenue of a day, by month and weekday."""
    rows = metrics.ask("sales-by-weekday", selection.filters).to_pylist()
    months = sorted({row["month"] for row in rows})[-MONTHS:]
    cells = {(row["month"], row["weekday"]): row for row in rows}
    links = [_days(selection, *charts.span(month, "monthly")) for month in months]
    figure = charts.heatmap(cells, months, WEEKDAYS, metrics.currency())
    figure["links"] = links
    return {
        "cells": cells,
        "months": list(zip(months, links, strict=True)),
        "weekdays": WEEKDAYS,
        "currency": figure["currency"],
        "figure": figure,
        "summary": charts.describe_heatmap(figure, WEEKDAYS),
    }
