"""Query results as JSON, CSV or an Arrow stream, with an ETag.

A response depends on the last settlement, the exchange rates and contracts that this server has loaded, the scope of
the caller and the request.
"""

import hashlib
import io
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pyarrow as pa
from flask import Response, jsonify, request

from portal import figures
from portal.context import scope, tillstream
from tillstream.analytics import changes
from tillstream.analytics.filters import Filters
from tillstream.delivery.export_table import column_text
from tillstream.model.json_text import to_json

JSON, CSV, ARROW = "application/json", "text/csv", "application/vnd.apache.arrow.stream"
ABOUT = {
    "as_of": "Tillstream-As-Of",
    "currency": "Tillstream-Currency",
    "unconverted_lines": "Tillstream-Unconverted-Lines",
}
"""Property of a list in JSON → header of the other media types."""


def negotiated() -> str:
    """The media type of the response; JSON if the client accepts none of them."""
    return request.accept_mimetypes.best_match([JSON, CSV, ARROW], JSON)


def one_row(table: pa.Table, *, as_numbers: bool) -> Response:
    """The only row of a table, as a JSON object or a table of one row."""
    if negotiated() != JSON:
        return _as_file(table, {})
    response: Response = jsonify(_json(table.to_pylist()[0], as_numbers=as_numbers))
    return response


def many_rows(table: pa.Table, filters: Filters, following: str | None, *, as_numbers: bool) -> Response:
    """Rows of a list, with the time and currency of its figures; `following` is the cursor of the next page."""
    totals = figures.kpis(filters)
    about = {name: to_json(totals[name]) for name in ABOUT}
    if negotiated() != JSON:
        return _as_file(table, about)
    rows = _json(table.to_pylist(), as_numbers=as_numbers)
    response: Response = jsonify({"columns": table.schema.names, "rows": rows} | about | {"next_cursor": following})
    return response


def _json(value: Any, *, as_numbers: bool) -> Any:
    """Decimals as text, which is exact, or as doubles, which hold 15 significant digits."""
    if as_numbers:
        rows = value if isinstance(value, list) else [value]
        rows = [{key: float(one) if isinstance(one, Decimal) else one for key, one in row.items()} for row in rows]
        value = rows if isinstance(value, list) else rows[0]
    return to_json(value)


def _as_file(table: pa.Table, about: dict[str, Any]) -> Response:
    shown = {ABOUT[name]: str(value) for name, value in about.items() if value is not None}
    if negotiated() == CSV:
        response = Response(_csv(table), content_type=f"{CSV}; charset=utf-8")
    else:
        response = Response(_arrow(table.replace_schema_metadata(shown)), content_type=ARROW)
    response.headers.update(shown)
    return response


def _csv(table: pa.Table) -> bytes:
    """RFC 4180 with values as they are; files for spreadsheets, whose formulas are disarmed, come from the exports."""
    from pyarrow import csv

    out = io.BytesIO()
    texts = pa.table([column_text(column) for column in table.columns], table.schema.names)
    csv.write_csv(texts, out, csv.WriteOptions(quoting_style="needed"))
    return out.getvalue()


def _arrow(table: pa.Table) -> bytes:
    out = io.BytesIO()
    with pa.ipc.new_stream(out, table.schema) as writer:
        writer.write_table(table)
    return out.getvalue()


def answer_with_etag(make: Callable[[], Response], also: object = None) -> Response:
    """304 if the caller's ETag is current, else the response of `make` with its ETag. also: what else it depends on."""
    tag = _tag(also)
    # `*` would match without checking the request.
    if not request.if_none_match.star_tag and request.if_none_match.contains_weak(tag):
        return _marked(Response(status=304), tag)
    return _marked(make(), tag)


def _tag(also: object) -> str:
    app = tillstream()
    inputs = (
        app.queries.newest() or app.queries.mark,
        changes.last_settlement(app.ports.warehouse, app.queries),
        sorted(app.contracts.names()),
        scope(),
        request.path,
        sorted(request.args.items(multi=True)),
        negotiated(),
        also,
    )
    return hashlib.sha256(repr(inputs).encode()).hexdigest()[:32]


def _marked(response: Response, tag: str) -> Response:
    # Weak, as a response may be compressed or not; private, as it depends on the user.
    response.set_etag(tag, weak=True)
    response.headers["Cache-Control"] = "private, no-cache"
    response.vary.update(("Accept", "Authorization", "Cookie"))
    return response
