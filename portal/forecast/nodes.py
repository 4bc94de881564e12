"""What a forecast is of: all sales, a region, a store, a category or a product; and its range on charts of revenue."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import parse_qsl

from flask import request, url_for

from portal import figures
from portal.context import scope
from portal.figures import ChartFigure
from portal.translation import N_, _
from portal.urls import with_args
from portal.value_names import value_name
from tillstream.analytics.filters import COLUMNS, Filters
from tillstream.forecasting.published_forecasts import forecast_coverage
from tillstream.model.permissions import Action
from tillstream.ports.warehouse import Row

TARGETS = N_({"revenue": "Revenue", "units": "Units"})
LEVELS = N_(
    {
        "total": "All sales",
        "region": "Regions",
        "store": "Stores",
        "category": "Categories",
        "store_category": "Categories in stores",
        "product": "Products in stores",
    }
)
ACTUAL, FORECAST, BAND = N_("Sold"), N_("Forecast"), N_("80% of values are expected in this range")
WITHOUT = N_({"region": "no region", "store": "no store", "category": "no category", "product": "other products"})

NO_NODE = "-"
"""In the address: sales without a store, category or product."""
_LEVELS = {
    (): "total",
    ("region",): "region",
    ("region", "store"): "store",
    ("category",): "category",
    ("region", "store", "category"): "store_category",
    ("region", "store", "category", "product"): "product",
}
"""Chosen values → the level of their forecast."""
_COLUMNS = {"region": "region", "store": "store_id", "category": "category", "product": "product"}

STEPS = {"daily": ("day", 14), "weekly": ("week", 8)}
"""Period of a chart → the period of the forecast, and the number of them that the chart shows."""
FOUR_WEEKS = timedelta(days=28)
NEAR = timedelta(days=3)
"""A chart reaches the present if its last day is at most this long before the last day with sales."""


@dataclass(frozen=True)
class Node:
    """What a forecast is of."""

    values: dict[str, str]
    """region, store, category and product as in the address."""

    @classmethod
    def from_values(cls, values: Mapping[str, str]) -> "Node | None":
        """The node of these values; None if nothing is forecast for them."""
        ordered = {name: values[name] for name in _COLUMNS if name in values}
        return cls(ordered) if tuple(ordered) in _LEVELS and len(ordered) == len(values) else None

    @property
    def level(self) -> str:
        return _LEVELS[tuple(self.values)]

    @property
    def label(self) -> str:
        """Its name for people, such as “Toys in Leeds”."""
        names = {name: self._name(name) for name in self.values}
        if not names:
            return LEVELS["total"]
        what = list(names.values())[-1]
        return _("{what} in {store}", what=what, store=names["store"]) if len(names) > 2 else what

    @property
    def filters(self) -> Filters:
        """Filters of its forecast."""
        chosen = {name: ("" if value == NO_NODE else value,) for name, value in self.values.items()}
        return Filters(
            region=chosen.get("region"),
            store=chosen.get("store"),
            category=chosen.get("category"),
            product=chosen.get("product"),
        )

    @property
    def address(self) -> str:
        """Its values as a query string."""
        return with_args(self.values)

    def _name(self, name: str) -> str:
        value = self.values[name]
        if value == NO_NODE:
            return WITHOUT[name]
        return value_name(name, value, self.values.get("region"))


def chosen_node() -> Node:
    """The node in the address, or the highest one that the user may see."""
    args = dict(parse_qsl(request.args.get("of", ""))) or request.args
    node = Node.from_values({name: args[name] for name in _COLUMNS if args.get(name)})
    if node and node.values:
        return node
    user = scope()
    if user.regions is None and user.stores is None:
        return Node({})
    first = next(node_choices("store" if user.stores is not None else "region"), None)
    return first or Node({})


def node_choices(level: str, target: str = "revenue") -> Iterator[Node]:
    """The visible nodes of a level, greatest forecast first."""
    return (node_of_row(level, row) for row in node_rows(level, target))


def node_rows(level: str, target: str, within: Filters | None = None, **params: Any) -> list[Row]:
    """The nodes of a level with the sums of their next days, greatest first."""
    table = figures.ask("forecast-nodes", within or Filters(), target=target, level=level, **params)
    return list(table.to_pylist())


def node_of_row(level: str, row: Row) -> Node:
    """The node of a row of `rows`."""
    names = next(names for names, each in _LEVELS.items() if each == level)
    return Node({name: row[_COLUMNS[name]] or NO_NODE for name in names})


def extend_chart(figure: ChartFigure, filters: Filters, period: str) -> None:
    """Add labels after the last one, and `forecast` with values, low and high by label; nothing without a forecast."""
    node = _node(filters)
    if node is None or period not in STEPS or not figure["labels"] or not scope().may(Action.SEE_FORECASTS):
        return
    step, count = STEPS[period]
    rows = figures.rows("forecasts", node.filters, level=node.level, period=step)[:count]
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
        "name": FORECAST,
        "values": [_number(row, "mean") for row in shown],
        "band": {
            "name": BAND,
            "low": [_number(row, "low") for row in shown],
            "high": [_number(row, "high") for row in shown],
        },
    }


def next_weeks(filters: Filters) -> Row | None:
    """The forecast of the next four weeks with its range, what it covers and the address of its page; None without a
    forecast."""
    node = _node(filters)
    if node is None or not scope().may(Action.SEE_FORECASTS):
        return None
    rows = figures.rows("forecasts", node.filters, level=node.level, period="sum")
    for row in rows:
        if row["last_day"] - row["cutoff_date"] == FOUR_WEEKS:
            return row | {"address": f"{url_for('forecast.show')}?{node.address}", "coverage": forecast_coverage(row)}
    return None


def _node(filters: Filters) -> Node | None:
    """What the filters choose, if there is a forecast of it."""
    chosen = {name: values for name in COLUMNS if (values := getattr(filters, name))}
    if any(len(values) > 1 for values in chosen.values()) or filters.against:
        return None
    return Node.from_values({name: values[0] for name, values in chosen.items()})


def _number(row: Row | None, column: str) -> float | None:
    return None if row is None or row[column] is None else float(row[column])
