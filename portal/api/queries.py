"""Query endpoints: the KPIs as one object, other queries as lists."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pyarrow as pa
from flask import Response, jsonify, request
from flask.typing import ResponseReturnValue

from portal import figures
from portal.access import allow
from portal.api import cursors, pagination, representations, texts
from portal.api.etags import answered
from portal.context import me, tillstream
from tillstream.analytics import changes, query_catalogue
from tillstream.analytics.filters import NAMES, is_filter
from tillstream.model.errors import Rejected
from tillstream.model.people import Action
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


@allow(Action.SEE_NUMBERS)
def kpis() -> ResponseReturnValue:
    """Figures of the selected sales as one object."""
    return answered(_kpis)


def _kpis() -> Response:
    args = arguments("numbers")
    as_numbers = pagination.pop_numbers(args)
    table = figures.ask("kpis", figures.parse_filters(args))
    return representations.one_row(table, as_numbers=as_numbers)


def listed(name: str, action: Action = Action.SEE_NUMBERS) -> Callable[[], ResponseReturnValue]:
    """View of one query as a list; it takes its own parameters and the filters, and refuses others."""

    @allow(action)
    def view() -> ResponseReturnValue:
        return answered(lambda: rows_of(name))

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
    args = arguments(*own, *handled, "limit", "cursor", "offset", "numbers")
    for one in handled:
        args.pop(one, None)
    page = pagination.pop_page(args, int(own["limit"].default or MAX_ROWS) if "limit" in own else MAX_ROWS, MAX_ROWS)
    as_numbers = pagination.pop_numbers(args)
    settlement, offset = position(name, page)
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
    following = cursors.encode(name, settlement, offset + page.limit) if more else None
    rows = completed(table.slice(0, page.limit))
    response = representations.many_rows(rows, filters, following, as_numbers=as_numbers)
    return page.linked(response, following, total)


def arguments(*own: str) -> dict[str, Any]:
    """The arguments of the request. Raises `Rejected` for one that is neither among `own` nor a filter."""
    args: dict[str, Any] = request.args.to_dict(flat=False)
    unknown = sorted(name for name in args if name not in own and not is_filter(name))
    if unknown:
        raise Rejected(texts.no_parameter(unknown, sorted({*own, *NAMES})))
    return args


def position(name: str, page: pagination.Page) -> tuple[int, int]:
    """Last settlement and the number of rows to skip. Raises `ListChanged`: a settlement can change every rank."""
    app = tillstream()
    settlement = changes.last_settlement(app.ports.warehouse, app.queries)
    if not page.cursor:
        return settlement, page.offset
    first_settlement, offset = cursors.decode(name, page.cursor, int, int)
    if first_settlement != settlement:
        raise cursors.ListChanged
    return settlement, min(offset, pagination.MAX_OFFSET)


@allow(Action.SEE_PIPELINE)
def refresh() -> ResponseReturnValue:
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
