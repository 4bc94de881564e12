"""List of sale lines, searched, sorted, filtered and paged by the warehouse, and its export."""

from dataclasses import replace
from typing import Any

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue

from portal import figures, list_view
from portal.access import allow
from portal.context import scope, tillstream
from portal.dashboard.request_filters import resolved
from portal.dashboard.texts import PRESETS
from portal.exports import writers
from portal.filters import fields
from portal.sale_lines import texts
from portal.sale_lines.columns import Shown, chosen, offered
from tillstream.analytics import line_export
from tillstream.analytics.filters import CURRENCY
from tillstream.model.dates import DATE_FILTERS
from tillstream.model.people import Action

FIRST = ("status", "region", "store")
"""Filters next to the period; the others are behind a button."""
PDF = "pdf"
MAX_OFFSET = 1_000_000
"""Maximum offset of a page; use the export beyond it."""


@allow(Action.SEE_NUMBERS)
def show() -> ResponseReturnValue:
    """Sale lines in the scope of the user, filtered, searched, sorted and paged by the address."""
    values, preset = resolved()
    filters = figures.parse_filters(values)
    available = offered(scope())
    query = _list_query(available, values, preset)
    app = tillstream()
    rows: list[dict[str, Any]] = line_export.lines_page(
        app.ports.warehouse,
        scope(),
        filters,
        sort=query.column,
        descending=query.down,
        limit=query.size + 1,
        offset=min(query.first, MAX_OFFSET),
        q=query.q,
        cache=app.queries,
    ).to_pylist()
    # daily totals do not cover a search
    total = figures.ask("lines-total", filters, q=query.q).to_pylist()[0] if query.q else figures.kpis(filters)
    columns = chosen(scope(), request.args.getlist("column"))
    heads = [one.head(total["currency"]) for one in columns]
    if scope().may(Action.SEE_UPLOADS):
        heads.append({"key": "", "label": texts.ORIGINAL})
    return render_template(
        "sale_lines/list.html",
        heads=heads,
        page=list_view.Page(query, rows[: query.size], total["lines"], len(rows) > query.size),
        total=total,
        filters=values,
        preset=preset,
        presets=PRESETS,
        bar=fields.of_page(values),
        first=FIRST,
        columns=columns,
        offered=available,
    )


def _list_query(available: dict[str, Shown], values: dict[str, list[str]], preset: str) -> list_view.ListQuery:
    """List query whose links keep the filters; a preset is kept by name."""
    sorts = [f"{prefix}{name}" for name, one in available.items() if one.sorts for prefix in ("", "-")]
    kept: dict[str, Any] = values if preset in {"", "own"} else _without_days(values) | {"preset": preset}
    kept = kept | {"column": [name for name in request.args.getlist("column") if name in available]}
    return replace(list_view.list_query(sorts=sorts, default_sort="-sale_date"), kept=kept)


def _without_days(values: dict[str, list[str]]) -> dict[str, list[str]]:
    return {name: texts for name, texts in values.items() if name not in DATE_FILTERS}


@allow(Action.SEE_NUMBERS)
def export() -> Response:
    """Every chosen line with every column that the user may see; a PDF has the columns of the page."""
    values, text = resolved()[0], list_view.list_query().q
    app, bounds, filters = tillstream(), scope(), figures.parse_filters(values)
    batches = line_export.export_lines(app.ports.warehouse, bounds, filters, text)
    in_other = {"in": [filters.currency]} if filters.currency != app.settings.reporting_currency else {}
    named = values | in_other | ({"search": [text]} if text else {})
    named.pop(CURRENCY, None)
    form = request.args.get("format", "csv")
    if form == PDF:
        names = [one.name for one in chosen(bounds, request.args.getlist("column"))]
        batches = (one.select([name for name in names if name in one.schema.names]) for one in batches)
    return writers.respond(form, "sale-lines", named, batches)
