"""The groups of a dimension that rose and fell most between both sides, with the effects that make up each change."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flask import request, url_for

from portal import figures
from portal.compare import effects, texts
from portal.compare.sides import Pair
from portal.dashboard.dimensions import Dimension, filters_of, mine
from portal.filters.names import name_of
from portal.filters.texts import UNKNOWN
from portal.urls import with_args
from tillstream.analytics.filters import Filters
from tillstream.model.compared_figure import ComparedFigure, total_change
from tillstream.model.errors import Rejected

SHOWN = 6
"""Risers and fallers, each."""
EFFECTS = {
    "volume": "volume",
    "mix": "mix",
    "price": "price",
    "exchange_rates": "currency",
    "new_products": "new",
    "lost_products": "lost",
    "returns": "returns",
    "other": "other",
}
"""Column of the query `change-by-group` → effect of `change`."""


@dataclass(frozen=True)
class Group:
    """`change` and `growth`: of the amounts as they are written. `contribution`: the exact change as a part of all
    revenue of the first side. `largest`: effects to name, with labels.

    `link`: the comparison of this group alone; empty for sales without a value.
    """

    name: str
    code: str
    region: str | None
    change: Decimal
    growth: Decimal | None
    contribution: Decimal | None
    largest: tuple[tuple[str, Decimal], ...]
    link: str


@dataclass(frozen=True)
class Groups:
    """`links`: address of each dimension that can be chosen, by label."""

    dimension: Dimension
    risers: tuple[Group, ...]
    fallers: tuple[Group, ...]
    total: Decimal
    links: Mapping[str, str]
    export: str


def load(pair: Pair, filters: Filters) -> Groups | None:
    """Both sides of `pair` by the dimension of the address, or the first one if that has a single group.

    None if every dimension has a single group. Raises `Rejected` for a dimension that the user may not see.
    """
    dimensions = _dimensions(pair)
    own = [one.filter for one in mine().values() if one.filter]
    name = request.args.get("groups", "")
    if name and name not in own:
        raise Rejected(texts.not_allowed("groups", name, own))
    if not dimensions:
        return None
    name = name if name in dimensions else next(iter(dimensions))
    params = {"dimension": name, "grain": pair.grain}
    rows = figures.ask("change-by-group", filters, **params).to_pylist()
    exact = [row["change"] for row in rows]
    for row in rows:
        figure = ComparedFigure.of_whole(row["after"], row["before"]).in_currency(figures.currency())
        row |= {"change": figure.change, "growth": figure.growth}
    moved = sorted((row for row in rows if row["change"]), key=lambda row: -row["change"])
    risers = [row for row in moved if row["change"] > 0][:SHOWN]
    fallers = [row for row in reversed(moved) if row["change"] < 0][:SHOWN]
    args = request.args.to_dict(flat=False)
    return Groups(
        dimensions[name],
        tuple(_group(pair, name, row) for row in risers),
        tuple(_group(pair, name, row) for row in fallers),
        total_change(rows[0]["total_change"], exact, (row["change"] for row in rows)) if rows else Decimal(0),
        {one.title: f"?{with_args(args, groups=key)}#groups" for key, one in dimensions.items()},
        url_for("exports.table", table="change-by-group") + f"?{with_args(pair.args or {}, **params, format='csv')}",
    )


def _dimensions(pair: Pair) -> dict[str, Dimension]:
    """Those by which both sides can differ, products first; a dimension with one chosen value has a single group."""
    single = {name for name, values in (pair.shared or {}).items() if len(values) == 1}
    own = {one.filter: one for one in mine().values() if one.filter and one.filter not in single | {pair.by}}
    return {name: own[name] for name in sorted(own, key=lambda name: name != "product")}


def _group(pair: Pair, dimension: str, row: dict[str, Any]) -> Group:
    value = row["item"]
    name = UNKNOWN if value is None else row["name"]
    if not name:
        name = value if dimension == "product" else name_of(dimension, value, row["region"])
    amounts = ((pair.effects[effect].label, row[column]) for column, effect in EFFECTS.items())
    return Group(
        name,
        value if value and name != value else "",
        row["region"],
        row["change"],
        row["growth"],
        row["contribution"],
        effects.largest(amounts),
        _alone(pair, dimension, value, row["region"]),
    )


def _alone(pair: Pair, dimension: str, value: str | None, region: str | None) -> str:
    """Address of the same comparison for one group; empty without a value. The sides stay those of `pair`."""
    filters = filters_of(dimension, value, region if pair.by != "region" else None)
    args = request.args.to_dict(flat=False) | (pair.args or {})
    return f"?{with_args(args, **filters, groups=None)}" if filters else ""
