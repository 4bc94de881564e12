"""What the page shows a forecast of: all sales, a region, a store, a category, a category in a store, or a product."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from flask import request

from portal import figures
from portal.context import scope
from portal.filters.names import name_of
from portal.forecast import texts
from portal.urls import with_args
from tillstream.analytics.filters import Filters

NONE = "-"
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


@dataclass(frozen=True)
class Node:
    """What a forecast is of."""

    values: dict[str, str]
    """region, store, category and product as in the address."""

    @classmethod
    def of(cls, values: Mapping[str, str]) -> "Node | None":
        """The node of these values; None if nothing is forecast for them."""
        ordered = {name: values[name] for name in _COLUMNS if name in values}
        return cls(ordered) if tuple(ordered) in _LEVELS and len(ordered) == len(values) else None

    @property
    def level(self) -> str:
        return _LEVELS[tuple(self.values)]

    @property
    def label(self) -> str:
        """Its name for people."""
        return texts.of(self.level, {name: self._name(name) for name in self.values})

    @property
    def filters(self) -> Filters:
        """Filters of its forecast."""
        chosen = {name: ("" if value == NONE else value,) for name, value in self.values.items()}
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
        if value == NONE:
            return texts.WITHOUT[name]
        return name_of(name, value, self.values.get("region"))


def chosen() -> Node:
    """The node in the address, or the highest one that the user may see."""
    args = dict(parse_qsl(request.args.get("of", ""))) or request.args
    node = Node.of({name: args[name] for name in _COLUMNS if args.get(name)})
    if node and node.values:
        return node
    user = scope()
    if user.regions is None and user.stores is None:
        return Node({})
    first = next(choices("store" if user.stores is not None else "region"), None)
    return first or Node({})


def choices(level: str, target: str = "revenue", within: Filters | None = None) -> Iterator[Node]:
    """The visible nodes of a level, greatest forecast first."""
    return (of_row(level, row) for row in rows(level, target, within))


def rows(level: str, target: str, within: Filters | None = None, **params: Any) -> list[dict[str, Any]]:
    """The nodes of a level with the sums of their next days, greatest first."""
    table = figures.ask("forecast-nodes", within or Filters(), target=target, level=level, **params)
    return list(table.to_pylist())


def of_row(level: str, row: dict[str, Any]) -> Node:
    """The node of a row of `rows`."""
    names = next(names for names, each in _LEVELS.items() if each == level)
    return Node({name: row[_COLUMNS[name]] or NONE for name in names})
