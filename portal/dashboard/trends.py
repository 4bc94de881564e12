"""The dashboard area's times: how sales move, beside the period or the year before, and on which days they are made."""

from dataclasses import replace
from typing import Any

from flask import request

from portal import metrics
from portal.dashboard import charts
from portal.dashboard.request_filters import PERIODS, Asked, here, lines_link

FINER = {"yearly": "monthly", "quarterly": "monthly", "monthly": "daily", "weekly": "daily", "daily": "daily"}
COARSER = {"daily": "weekly", "weekly": "monthly", "monthly": "quarterly", "quarterly": "yearly"}
STEPS = 800
"""So many steps fit a picture and a table; more of them are told by longer periods."""
COMPARED = {"before": "The period before", "year-before": "The year before", "nothing": "Nothing"}
MONTHS = 24
"""So many months a heatmap shows."""
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def over_time(asked: Asked) -> dict[str, Any]:
    currency = metrics.currency()
    wanted = asked.period
    while True:
        rows = metrics.ask("sales-over-time", asked.filters, period=asked.period).to_pylist()
        figure = charts.over_time(rows, asked.period, currency)
        starts = figure.pop("starts")
        if len(starts) <= STEPS or asked.period not in COARSER:
            break
        asked = replace(asked, period=COARSER[asked.period])
    figure["links"] = [_days(asked, *charts.span(start, asked.period)) for start in starts]
    series, chosen = _before(asked), request.args.get("compare", "before")
    if chosen not in series:
        chosen = next(iter(series), "nothing") if chosen in {"before", ""} else "nothing"
    if chosen != "nothing":
        figure["before"] = charts.beside(series[chosen], len(starts), COMPARED[chosen])
    return {
        "asked": asked,
        "wanted": wanted,
        "rows": rows,
        "currency": currency,
        "periods": PERIODS,
        "figure": figure,
        "links": dict(zip(starts, figure["links"], strict=True)),
        "summary": charts.told_over_time(figure),
        "comparisons": {name: words for name, words in COMPARED.items() if name in series or name == "nothing"},
        "compared": chosen,
    }


def _before(asked: Asked) -> dict[str, list[dict[str, Any]]]:
    """before, year-before → its periods in the order of the chosen ones; nothing where nothing is compared."""
    if not asked.has_period:
        return {}
    found: dict[str, list[dict[str, Any]]] = {}
    for row in metrics.ask("sales-over-time-compared", asked.filters, period=asked.period).to_pylist():
        if row["series"] != "now":
            found.setdefault(row["series"], []).append(row)
    return {name: found[name] for name in COMPARED if name in found}


def _days(asked: Asked, first: Any, last: Any) -> str:
    """A period's own page, in finer steps; never days outside those that are chosen."""
    first = max(first, asked.filters.start or first)
    last = min(last, asked.filters.end or last)
    days = {"from": first.isoformat(), "to": last.isoformat()}
    if first == last:
        return lines_link(**days)
    return here("tile-over-time", **days, period=FINER[asked.period])


def heatmap(asked: Asked) -> dict[str, Any]:
    """Month by weekday: what such a day brings."""
    rows = metrics.ask("sales-by-weekday", asked.filters).to_pylist()
    months = sorted({row["month"] for row in rows})[-MONTHS:]
    cells = {(row["month"], row["weekday"]): row for row in rows}
    links = [_days(asked, *charts.span(month, "monthly")) for month in months]
    figure = charts.heatmap(cells, months, WEEKDAYS, metrics.currency())
    figure["links"] = links
    return {
        "cells": cells,
        "months": list(zip(months, links, strict=True)),
        "weekdays": WEEKDAYS,
        "currency": figure["currency"],
        "figure": figure,
        "summary": charts.told_heatmap(figure, WEEKDAYS),
    }
