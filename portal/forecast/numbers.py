"""The numbers of the forecast page and their charts: the forecast of a node, what was sold, and earlier forecasts."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from flask import g

from portal import figures
from portal.context import TemplateContext, ports, scope
from portal.figures import ChartFigure
from portal.forecast import nodes
from portal.forecast.nodes import Node
from portal.formats import amount_words
from portal.reader_locale import day_text
from portal.translation import _
from tillstream.analytics.filters import Filters
from tillstream.forecasting import published_forecasts
from tillstream.forecasting.outside_series import OutsideValue
from tillstream.forecasting.published_forecasts import region_names
from tillstream.ports.warehouse import Row

Rows = Sequence[Row]
MAX_LINES = 6
"""Lines of one chart, as many as there are colours."""
MAX_DAYS = 731
"""Days that the chart of an outside series shows, the latest ones."""

PAST = {"day": timedelta(days=56), "week": timedelta(days=26 * 7)}
"""What was sold that a chart shows before the forecast, by step."""
AHEAD = {"day": timedelta(days=28), "week": timedelta(days=91)}
LENGTHS = (7, 28, 91)
"""Numbers of days whose sums are shown."""
COMPARED = 60
"""Number of earlier forecasts that are compared with what came."""
DEMAND = ("completed", "pending")
"""Statuses of lines that units of forecasts count: returns are left out."""
LENGTHS_OF_STEPS = {"day": timedelta(days=1), "week": timedelta(days=7)}
PERIODS = {"day": "daily", "week": "weekly"}
BELOW = {"total": "region", "region": "store", "store": "store_category", "category": "store_category"}
"""Level → the level that it is the sum of."""
MAX_NAMES = 5_000
"""Products whose names are read together."""


def forecast_chart(sold: Rows, forecast: Rows, step: str, target: str, currency: str) -> ChartFigure:
    """What was sold in the last steps, then the forecast, whose line begins at the last value that was sold."""
    starts = [*(row["start"] for row in sold), *(row["first_day"] for row in forecast)]
    past, future = [_number(row["value"]) for row in sold], [_number(row["mean"]) for row in forecast]
    joined = past[-1:]
    gap: list[float | None] = [None] * max(len(past) - 1, 0)
    return _figure(step, target, currency, starts) | {
        "series": [
            {"name": nodes.ACTUAL, "values": [*past, *[None] * len(future)]},
            {"name": nodes.FORECAST, "values": [*gap, *joined, *future]},
        ],
        "band": {
            "name": nodes.BAND,
            "low": [*gap, *joined, *(_number(row["low"]) for row in forecast)],
            "high": [*gap, *joined, *(_number(row["high"]) for row in forecast)],
        },
    }


def compared_chart(sold: dict[date, Any], earlier: Rows, target: str, currency: str) -> ChartFigure:
    """Forecasts that were made a day before, and what came."""
    starts = [row["last_day"] for row in earlier]
    return _figure("day", target, currency, starts) | {
        "series": [
            {"name": nodes.ACTUAL, "values": [_number(sold.get(day)) for day in starts]},
            {"name": nodes.FORECAST, "values": [_number(row["mean"]) for row in earlier]},
        ],
        "band": {
            "name": nodes.BAND,
            "low": [_number(row["low"]) for row in earlier],
            "high": [_number(row["high"]) for row in earlier],
        },
    }


def outside_chart(values: Sequence[OutsideValue]) -> ChartFigure:
    """The latest known value of each day, a line for each region."""
    latest: dict[str, dict[date, float]] = {}
    for one in sorted(values, key=lambda each: (each.region, each.published_on)):
        latest.setdefault(one.region, {})[one.day] = one.value
    days = sorted({one.day for one in values})[-MAX_DAYS:]
    lines = list(latest.items())[:MAX_LINES]
    return {
        "kind": "line",
        "period": "daily",
        "labels": [day.isoformat() for day in days],
        "currency": "",
        "measure": _("Value"),
        "series": [
            {"name": region or _("All regions"), "values": [by_day.get(day) for day in days]}
            for region, by_day in lines
        ],
    }


def describe_forecast(label: str, target: str, total: Row, currency: str) -> str:
    """The chart in a sentence, for screen readers."""
    amount = amount_words(total["mean"], currency)
    what, day = nodes.TARGETS[target], day_text(total["last_day"])
    return _("{what} of {label}, forecast up to {day}: {amount}.", what=what, label=label, day=day, amount=amount)


def _figure(step: str, target: str, currency: str, starts: Sequence[date]) -> ChartFigure:
    return {
        "kind": "line",
        "period": {"day": "daily", "week": "weekly"}[step],
        "labels": [start.isoformat() for start in starts],
        "currency": currency,
        "measure": nodes.TARGETS[target],
    }


def _number(value: Any) -> float | None:
    """Float for a chart only; the table next to it shows the exact decimal."""
    return None if value is None else float(value)


@dataclass(frozen=True)
class ShownForecast:
    """What the page shows."""

    node: Node
    target: str
    step: str

    def ahead(self) -> list[Row]:
        """The forecast by step, as far as the chart shows it."""
        return [row for row in self._forecast(self.step) if row["first_day"] - row["cutoff_date"] <= AHEAD[self.step]]

    def explained(self, grain: str) -> list[Row]:
        """The first steps with their parts."""
        return self._forecast(grain)[:7]

    def sums(self) -> list[Row]:
        """Sums of the next days, as far as there are forecasts."""
        if self.node.level == "product":
            values = self.node.filters
            region, store_id, product = ((each or ("",))[0] for each in (values.region, values.store, values.product))
            return published_forecasts.demand_sums(ports().warehouse, region, store_id, product, LENGTHS)
        by_length = {(row["last_day"] - row["cutoff_date"]).days: row for row in self._forecast("sum")}
        return [by_length[days] | {"days": days} for days in LENGTHS if days in by_length]

    def sold(self, first: Row, currency: str) -> list[Row]:
        """What was sold in the complete steps before the first forecast, in the regions that it covers."""
        until, length = first["cutoff_date"], LENGTHS_OF_STEPS[self.step]
        covered = region_names(first["covered_regions"]) if first["missing_regions"] else ()
        rows = self._sales(until - PAST[self.step], until, currency, PERIODS[self.step], covered)
        return [
            {"start": row["period_start"], "value": row[self.target]}
            for row in rows
            if row["period_start"] + length - timedelta(days=1) <= until
        ]

    def earlier(self, currency: str) -> TemplateContext | None:
        """Forecasts that were made a day before, and what came; None if there are none of this level yet.

        None are kept of products. Those that lack a region are not comparable with what came.
        """
        if self.node.level == "product":
            return None
        rows = figures.rows("earlier-forecasts", self.node.filters, target=self.target, level=self.node.level)
        today = ports().clock.now().date()
        rows = [row for row in rows if row["last_day"] < today and not row["missing_regions"]][-COMPARED:]
        if not rows:
            return None
        sales = self._sales(rows[0]["last_day"], rows[-1]["last_day"], currency, "daily")
        sold = {row["period_start"]: row[self.target] for row in sales}
        came = [row for row in rows if row["last_day"] in sold and row["low"] is not None]
        inside = sum(row["low"] <= sold[row["last_day"]] <= row["high"] for row in came)
        figure = compared_chart(sold, came, self.target, currency)
        return {"figure": figure, "days": len(came), "inside": inside} if came else None

    def below(self) -> tuple[str, list[tuple[Node, Row]]]:
        """The level that this forecast is the sum of, and its nodes; empty text if there is none."""
        level = BELOW.get(self.node.level, "")
        if self.node.level == "store_category" and self.target == "units":
            level = "product"
            _read_names(self.node.filters)
        if not level:
            return "", []
        return level, [
            (nodes.node_of_row(level, row), row) for row in nodes.node_rows(level, self.target, self.node.filters)
        ]

    def _forecast(self, period: str) -> list[Row]:
        params = {"target": self.target, "level": self.node.level, "period": period}
        return figures.rows("forecasts", self.node.filters, **params)

    def _sales(self, first: date, last: date, currency: str, period: str, covered: tuple[str, ...] = ()) -> list[Row]:
        status = DEMAND if self.target == "units" else None
        filters = replace(self.node.filters, start=first, end=last, status=status, currency=currency)
        filters = replace(filters, region=covered) if covered else filters
        return figures.rows("sales-over-time", filters, period=period)


def forecast_groups(target: str) -> list[tuple[str, list[Node]]]:
    """The nodes that the page offers, by level."""
    levels = ("region", "store", "category") if sees_all() else ("region", "store")
    offered = [(nodes.LEVELS[level], list(nodes.node_choices(level, target))) for level in levels]
    return [(label, members) for label, members in offered if members]


def sees_all() -> bool:
    """Whether the user sees every row, and so the forecast of all sales."""
    user = scope()
    return user.regions is None and user.stores is None and user.salesperson is None


def relative_error(target: str, level: str) -> float | None:
    """Error of the backtest at a level ÷ that of the seasonal naive forecast."""
    for row in published_forecasts.accuracy_report(ports())["windows"]:
        if (row["target"], row["level"], row["cutoff_date"]) == (target, level, None) and row["relative_mae"]:
            return float(row["relative_mae"])
    return None


def _read_names(filters: Filters) -> None:
    """Read the names of products together; `value_name` reads those that are missing one by one."""
    sold: Sequence[Row] = figures.rows("sales-by-product", filters, limit=MAX_NAMES)
    names = {row["product"]: row["product_name"] or row["product"] for row in sold if row["product"]}
    g.setdefault("product_names", {}).update(names)
