"""Export of the dashboard tables: the same queries and filters, as files."""

from typing import Any

from flask import Blueprint, Response, request

from portal import figures
from portal.access import allow
from portal.context import scope, tillstream
from portal.dashboard.request_filters import resolved
from portal.exports import texts, writers
from portal.stock import on_order
from tillstream.analytics import queries
from tillstream.analytics.filters import CURRENCY
from tillstream.domain.errors import NotFound
from tillstream.domain.people import Action
from tillstream.inventory import past

blueprint = Blueprint("exports", __name__)
blueprint.record_once(lambda setup: setup.app.jinja_env.globals.update(export_formats=texts.FORMATS))

TABLES = (
    "kpis",
    "headline",
    "customer-counts",
    "growth",
    "change",
    "change-by-group",
    "sales-over-time",
    "sales-over-time-compared",
    "sales-by-region",
    "sales-by-country",
    "country-shares",
    "sales-by-store",
    "sales-by-category",
    "sales-by-product",
    "sales-by-channel",
    "sales-by-weekday",
    "salespeople",
    "sales-by-dimension-compared",
    "products-compared",
    "customers-compared",
    "figures-over-time",
    "top-customers",
    "monthly-trends",
    "by-currency",
    "rfm-segments",
    "customers-by-segment",
    "cohort-retention",
    "abc-classes",
    "products-by-class",
    "freshness-of-everything",
    "forecasts",
    "forecast-nodes",
    "earlier-forecasts",
    "stock-levels",
    "stock-as-of",
    "stock-value",
    "stock-shrinkage",
    "stock-slow",
    "abc-xyz-classes",
    "abc-xyz-products",
    "unplaced-sales",
    "unplaced-counts",
    "pass-rates",
    "failed-rules",
)
"""Queries that can be exported: those of the dashboards, of stock, and of data quality."""
WHOLE = 1_000_000
"""Default `limit` of a ranking in a file, which has all rows; pages have only the first ones."""


@blueprint.get("/tables/<table>", endpoint="table")
@allow(Action.SEE_NUMBERS)
def export(table: str) -> Response:
    """One table of the dashboards with the current filters, as a file."""
    if table not in TABLES:
        raise NotFound(texts.no_table(table, TABLES))
    query = queries.describe(table)
    params: dict[str, Any] = {
        one.name: request.args.get(one.name, WHOLE if one.name == "limit" else None) for one in query.parameters
    }
    values = {name: chosen for name, chosen in resolved()[0].items() if name not in params}
    filters = figures.parse_filters(values)
    batches = queries.stream(tillstream().ports.warehouse, table, scope(), filters, **params)
    if table == past.NOW:
        batches = on_order.streamed(batches)
    used_params = {name: [str(value)] for name, value in params.items() if value not in {None, WHOLE}}
    named = {"in": [filters.currency]} | used_params | {name: one for name, one in values.items() if name != CURRENCY}
    return writers.respond(request.args.get("format", "csv"), table, named, batches, query.totals)
