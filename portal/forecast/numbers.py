"""The numbers of the forecast page: the forecast of a node, its sums, what was sold, and earlier forecasts."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from flask import g

from portal import figures
from portal.context import ports, scope
from portal.forecast import charts, nodes, texts
from portal.forecast.nodes import Node
from tillstream.analytics.filters import Filters
from tillstream.forecasting import published_forecasts
from tillstream.forecasting.published_forecasts import region_names

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
MOST_NAMES = 5_000
"""Products whose names are read together."""


@dataclass(frozen=True)
class Shown:
    """What the page shows."""

    node: Node
    target: str
    step: str

    def ahead(self) -> list[dict[str, Any]]:
        """The forecast by step, as far as the chart shows it."""
        return [row for row in self._forecast(self.step) if row["first_day"] - row["cutoff_date"] <= AHEAD[self.step]]

    def explained(self, grain: str) -> list[dict[str, Any]]:
        """The first steps with their parts."""
        return self._forecast(grain)[:7]

    def sums(self) -> list[dict[str, Any]]:
        """Sums of the next days, as far as there are forecasts."""
        if self.node.level == "product":
            values = self.node.filters
            region, store_id, product = ((each or ("",))[0] for each in (values.region, values.store, values.product))
            return published_forecasts.demand_sums(ports().warehouse, region, store_id, product, LENGTHS)
        by_length = {(row["last_day"] - row["cutoff_date"]).days: row for row in self._forecast("sum")}
        return [by_length[days] | {"days": days} for days in LENGTHS if days in by_length]

    def sold(self, first: dict[str, Any], currency: str) -> list[dict[str, Any]]:
        """What was sold in the complete steps before the first forecast, in the regions that it covers."""
        until, length = first["cutoff_date"], LENGTHS_OF_STEPS[self.step]
        covered = region_names(first["covered_regions"]) if first["missing_regions"] else ()
        rows = self._sales(until - PAST[self.step], until, currency, PERIODS[self.step], covered)
        return [
            {"start": row["period_start"], "value": row[self.target]}
            for row in rows
            if row["period_start"] + length - timedelta(days=1) <= until
        ]

    def earlier(self, currency: str) -> dict[str, Any] | None:
        """Forecasts that were made a day before, and what came; None if there are none of this level yet.

        None are kept of products. Those that lack a region are not comparable with what came.
        """
        if self.node.level == "product":
            return None
        rows = figures.ask(
            "earlier-forecasts", self.node.filters, target=self.target, level=self.node.level
        ).to_pylist()
        today = ports().clock.now().date()
        rows = [row for row in rows if row["last_day"] < today and not row["missing_regions"]][-COMPARED:]
        if not rows:
            return None
        sales = self._sales(rows[0]["last_day"], rows[-1]["last_day"], currency, "daily")
        sold = {row["period_start"]: row[self.target] for row in sales}
        came = [row for row in rows if row["last_day"] in sold and row["low"] is not None]
        inside = sum(row["low"] <= sold[row["last_day"]] <= row["high"] for row in came)
        figure = charts.compared(sold, came, self.target, currency)
        return {"figure": figure, "days": len(came), "inside": inside} if came else None

    def below(self) -> tuple[str, list[tuple[Node, dict[str, Any]]]]:
        """The level that this forecast is the sum of, and its nodes; empty text if there is none."""
        level = BELOW.get(self.node.level, "")
        if self.node.level == "store_category" and self.target == "units":
            level = "product"
            _read_names(self.node.filters)
        if not level:
            return "", []
        return level, [(nodes.of_row(level, row), row) for row in nodes.rows(level, self.target, self.node.filters)]

    def _forecast(self, period: str) -> list[dict[str, Any]]:
        params = {"target": self.target, "level": self.node.level, "period": period}
        return list(figures.ask("forecasts", self.node.filters, **params).to_pylist())

    def _sales(
        self, first: date, last: date, currency: str, period: str, covered: tuple[str, ...] = ()
    ) -> list[dict[str, Any]]:
        status = DEMAND if self.target == "units" else None
        filters = replace(self.node.filters, start=first, end=last, status=status, currency=currency)
        filters = replace(filters, region=covered) if covered else filters
        return list(figures.ask("sales-over-time", filters, period=period).to_pylist())


def groups(target: str) -> list[tuple[str, list[Node]]]:
    """The nodes that the page offers, by level."""
    levels = ("region", "store", "category") if sees_all() else ("region", "store")
    offered = [(texts.LEVELS[level], list(nodes.choices(level, target))) for level in levels]
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
    """Read the names of products together; `name_of` reads those that are missing one by one."""
    sold: Sequence[dict[str, Any]] = figures.ask("sales-by-product", filters, limit=MOST_NAMES).to_pylist()
    names = {row["product"]: row["product_name"] or row["product"] for row in sold if row["product"]}
    g.setdefault("product_names", {}).update(names)
