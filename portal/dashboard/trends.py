"""Sales over time, compared with the period or the year before, and by weekday."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from portal import figures
from portal.context import TemplateContext
from portal.dashboard import annotations, charts, request_filters
from portal.dashboard.request_filters import DashboardFilters, here, lines_link
from portal.forecast import nodes
from portal.reader_locale import weekdays
from tillstream.analytics.filters import Filters
from tillstream.ports.warehouse import Row

FINER = {"yearly": "monthly", "quarterly": "monthly", "monthly": "daily", "weekly": "daily", "daily": "daily"}
COARSER = {"daily": "weekly", "weekly": "monthly", "monthly": "quarterly", "quarterly": "yearly"}
STEPS = 800
"""Maximum points of a chart; a range with more of them is shown by longer periods."""
MONTHS = 24
"""Maximum months of a heatmap."""


def over_time(selection: DashboardFilters) -> TemplateContext:
    currency = figures.currency()
    wanted = selection.period
    while True:
        rows = figures.rows("sales-over-time", selection.filters, period=selection.period)
        figure = charts.over_time([*_first_period(selection), *rows] if rows else [], selection.period, currency)
        starts = figure.pop("starts")
        if len(starts) <= STEPS or selection.period not in COARSER:
            break
        selection = replace(selection, period=COARSER[selection.period])
    if starts:
        last = charts.span(starts[-1], selection.period)[1]
        figure["annotations"] = annotations.annotations_on_chart(
            starts, last, selection.filters.region, selection.filters.store
        )
    addresses = figure["links"] = [_days(selection, *charts.span(start, selection.period)) for start in starts]
    through = _reported_through(selection)
    figure["partial"] = [
        request_filters.is_partial(*charts.span(start, selection.period), selection, through) for start in starts
    ]
    comparison = request_filters.comparison_of(selection)
    if comparison.period:
        rows_before = _before(selection).get(comparison.chosen, [])
        figure["before"] = charts.comparison(
            rows_before, len(starts), str(request_filters.COMPARISONS[comparison.chosen])
        )
    summary, links = charts.describe_over_time(figure), dict(zip(starts, addresses, strict=True))
    partial = dict(zip(starts, figure["partial"], strict=True))
    nodes.extend_chart(figure, selection.filters, selection.period)
    return {
        "selection": selection,
        "wanted": wanted,
        "rows": rows,
        "currency": currency,
        "periods": request_filters.PERIODS,
        "figure": figure,
        "links": links,
        "next_weeks": nodes.next_weeks(selection.filters),
        "summary": summary,
        "partial": partial,
    }


def _first_period(selection: DashboardFilters) -> list[Row]:
    """The first chosen period without sales, so that the chart begins where the compared periods do."""
    start = selection.filters.start
    if start is None or not selection.has_period:
        return []
    match selection.period:
        case "weekly":
            start -= timedelta(days=start.weekday())
        case "monthly":
            start = start.replace(day=1)
        case "quarterly":
            start = start.replace(month=(start.month - 1) // 3 * 3 + 1, day=1)
        case "yearly":
            start = start.replace(month=1, day=1)
    return [{"period_start": start, "revenue": Decimal(0)}]


def _before(selection: DashboardFilters) -> dict[str, list[Row]]:
    """`before`, `year-before` → its rows in the order of the chosen periods."""
    series: dict[str, list[Row]] = {}
    for row in figures.rows("sales-over-time-compared", selection.filters, period=selection.period):
        if row["series"] != "now":
            series.setdefault(row["series"], []).append(row)
    return series


def _reported_through(selection: DashboardFilters) -> date | None:
    """The last reported day of the chosen regions and stores."""
    scope_filters = Filters(region=selection.filters.region, store=selection.filters.store)
    (row,) = figures.rows("reported-days", scope_filters)
    last_day: date | None = row["last_day"]
    return last_day


def _days(selection: DashboardFilters, first: Any, last: Any) -> str:
    """Link to a period in finer steps, clipped to the chosen dates; to its sale lines if it is one day."""
    first = max(first, selection.filters.start or first)
    last = min(last, selection.filters.end or last)
    days = {"from": first.isoformat(), "to": last.isoformat()}
    if first == last:
        return lines_link(**days)
    return here("tile-over-time", **days, period=FINER[selection.period])


def heatmap(selection: DashboardFilters) -> TemplateContext:
    """Average revenue of a day, by month and weekday."""
    rows = figures.rows("sales-by-weekday", selection.filters)
    months = sorted({row["month"] for row in rows})[-MONTHS:]
    cells = {(row["month"], row["weekday"]): row for row in rows}
    links = [_days(selection, *charts.span(month, "monthly")) for month in months]
    names = weekdays()
    figure = charts.heatmap(cells, months, names, figures.currency())
    summary = charts.describe_heatmap(figure, names)
    figure["links"] = links
    if len(months) == 1:
        averages = [value or 0.0 for value in figure["values"][0]]
        figure |= {"kind": "columns", "names": names, "ticks": names, "values": averages, "links": None}
    return {
        "cells": cells,
        "months": list(zip(months, links, strict=True)),
        "weekdays": names,
        "currency": figure["currency"],
        "figure": figure,
        "summary": summary,
    }
