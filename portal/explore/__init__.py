"""Explore: measures by dimensions, with a chart, a comparison, values across columns, and an export."""

from typing import Any

import pyarrow as pa
from flask import Blueprint, Response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal import figures, list_view
from portal.access import allow
from portal.context import scope, tillstream
from portal.dashboard import request_filters
from portal.dashboard import texts as dashboard_texts
from portal.dashboard.presets import ALL_TIME
from portal.dashboard.request_filters import DashboardFilters
from portal.explore import answer, chart, labels, links, texts
from portal.explore.answer import Answer, Column
from portal.explore.selection import (
    ACROSS,
    AGAINST,
    BY,
    CHART,
    GROWTH,
    MEASURE,
    MOST_DIMENSIONS,
    Exploration,
    offered_measures,
    read,
)
from portal.exports import writers
from portal.filters import fields, names
from portal.urls import with_args
from tillstream.analytics import measure_values
from tillstream.analytics.filters import CURRENCY
from tillstream.analytics.measure_values import visible_dimensions
from tillstream.analytics.measures.definition import measures
from tillstream.domain.people import Action

blueprint = Blueprint("explore", __name__, template_folder="templates")
EVERYTHING = 2**31 - 1
OWN = "own"
"""The preset of dates that are chosen one by one."""


@blueprint.get("/explore")
@allow(Action.SEE_NUMBERS)
def show() -> ResponseReturnValue:
    """Measures by dimensions, as a table and a chart."""
    exploration, selection = read(), request_filters.read()
    result = answer.load(exploration, selection)
    page = _page(exploration, selection, result)
    _look_up_names(exploration, result, page)
    figure = chart.of(exploration, result, selection.filters)
    by = exploration.dimensions[0].label if exploration.dimensions else ""
    return render_template(
        "explore/show.html",
        exploration=exploration,
        chosen={MEASURE: {one.name for one in exploration.measures}},
        offered={MEASURE: offered_measures(), BY: visible_dimensions(scope())},
        names={"measure": MEASURE, "by": BY, "across": ACROSS, "chart": CHART, "against": AGAINST},
        most=MOST_DIMENSIONS,
        charts=texts.CHARTS,
        comparisons=texts.COMPARISONS,
        page=page,
        heads=_heads(exploration, result),
        columns=[(one, measures()[one.measure].format, _label(exploration, one)) for one in result.columns],
        notes=result.notes,
        compared_with=result.compared_with,
        figure=figure,
        summary=texts.summary(exploration.measures[0].label, by),
        name_of=labels.of_value,
        codes=labels.CODES,
        lines_of=lambda row: links.lines(exploration, selection.values, row),
        filters=selection.values,
        preset=selection.preset,
        presets=[
            (ALL_TIME, dashboard_texts.ALL_TIME),
            *dashboard_texts.PRESETS.items(),
            (OWN, dashboard_texts.CUSTOM_DATES),
        ],
        bar=fields.of_page(selection.values),
        currency=figures.currency(),
        export=url_for("explore.export") + f"?{with_args(_kept(selection) | exploration.args, format='csv')}",
    )


@blueprint.get("/explore/file")
@allow(Action.SEE_NUMBERS)
def export() -> Response:
    """All groups as a file, without a comparison, and with the values across columns in rows."""
    exploration, selection, app = read(), request_filters.read(), tillstream()
    names, by = [one.name for one in exploration.measures], [one.name for one in exploration.dimensions]
    limit = {"limit": EVERYTHING} if by else {}
    table = measure_values.run(app.ports.warehouse, names, by, scope(), selection.filters, cache=app.queries, **limit)
    named = {"in": [selection.filters.currency]} | {
        name: one for name, one in selection.values.items() if name != CURRENCY
    }
    totals = [one.name for one in exploration.measures if one.is_additive]
    what = "-by-".join(["explore", *by[:1]])
    batches = table.to_batches() or [pa.RecordBatch.from_pylist([], table.schema)]
    return writers.respond(request.args.get("format", "csv"), what, named, batches, totals)


def _kept(selection: DashboardFilters) -> dict[str, list[str]]:
    """Filters as arguments of links; a preset by its name, so that a saved view moves on with time."""
    if selection.preset == OWN:
        return dict(selection.values)
    others = {name: one for name, one in selection.values.items() if name not in request_filters.DATES}
    return others | ({"preset": [selection.preset]} if selection.preset else {})


def _page(exploration: Exploration, selection: DashboardFilters, result: Answer) -> list_view.Page:
    """The page of rows; the largest value of the first measure first, or periods in their order."""
    by_time = exploration.by and (exploration.by[0].is_period or exploration.by[0].name == "weekday")
    default = exploration.by[0].name if by_time else f"-{result.columns[0].key}"
    sorts = [*(one.name for one in exploration.by), *(one.key for one in result.columns)]
    query = list_view.list_query(sorts=sorts, default_sort=default)
    kept = _kept(selection) | exploration.args
    query = list_view.ListQuery(sort=query.sort, page=query.page, size=query.size, kept=kept)
    rows = result.rows
    if rows and query.column in rows[0]:
        rows = list_view.in_order(rows, query)
    return list_view.page_of(query, rows)


def _look_up_names(exploration: Exploration, result: Answer, page: list_view.Page) -> None:
    has_products = any(one.name == "product" for one in exploration.by)
    products = {row["product"] for row in [*page.rows, *result.rows[:200]]} if has_products else set()
    if exploration.across and exploration.across.name == "product":
        products |= {one.value for one in result.columns}
    names.look_up_products({one for one in products if one})


def _heads(exploration: Exploration, result: Answer) -> list[dict[str, Any]]:
    currency = figures.currency()
    heads: list[dict[str, Any]] = [{"key": one.name, "label": one.label, "sort": True} for one in exploration.by]
    for one in result.columns:
        in_money = measures()[one.measure].format == "money" and one.part != GROWTH
        label = _label(exploration, one)
        heads.append({"key": one.key, "label": label, "sort": True, "num": True, "unit": currency if in_money else ""})
    return heads


def _label(exploration: Exploration, one: Column) -> str:
    if exploration.across:
        return labels.of_value(exploration.across, one.value)
    label = measures()[one.measure].label
    return f"{label}, {texts.COLUMN[one.part]}" if one.part else label
