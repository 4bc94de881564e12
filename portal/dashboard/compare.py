"""Compare two periods, regions, stores, channels, categories or countries, and explain the difference in revenue."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal import figures, filter_fields
from portal.access import allow
from portal.dashboard import charts, compare_sides
from portal.dashboard.breakdowns import SalesDimension, filters_of, visible_dimensions
from portal.dashboard.compare_sides import Pair
from portal.dashboard.key_figures import STRIP
from portal.dashboard.request_filters import default_period
from portal.figures import ChartFigure
from portal.translation import _
from portal.urls import with_args
from portal.value_names import UNKNOWN_VALUE, value_name
from tillstream.analytics.compared_figure import ChangeEffect, ComparedFigure, total_change
from tillstream.analytics.filters import Filters
from tillstream.analytics.measures.definitions import find_measure
from tillstream.model.errors import Rejected
from tillstream.model.money import round_amount
from tillstream.model.permissions import Action
from tillstream.ports.warehouse import Row

WIDTH = 200
"""Width of the widest bar, in units of the drawing."""
NEXT = Decimal("0.5")
"""The second largest effect is named if it is at least this part of the largest."""

Named = tuple[str, Decimal]
"""Name and amount of an effect."""

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

blueprint = Blueprint("compare", __name__, template_folder="templates")


@dataclass(frozen=True)
class Bar:
    """An effect. `x` and `width` place its bar in a drawing WIDTH wide, in which the amounts add up from the left."""

    label: str
    part: str
    meaning: str
    amount: Decimal
    share: Decimal | None
    items: int | None
    x: float
    width: float


@dataclass(frozen=True)
class ExplainedChange:
    """`largest`: the effects to name in a sentence, the largest first."""

    revenue: ComparedFigure
    bars: tuple[Bar, ...]
    largest: tuple[Named, ...]


def explain_change(rows: Sequence[Row], names: Mapping[str, ChangeEffect], currency: str) -> ExplainedChange:
    """rows: the answer of the query `change`. names: what its effects are called."""
    amounts = {row["effect"]: row["amount"] for row in rows}
    before, after = amounts["before"], amounts["after"]
    effects = [row for row in rows if row["effect"] not in {"before", "after"}]
    levels = [before]
    for row in effects:
        levels.append(levels[-1] + row["amount"])
    low, high = min(levels), max(levels)
    scale = WIDTH / float(high - low) if high > low else 0.0
    bars = tuple(
        Bar(
            _(names[row["effect"]].label),
            names[row["effect"]].part,
            names[row["effect"]].meaning,
            row["amount"],
            row["share"],
            row["items"],
            round(float(min(level, level + row["amount"]) - low) * scale, 2),
            round(max(float(abs(row["amount"])) * scale, 1.0), 2),
        )
        for row, level in zip(effects, levels, strict=False)
        if round_amount(row["amount"], currency)
    )
    revenue = ComparedFigure.of_whole(after, before).in_currency(currency)
    return ExplainedChange(revenue, bars, largest_effects((bar.part, bar.amount) for bar in bars))


def largest_effects(amounts: Iterable[Named]) -> tuple[Named, ...]:
    """The largest effect, and the second one if it is nearly as large."""
    ranked = sorted((one for one in amounts if one[1]), key=lambda one: -abs(one[1]))
    return tuple(one for one in ranked[:2] if abs(one[1]) >= NEXT * abs(ranked[0][1]))


@dataclass(frozen=True)
class ComparedGroup:
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
class ComparedGroups:
    """`links`: address of each dimension that can be chosen, by label."""

    dimension: SalesDimension
    risers: tuple[ComparedGroup, ...]
    fallers: tuple[ComparedGroup, ...]
    total: Decimal
    links: Mapping[str, str]
    export: str


def load_groups(pair: Pair, filters: Filters) -> ComparedGroups | None:
    """Both sides of `pair` by the dimension of the address, or the first one if that has a single group.

    None if every dimension has a single group. Raises `Rejected` for a dimension that the user may not see.
    """
    dimensions = _dimensions(pair)
    own = [one.filter for one in visible_dimensions().values() if one.filter]
    name = request.args.get("groups", "")
    if name and name not in own:
        raise Rejected(compare_sides.not_allowed("groups", name, own))
    if not dimensions:
        return None
    name = name if name in dimensions else next(iter(dimensions))
    params = {"dimension": name, "grain": pair.grain}
    rows = figures.rows("change-by-group", filters, **params)
    exact = [row["change"] for row in rows]
    for row in rows:
        figure = ComparedFigure.of_whole(row["after"], row["before"]).in_currency(figures.currency())
        row |= {"change": figure.change, "growth": figure.growth}
    moved = sorted((row for row in rows if row["change"]), key=lambda row: -row["change"])
    risers = [row for row in moved if row["change"] > 0][:SHOWN]
    fallers = [row for row in reversed(moved) if row["change"] < 0][:SHOWN]
    args = request.args.to_dict(flat=False)
    return ComparedGroups(
        dimensions[name],
        tuple(_group(pair, name, row) for row in risers),
        tuple(_group(pair, name, row) for row in fallers),
        total_change(rows[0]["total_change"], exact, (row["change"] for row in rows)) if rows else Decimal(0),
        {one.title: f"?{with_args(args, groups=key)}#groups" for key, one in dimensions.items()},
        url_for("exports.table", table="change-by-group") + f"?{with_args(pair.args or {}, **params, format='csv')}",
    )


def _dimensions(pair: Pair) -> dict[str, SalesDimension]:
    """Those by which both sides can differ, products first; a dimension with one chosen value has a single group."""
    single = {name for name, values in (pair.shared or {}).items() if len(values) == 1}
    own = {
        one.filter: one for one in visible_dimensions().values() if one.filter and one.filter not in single | {pair.by}
    }
    return {name: own[name] for name in sorted(own, key=lambda name: name != "product")}


def _group(pair: Pair, dimension: str, row: Row) -> ComparedGroup:
    value = row["item"]
    name = UNKNOWN_VALUE if value is None else row["name"]
    if not name:
        name = value if dimension == "product" else value_name(dimension, value, row["region"])
    amounts = ((_(pair.effects[effect].label), row[column]) for column, effect in EFFECTS.items())
    return ComparedGroup(
        name,
        value if value and name != value else "",
        row["region"],
        row["change"],
        row["growth"],
        row["contribution"],
        largest_effects(amounts),
        _alone(pair, dimension, value, row["region"]),
    )


def _alone(pair: Pair, dimension: str, value: str | None, region: str | None) -> str:
    """Address of the same comparison for one group; empty without a value. The sides stay those of `pair`."""
    filters = filters_of(dimension, value, region if pair.by != "region" else None)
    args = request.args.to_dict(flat=False) | (pair.args or {})
    return f"?{with_args(args, **filters, groups=None)}" if filters else ""


@blueprint.get("/compare", endpoint="show")
@allow(Action.SEE_NUMBERS)
def show_comparison() -> ResponseReturnValue:
    """Two selections of sales next to each other."""
    pair = compare_sides.read_sides()
    rows = figures.rows("change", pair.filters, grain=pair.grain) if pair.filters else []
    if pair.filters and not rows:
        pair = replace(pair, filters=None, reason=compare_sides.reported_days())
    bar = filter_fields.page_fields(pair.shared or {}, without=(pair.by,))
    page = {"pair": pair, "kinds": compare_sides.SIDE_KINDS, "grains": compare_sides.items_of(pair.by), "bar": bar}
    if pair.filters is None:
        return render_template("compare/show.html", **page)
    growth, currency = figures.by_figure(figures.ask("growth", pair.filters)), figures.currency()
    return render_template(
        "compare/show.html",
        **page,
        figures=list(_compared(growth, currency)),
        currency=currency,
        explained=explain_change(rows, pair.effects, currency),
        groups=load_groups(pair, pair.filters),
        not_before=_("not in {period}", period=pair.names[0]),
        chart=_over_time(pair, pair.filters),
        export=_effects_file(pair),
    )


@blueprint.get("/compare/subscribe", endpoint="subscribe")
@allow(Action.SEE_NUMBERS)
def subscribe_to_comparison() -> ResponseReturnValue:
    """Lead to the form of a subscription to the effects of this comparison. Raises `Rejected` without two sides.

    Without dates, the address has none either, so that the table moves on with the latest period.
    """
    pair = compare_sides.read_sides()
    if pair.filters is None:
        raise Rejected(pair.reason)
    moving = {} if any(map(request.args.get, compare_sides.DATES)) else dict.fromkeys(compare_sides.DATES)
    name = request.args.get("name") or None
    return redirect(url_for("subscriptions.new", address=_effects_file(pair, **moving), name=name), 303)


def _compared(growth: dict[str, Row], currency: str) -> Iterator[tuple[str, str, ComparedFigure]]:
    """Label, format and both sides of each figure."""
    for name in STRIP:
        measure = find_measure(name)
        kind = "money" if measure.format == "money" else "count"
        one = ComparedFigure.of_whole(growth[name]["value"], growth[name]["before"])
        yield _(measure.label), kind, one.in_currency(currency if kind == "money" else "")


def _effects_file(pair: compare_sides.Pair, **changes: Any) -> str:
    args = with_args(pair.args or {}, grain=pair.grain, format="csv", **changes)
    return f"{url_for('exports.table', table='change')}?{args}"


def _over_time(pair: compare_sides.Pair, filters: Filters) -> ChartFigure:
    """Chart of the revenue of both sides; days of two periods are aligned by their position."""
    period = default_period(filters)
    rows = figures.rows("sales-over-time-compared", filters, period=period)
    figure = charts.over_time([row for row in rows if row["series"] == "now"], period, figures.currency())
    figure.pop("starts")
    before = [row for row in rows if row["series"] == "before"]
    compared = charts.comparison(before, len(figure["values"]), pair.before.label)
    return figure | {"name": pair.after.label, "before": compared}
