"""Compare two periods, regions, stores, channels, categories or countries, and explain the difference in revenue."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal import figures
from portal.access import allow
from portal.compare import effects, groups, sides, texts
from portal.dashboard import charts
from portal.dashboard.request_filters import default_period
from portal.dashboard.texts import FIGURES as LABELS
from portal.filters import fields
from portal.urls import with_args
from tillstream.analytics.filters import Filters
from tillstream.model.compared_figure import ComparedFigure
from tillstream.model.errors import Rejected
from tillstream.model.people import Action

blueprint = Blueprint("compare", __name__, template_folder="templates")

FIGURES = {
    "revenue": "money",
    "orders": "count",
    "average_order_value": "money",
    "units": "count",
    "customers": "count",
}
"""Figure → its format."""


@blueprint.get("/compare")
@allow(Action.SEE_NUMBERS)
def show() -> ResponseReturnValue:
    """Two selections of sales next to each other."""
    pair = sides.read()
    rows = figures.ask("change", pair.filters, grain=pair.grain).to_pylist() if pair.filters else []
    if pair.filters and not rows:
        pair = replace(pair, filters=None, reason=sides.reported_days())
    bar = fields.of_page(pair.shared or {}, without=(pair.by,))
    page = {"pair": pair, "kinds": texts.KINDS, "grains": sides.items_of(pair.by), "bar": bar}
    if pair.filters is None:
        return render_template("compare/show.html", **page)
    growth, currency = figures.by_figure(figures.ask("growth", pair.filters)), figures.currency()
    return render_template(
        "compare/show.html",
        **page,
        figures=list(_compared(growth, currency)),
        currency=currency,
        explained=effects.explain(rows, pair.effects, currency),
        groups=groups.load(pair, pair.filters),
        not_before=texts.NOT_BEFORE.format(pair.names[0]),
        chart=_over_time(pair, pair.filters),
        export=_effects_file(pair),
    )


@blueprint.get("/compare/subscribe")
@allow(Action.SEE_NUMBERS)
def subscribe() -> ResponseReturnValue:
    """Lead to the form of a subscription to the effects of this comparison. Raises `Rejected` without two sides.

    Without dates, the address has none either, so that the table moves on with the latest period.
    """
    pair = sides.read()
    if pair.filters is None:
        raise Rejected(pair.reason)
    moving = {} if any(map(request.args.get, sides.DATES)) else dict.fromkeys(sides.DATES)
    name = request.args.get("name") or None
    return redirect(url_for("subscriptions.new", address=_effects_file(pair, **moving), name=name), 303)


def _compared(growth: dict[str, dict[str, Any]], currency: str) -> Iterator[tuple[str, str, ComparedFigure]]:
    """Label, format and both sides of each figure."""
    for name, kind in FIGURES.items():
        one = ComparedFigure.of_whole(growth[name]["value"], growth[name]["before"])
        yield LABELS[name], kind, one.in_currency(currency if kind == "money" else "")


def _effects_file(pair: sides.Pair, **changes: Any) -> str:
    args = with_args(pair.args or {}, grain=pair.grain, format="csv", **changes)
    return f"{url_for('exports.table', table='change')}?{args}"


def _over_time(pair: sides.Pair, filters: Filters) -> dict[str, object]:
    """Chart of the revenue of both sides; days of two periods are aligned by their position."""
    period = default_period(filters)
    rows = figures.ask("sales-over-time-compared", filters, period=period).to_pylist()
    figure = charts.over_time([row for row in rows if row["series"] == "now"], period, figures.currency())
    figure.pop("starts")
    before = [row for row in rows if row["series"] == "before"]
    compared = charts.comparison(before, len(figure["values"]), pair.before.label)
    return figure | {"name": pair.after.label, "before": compared}
