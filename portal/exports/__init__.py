"""Export of the dashboard tables: the same queries and filters, as files."""

from flask import Blueprint, Response, request

from portal.access import allow
from portal.dashboard.request_filters import resolved
from portal.exports import texts, writers
from portal.exports.rows import of_query
from tillstream.delivery.export_formats import FORMAT_LABELS
from tillstream.model.errors import NotFound
from tillstream.model.people import Action

blueprint = Blueprint("exports", __name__)
blueprint.record_once(lambda setup: setup.app.jinja_env.globals.update(export_formats=FORMAT_LABELS))

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


@blueprint.get("/tables/<table>", endpoint="table")
@allow(Action.SEE_NUMBERS)
def export(table: str) -> Response:
    """One table of the dashboards with the current filters, as a file."""
    if table not in TABLES:
        raise NotFound(texts.no_table(table, TABLES))
    rows = of_query(table, resolved()[0])
    return writers.respond(request.args.get("format", "csv"), table, rows.named, rows.batches, rows.totals)
