"""Lists that only grow at one end, paged by the position of their last row: sale lines and settlements."""

from typing import Any

from flask import Response, request
from flask.typing import ResponseReturnValue

from portal import figures
from portal.access import allow
from portal.api import cursors, pagination, representations, texts
from portal.api.etags import answered
from portal.context import scope, tillstream
from tillstream.analytics import line_export
from tillstream.analytics.filters import Filters
from tillstream.model.errors import Rejected
from tillstream.model.people import Action

MAX_ROWS = 10_000
DEFAULT_ROWS = 100
POSITION = ("sale_date", "region", "sale_id", "line_key")
"""Columns that order sale lines: the latest day first, then each ascending."""


@allow(Action.SEE_NUMBERS)
def sale_lines() -> ResponseReturnValue:
    """Sale lines with all their columns, latest day first; takes `limit`, `cursor` and the filters."""
    return answered(_sale_lines)


def _sale_lines() -> Response:
    args, page, as_numbers = _arguments()
    filters, app = figures.parse_filters(args), tillstream()
    position = cursors.decode("sale-lines", page.cursor, str, str, str, str) if page.cursor else None
    table = line_export.lines_following(
        app.ports.warehouse, scope(), filters, position, limit=page.limit + 1, cache=app.queries
    )
    rows = table.slice(0, page.limit)
    following = None
    if table.num_rows > page.limit > 0:
        (last,) = rows.select(POSITION).slice(page.limit - 1).to_pylist()
        following = cursors.encode("sale-lines", *(str(last[name]) for name in POSITION))
    response = representations.many_rows(rows, filters, following, as_numbers=as_numbers)
    return page.linked(response, following)


@allow(Action.SEE_NUMBERS)
def changes() -> ResponseReturnValue:
    """Settlements that changed sale lines, newest first; takes `limit`, `cursor`, `after` and `since`."""
    return answered(_changes)


def _changes() -> Response:
    _, page, as_numbers = _arguments()
    params = pagination.only(request.args, "limit", "cursor", "numbers", "after", "since")
    params = {name: params[name] for name in ("after", "since") if name in params}
    if page.cursor:
        (params["before"],) = cursors.decode("changes", page.cursor, int)
    table = figures.ask("settlements", Filters(), limit=page.limit + 1, **params)
    rows = table.slice(0, page.limit)
    more = table.num_rows > page.limit > 0
    following = cursors.encode("changes", rows.column("settlement_no")[-1].as_py()) if more else None
    response = representations.many_rows(rows, Filters(), following, as_numbers=as_numbers)
    return page.linked(response, following)


def _arguments() -> tuple[dict[str, Any], pagination.Page, bool]:
    args: dict[str, Any] = request.args.to_dict(flat=False)
    if "offset" in args:
        raise Rejected(texts.ONLY_CURSOR)
    page = pagination.pop_page(args, DEFAULT_ROWS, MAX_ROWS)
    return args, page, pagination.pop_numbers(args)
