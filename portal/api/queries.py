"""Query endpoints: the KPIs as one object, other queries as lists."""

from typing import Any

import pyarrow as pa
from flask import Response, jsonify, request
from flask.typing import ResponseReturnValue

from portal import metrics
from portal.access import allow
from portal.api import pagination
from portal.api.etags import answered, as_json
from portal.context import me, tillstream
from tillstream.analytics import queries
from tillstream.analytics.json_values import to_json
from tillstream.batches import freshness
from tillstream.domain.people import Action
from tillstream.workflows.operations import reconcile

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


MAX_ROWS = 10_000
"""Maximum number of rows in one response."""


@allow(Action.SEE_NUMBERS)
def kpis() -> ResponseReturnValue:
    """Figures of the selected sales as one object."""
    return answered(lambda: as_json(to_json(metrics.kpis(metrics.parse_filters(request.args.to_dict(flat=False))))))


@allow(Action.SEE_NUMBERS)
def listed(name: str) -> ResponseReturnValue:
    """One query as a list; takes its own parameters and the filters, and refuses others."""
    return answered(lambda: _listed(name))


def _listed(name: str) -> Response:
    args: dict[str, Any] = request.args.to_dict(flat=False)
    own = {one.name: one for one in queries.describe(name).parameters}
    page = pagination.pop_page(args, int(own["limit"].default or MAX_ROWS) if "limit" in own else MAX_ROWS, MAX_ROWS)
    params = {key: args.pop(key)[0] for key in set(own) & set(args)}
    if "limit" in own:
        params |= {"limit": page.limit + 1, "offset": page.offset}
    filters = metrics.parse_filters(args)
    table: pa.Table = metrics.ask(name, filters, **params)
    total = None if "limit" in own else table.num_rows
    table = table if "limit" in own else table.slice(page.offset)
    totals = metrics.kpis(filters)
    about = {key: to_json(totals[key]) for key in ("as_of", "currency", "unconverted_lines")}
    rows = to_json(table.slice(0, page.limit).to_pylist())
    response = as_json({"columns": table.schema.names, "rows": rows} | about)
    return page.linked(response, more=table.num_rows > page.limit > 0, total=total)


@allow(Action.SEE_PIPELINE)
def refresh() -> ResponseReturnValue:
    """Clear cached responses and resume interrupted work."""
    app = tillstream()
    app.queries.clear()
    freshness.bump(app.ports.documents)
    return jsonify(
        {
            "status": "accepted",
            "swept": reconcile.run(app.ports, app.contracts, delegate=bool(app.settings.project), by=me().login),
        }
    ), 202
