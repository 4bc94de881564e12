"""The current rows of a query or of measures as a file at a stable address."""

from typing import Any

import pyarrow as pa
from flask import Response, request
from flask.typing import ResponseReturnValue

from portal import figures
from portal.access import allow
from portal.api import named_queries, queries
from portal.api import texts as api_texts
from portal.api.etags import answered
from portal.context import scope, tillstream
from portal.dashboard.request_filters import dates_in_address, resolved
from portal.exports import writers
from portal.exports.rows import Rows, of_query
from portal.live_files import texts
from portal.token_auth import IN_ADDRESS
from portal.urls import with_args
from tillstream.analytics import line_export, measure_values, query_catalogue
from tillstream.analytics.explorations import UNGROUPED
from tillstream.analytics.filters import CURRENCY
from tillstream.delivery.export_formats import FORMATS, export_format
from tillstream.marts import connection_files
from tillstream.model.dates import ALL_TIME, PERIOD_PRESETS
from tillstream.model.errors import NotFound, Rejected
from tillstream.model.people import Action

MEASURES, LINES = "measures", "sale-lines"
NAMES = (MEASURES, LINES, *named_queries.NAMES)
PRESET, PBIDS = "preset", "pbids"
LATEST = "latest-period"
"""The preset of the period that pages show without dates."""


@allow(Action.SEE_NUMBERS)
def read(live_file: str, suffix: str) -> ResponseReturnValue:
    """Rows of a query, of the sale lines, or of measures, as CSV, Parquet, JSON lines or a workbook; all rows."""
    if live_file not in NAMES:
        raise NotFound(api_texts.no_query(live_file, NAMES))
    own = _own_arguments(live_file)
    args = queries.arguments(*own, PRESET, IN_ADDRESS)
    preset = request.args.get(PRESET, "")
    presets = (*PERIOD_PRESETS, LATEST, ALL_TIME)
    if preset and preset not in presets:
        raise Rejected(texts.no_preset(preset, presets))
    if suffix == PBIDS:
        return _power_bi(live_file, args)
    export_format(suffix)
    values = resolved()[0]
    if preset == LATEST and (latest := figures.latest(figures.parse_filters(values))):
        values |= dates_in_address(latest)
    return answered(lambda: _respond(live_file, suffix, values), also=sorted(values.items()))


def _own_arguments(name: str) -> tuple[str, ...]:
    if name in (MEASURES, LINES):
        return ("measures", "by") if name == MEASURES else ()
    return tuple(one.name for one in query_catalogue.describe_query(name).parameters)


def _respond(name: str, suffix: str, values: dict[str, list[str]]) -> Response:
    rows = _measures(values) if name == MEASURES else _lines(values) if name == LINES else of_query(name, values)
    return writers.respond(suffix, name, rows.named, rows.batches, rows.totals)


def _measures(values: dict[str, list[str]]) -> Rows:
    names, chosen = (named_queries.split(request.args.getlist(name)) for name in ("measures", "by"))
    by = [one for one in chosen if one != UNGROUPED]
    if not names:
        raise Rejected(api_texts.NO_MEASURES)
    filters, app = figures.parse_filters(values), tillstream()
    limit = {"limit": measure_values.ALL_ROWS} if by else {}
    table = measure_values.query_measures(app.ports.warehouse, names, by, scope(), filters, cache=app.queries, **limit)
    totals = [one.name for one in measure_values.visible_measures(scope()) if one.is_additive and one.name in names]
    batches = table.to_batches() or [pa.RecordBatch.from_pylist([], table.schema)]
    return Rows(iter(batches), _named(values), totals)


def _lines(values: dict[str, list[str]]) -> Rows:
    batches = line_export.export_lines(tillstream().ports.warehouse, scope(), figures.parse_filters(values))
    return Rows(batches, _named(values))


def _named(values: dict[str, list[str]]) -> dict[str, list[str]]:
    return {name: one for name, one in values.items() if name != CURRENCY}


def address(name: str, suffix: str, args: dict[str, Any]) -> str:
    """Absolute address of a live file, without a token."""
    root = tillstream().settings.public_url or request.host_url.rstrip("/")
    query = with_args({key: values for key, values in args.items() if key != IN_ADDRESS})
    return f"{root}/files/{name}.{suffix}" + (f"?{query}" if query else "")


def _power_bi(name: str, args: dict[str, Any]) -> Response:
    """A data source file of Power BI with the address of the CSV."""
    content = connection_files.pbids_of_web(address(name, next(iter(FORMATS)), args))
    response = Response(content, mimetype=connection_files.PBIDS_MEDIA_TYPE)
    response.headers.set("Content-Disposition", "attachment", filename=f"{name}.{PBIDS}")
    return response
