"""Any query of numbers by its name, and measures by dimensions, as lists."""

from typing import Any

from flask import Response, jsonify
from flask.typing import ResponseReturnValue

from portal import figures
from portal.access import allow
from portal.api import cursors, pagination, queries, representations, texts
from portal.api.etags import answered
from portal.context import ports, scope, tillstream
from portal.exports import TABLES
from tillstream.analytics import measure_values, query_catalogue
from tillstream.model.errors import NotFound, Rejected
from tillstream.model.people import Action

NAMES = tuple(sorted({*TABLES, *queries.LISTS}))
VALUES = "measures/values"


def available() -> list[query_catalogue.CatalogueQuery]:
    """The queries that the user may run."""
    described = map(query_catalogue.describe_query, NAMES)
    return [one for one in described if one.needs is None or scope().may(one.needs)]


@allow(Action.SEE_NUMBERS)
def index() -> ResponseReturnValue:
    """Queries that the user may run: name, description and parameters."""
    rows = [
        {"name": one.name, "description": one.description, "parameters": [each.name for each in one.parameters]}
        for one in available()
    ]
    return jsonify({"queries": rows})


@allow(Action.SEE_NUMBERS)
def query(name: str) -> ResponseReturnValue:
    """Rows of a query; takes its parameters, `limit`, `cursor` and the filters."""
    if name not in NAMES:
        raise NotFound(texts.no_query(name, NAMES))
    return answered(lambda: queries.rows_of(name))


@allow(Action.SEE_NUMBERS)
def values() -> ResponseReturnValue:
    """Measures by dimensions; takes `measures`, `by`, `limit`, `cursor` and the filters."""
    return answered(_values)


def _values() -> Response:
    args = queries.arguments("measures", "by", "limit", "cursor", "offset", "numbers")
    page = pagination.pop_page(args, queries.MAX_ROWS, queries.MAX_ROWS)
    as_numbers = pagination.pop_numbers(args)
    settlement, offset = queries.position(VALUES, page)
    names, by = split(args.pop("measures", [])), split(args.pop("by", []))
    if not names:
        raise Rejected(texts.NO_MEASURES)
    filters = figures.in_currency(figures.parse_filters(args))
    limits = {"limit": page.limit + 1, "offset": offset} if by else {}
    table = measure_values.query_measures(
        ports().warehouse, names, by, scope(), filters, cache=tillstream().queries, **limits
    )
    more = table.num_rows > page.limit > 0
    following = cursors.encode(VALUES, settlement, offset + page.limit) if more else None
    response = representations.many_rows(table.slice(0, page.limit), filters, following, as_numbers=as_numbers)
    return page.linked(response, following)


def split(texts: Any) -> list[str]:
    """Names of arguments that are repeated, or separated by commas."""
    return [name.strip() for text in texts for name in text.split(",") if name.strip()]
