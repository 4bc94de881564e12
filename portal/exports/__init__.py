"""The area where the tables of the dashboards are taken along: the same query, the same filters, as a file."""

from typing import Any

from flask import Blueprint, Response, request

from portal import metrics
from portal.access import allow
from portal.context import scope, tillstream
from portal.dashboard.request_filters import resolved
from portal.exports import writers
from tillstream.analytics import queries
from tillstream.domain.errors import NotFound
from tillstream.domain.people import Action

blueprint = Blueprint("exports", __name__)

TABLES = (
    "kpis",
    "headline",
    "customer-counts",
    "growth",
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
    "top-customers",
    "monthly-trends",
    "by-currency",
    "freshness-of-everything",
)
"""The queries behind the dashboards; a query outside has a way of its own, or none."""
WHOLE = 1_000_000
"""Rows of a ranking, where the address says no `limit`: a file is not cut as a page is."""


@blueprint.get("/tables/<table>", endpoint="table")
@allow(Action.SEE_NUMBERS)
def export(table: str) -> Response:
    """One table of the dashboards with the filters in force, as a file."""
    if table not in TABLES:
        raise NotFound(f"There is no table {table}; there are {', '.join(TABLES)}.")
    params: dict[str, Any] = {
        one.name: request.args.get(one.name, WHOLE if one.name == "limit" else None)
        for one in queries.describe(table).parameters
    }
    values = resolved()[0]
    filters = metrics.chosen(values)
    batches = queries.stream(tillstream().ports.warehouse, table, scope(), filters, **params)
    told = {name: [str(value)] for name, value in params.items() if value not in {None, WHOLE}}
    named = {"in": [metrics.currency()]} | told | values
    return writers.respond(request.args.get("format", "csv"), table, named, batches)
