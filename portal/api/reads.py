"""The API area's numbers: one object of KPIs, and lists."""

from typing import Any

import pyarrow as pa
from flask import jsonify, request
from flask.typing import ResponseReturnValue

from portal import numbers
from portal.access import allow
from portal.context import tillstream
from tillstream.analytics import queries
from tillstream.domain.people import Action
from tillstream.jsons import plain
from tillstream.worker import Worker

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


@allow(Action.SEE_NUMBERS)
def kpis() -> ResponseReturnValue:
    return jsonify(plain(numbers.kpis(numbers.chosen(request.args.to_dict(flat=False)))))


@allow(Action.SEE_NUMBERS)
def listed(name: str) -> ResponseReturnValue:
    """One query as a list; its own parameters beside the filters, anything else is refused."""
    given: dict[str, Any] = request.args.to_dict(flat=False)
    own = {one.name for one in queries.describe(name).parameters}
    params = {key: given.pop(key)[0] for key in own & set(given)}
    filters = numbers.chosen(given)
    table: pa.Table = numbers.ask(name, filters, **params)
    totals = numbers.kpis(filters)
    about = {key: plain(totals[key]) for key in ("as_of", "currency", "unconverted_lines")}
    return jsonify({"columns": table.schema.names, "rows": plain(table.to_pylist())} | about)


@allow(Action.SEE_PIPELINE)
def refresh() -> ResponseReturnValue:
    """Forget kept answers and drive on what stopped."""
    app = tillstream()
    app.queries.clear()
    return jsonify({"status": "accepted", "swept": Worker(app).sweep()}), 202
