"""Query endpoints: the KPIs as one object; named queries, measures, sale lines and settlements as lists."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pyarrow as pa
from flask import Response, jsonify, request
from flask.typing import ResponseReturnValue

from portal import figures
from portal.access import allow
from portal.api import pagination, representations, texts
from portal.api.representations import answer_with_etag
from portal.context import me, ports, scope, tillstream
from portal.file_responses import TABLES
from tillstream.analytics import changes, line_export, measure_values, query_catalogue
from tillstream.analytics.filters import NAMES, Filters, is_filter
from tillstream.model.errors import NotFound, Rejected
from tillstream.model.permissions import Action
from tillstream.operations.reconcile import sweep_by_user
from tillstream.records import data_version

LISTS = (
    "sales-over-time",
    "sales-by-category",
    "sales-by-country",
    "sales-by-region",
    "sales-by-product",
    "sales-by-channel",
    "salespeople",
    "top-customers",
    "monthly-trends",
)
RESTRICTED = {
    "forecasts": Action.SEE_FORECASTS,
    "price-effects": Action.SEE_FORECASTS,
    "pass-rates": Action.SEE_QUALITY,
    "failed-rules": Action.SEE_QUALITY,
}
"""Lists that need a right of their own → what the user must be permitted to do."""

MAX_ROWS = 10_000
"""Maximum number of rows in one response."""
QUERY_NAMES = tuple(sorted({*TABLES, *LISTS}))
VALUES_PATH = "measures/values"

MAX_LEDGER_ROWS = 10_000
DEFAULT_LEDGER_ROWS = 100
POSITION = ("sale_date", "region", "sale_id", "line_key")
"""Columns that order sale lines: the latest day first, then each ascending."""


@allow(Action.SEE_NUMBERS)
def kpis() -> ResponseReturnValue:
    """Figures of the selected sales as one object."""
    return answer_with_etag(_kpis)


def _kpis() -> Response:
    args = query_arguments("numbers")
    as_numbers = pagination.pop_numbers(args)
    table = figures.ask("kpis", figures.parse_filters(args))
    return representations.one_row(table, as_numbers=as_numbers)


def list_call(name: str, action: Action = Action.SEE_NUMBERS) -> Callable[[], ResponseReturnValue]:
    """View of one query as a list; it takes its own parameters and the filters, and refuses others."""

    @allow(action)
    def view() -> ResponseReturnValue:
        return answer_with_etag(lambda: rows_of(name))

    return view


def rows_of(
    name: str,
    fixed: Mapping[str, str] | None = None,
    handled: Sequence[str] = (),
    completed: Callable[[pa.Table], pa.Table] = lambda rows: rows,
) -> Response:
    """A page of the rows of a query. fixed: its parameters from `handled`, arguments of another kind.

    completed: adds columns that the warehouse does not have to the rows of the page.
    """
    fixed = fixed or {}
    own = {one.name: one for one in query_catalogue.describe_query(name).parameters if one.name not in fixed}
    args = query_arguments(*own, *handled, "limit", "cursor", "offset", "numbers")
    for one in handled:
        args.pop(one, None)
    page = pagination.pop_page(args, int(own["limit"].default or MAX_ROWS) if "limit" in own else MAX_ROWS, MAX_ROWS)
    as_numbers = pagination.pop_numbers(args)
    settlement, offset = list_position(name, page)
    params = {**fixed} | {key: args.pop(key)[0] for key in set(own) & set(args)}
    is_paged = {"limit", "offset"} <= set(own)
    if is_paged:
        params |= {"limit": page.limit + 1, "offset": offset}
    elif "limit" in own:
        params["limit"] = offset + page.limit + 1
    filters = figures.parse_filters(args)
    table: pa.Table = figures.ask(name, filters, **params)
    total = None if "limit" in own else table.num_rows
    table = table if is_paged else table.slice(offset)
    more = table.num_rows > page.limit > 0
    following = pagination.encode_cursor(name, settlement, offset + page.limit) if more else None
    rows = completed(table.slice(0, page.limit))
    response = representations.many_rows(rows, filters, following, as_numbers=as_numbers)
    return page.linked(response, following, total)


def query_arguments(*own: str) -> dict[str, Any]:
    """The arguments of the request. Raises `Rejected` for one that is neither among `own` nor a filter."""
    args: dict[str, list[str]] = request.args.to_dict(flat=False)
    unknown = sorted(name for name in args if name not in own and not is_filter(name))
    if unknown:
        raise Rejected(texts.no_parameter(unknown, sorted({*own, *NAMES})))
    return args


def list_position(name: str, page: pagination.ApiPage) -> tuple[int, int]:
    """Last settlement and the number of rows to skip. Raises `ListChanged`: a settlement can change every rank."""
    app = tillstream()
    settlement = changes.last_settlement(app.ports.warehouse, app.queries)
    if not page.cursor:
        return settlement, page.offset
    first_settlement, offset = pagination.decode_cursor(name, page.cursor, int, int)
    if first_settlement != settlement:
        raise pagination.ListChanged
    return settlement, min(offset, pagination.MAX_OFFSET)


@allow(Action.SEE_PIPELINE)
def refresh_data() -> ResponseReturnValue:
    """Clear cached responses and resume interrupted work."""
    app = tillstream()
    app.queries.clear()
    data_version.bump_data_version(app.ports.documents)
    return jsonify(
        {
            "status": "accepted",
            "swept": sweep_by_user(app.ports, app.contracts, me().login, delegate=bool(app.settings.project)),
        }
    ), 202


def available_queries() -> list[query_catalogue.CatalogueQuery]:
    """The queries that the user may run."""
    described = map(query_catalogue.describe_query, QUERY_NAMES)
    return [one for one in described if one.needs is None or scope().may(one.needs)]


@allow(Action.SEE_NUMBERS)
def list_queries() -> ResponseReturnValue:
    """Queries that the user may run: name, description and parameters."""
    rows = [
        {"name": one.name, "description": one.description, "parameters": [each.name for each in one.parameters]}
        for one in available_queries()
    ]
    return jsonify({"queries": rows})


@allow(Action.SEE_NUMBERS)
def run_query(name: str) -> ResponseReturnValue:
    """Rows of a query; takes its parameters, `limit`, `cursor` and the filters."""
    if name not in QUERY_NAMES:
        raise NotFound(texts.no_query(name, QUERY_NAMES))
    return answer_with_etag(lambda: rows_of(name))


@allow(Action.SEE_NUMBERS)
def values_of_measures() -> ResponseReturnValue:
    """Measures by dimensions; takes `measures`, `by`, `limit`, `cursor` and the filters."""
    return answer_with_etag(_values_of_measures)


def _values_of_measures() -> Response:
    args = query_arguments("measures", "by", "limit", "cursor", "offset", "numbers")
    page = pagination.pop_page(args, MAX_ROWS, MAX_ROWS)
    as_numbers = pagination.pop_numbers(args)
    settlement, offset = list_position(VALUES_PATH, page)
    names, by = split_names(args.pop("measures", [])), split_names(args.pop("by", []))
    if not names:
        raise Rejected(texts.NO_MEASURES)
    filters = figures.in_currency(figures.parse_filters(args))
    limits = {"limit": page.limit + 1, "offset": offset} if by else {}
    table = measure_values.query_measures(
        ports().warehouse, names, by, scope(), filters, cache=tillstream().queries, **limits
    )
    more = table.num_rows > page.limit > 0
    following = pagination.encode_cursor(VALUES_PATH, settlement, offset + page.limit) if more else None
    response = representations.many_rows(table.slice(0, page.limit), filters, following, as_numbers=as_numbers)
    return page.linked(response, following)


def split_names(texts: Any) -> list[str]:
    """Names of arguments that are repeated, or separated by commas."""
    return [name.strip() for text in texts for name in text.split(",") if name.strip()]


@allow(Action.SEE_NUMBERS)
def list_sale_lines() -> ResponseReturnValue:
    """Sale lines with all their columns, latest day first; takes `limit`, `cursor` and the filters."""
    return answer_with_etag(_sale_lines)


def _sale_lines() -> Response:
    args, page, as_numbers = _ledger_arguments()
    filters, app = figures.parse_filters(args), tillstream()
    position = pagination.decode_cursor("sale-lines", page.cursor, str, str, str, str) if page.cursor else None
    table = line_export.lines_following(
        app.ports.warehouse, scope(), filters, position, limit=page.limit + 1, cache=app.queries
    )
    rows = table.slice(0, page.limit)
    following = None
    if table.num_rows > page.limit > 0:
        (last,) = rows.select(POSITION).slice(page.limit - 1).to_pylist()
        following = pagination.encode_cursor("sale-lines", *(str(last[name]) for name in POSITION))
    response = representations.many_rows(rows, filters, following, as_numbers=as_numbers)
    return page.linked(response, following)


@allow(Action.SEE_NUMBERS)
def list_settlements() -> ResponseReturnValue:
    """Settlements that changed sale lines, newest first; takes `limit`, `cursor`, `after` and `since`."""
    return answer_with_etag(_settlements)


def _settlements() -> Response:
    _, page, as_numbers = _ledger_arguments()
    params = pagination.only_arguments(request.args, "limit", "cursor", "numbers", "after", "since")
    params = {name: params[name] for name in ("after", "since") if name in params}
    if page.cursor:
        (params["before"],) = pagination.decode_cursor("changes", page.cursor, int)
    table = figures.ask("settlements", Filters(), limit=page.limit + 1, **params)
    rows = table.slice(0, page.limit)
    more = table.num_rows > page.limit > 0
    following = pagination.encode_cursor("changes", rows.column("settlement_no")[-1].as_py()) if more else None
    response = representations.many_rows(rows, Filters(), following, as_numbers=as_numbers)
    return page.linked(response, following)


def _ledger_arguments() -> tuple[dict[str, Any], pagination.ApiPage, bool]:
    args: dict[str, list[str]] = request.args.to_dict(flat=False)
    if "offset" in args:
        raise Rejected(texts.ONLY_CURSOR)
    page = pagination.pop_page(args, DEFAULT_LEDGER_ROWS, MAX_LEDGER_ROWS)
    return args, page, pagination.pop_numbers(args)
