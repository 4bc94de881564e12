"""Responses with a file: the rows of a query, and other content to download."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import chain
from types import MappingProxyType
from typing import BinaryIO

from flask import Response, request
from werkzeug.utils import secure_filename

from portal import figures
from portal.context import ports, scope, tillstream
from tillstream.analytics import query_catalogue
from tillstream.analytics.filters import CURRENCY
from tillstream.app import outgoing_deliveries
from tillstream.delivery.export_formats import export_format
from tillstream.delivery.export_table import ExportTable
from tillstream.delivery.subscribed_tables import TableSource, query_table

MAX_NAME_LENGTH = 120
CHUNK_BYTES = 1 << 20
CSV = export_format("csv").media_type

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


def file_response(
    suffix: str,
    table: ExportTable,
    filters: Mapping[str, Iterable[str]],
    limits: Mapping[str, str] = MappingProxyType({}),
) -> Response:
    """Response with a file named after its table and filters. limits: what else limits the rows, for the head of a
    document: label → text. Raises `Rejected` for an unknown format and a table that the format has no place for."""
    chosen = export_format(suffix)
    words = {name: list(values) for name, values in filters.items()} | {name: [one] for name, one in limits.items()}
    currency = next(iter(words.get("in", [])), "") or tillstream().settings.reporting_currency
    shown = replace(table, filters=words, created_at=ports().clock.now(), currency=currency)
    chunks = iter(chosen.chunks(shown))
    first = next(chunks)  # before the status is sent: a table may be too long
    return attachment(chain([first], chunks), f"{file_name(table.name, filters)}.{suffix}", chosen.media_type)


def attachment(content: bytes | Iterable[bytes] | Iterable[str], name: str, media_type: str = CSV) -> Response:
    """A response with a file to download."""
    response = Response(content, content_type=media_type)
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response


def file_name(what: str, filters: Mapping[str, Iterable[str]]) -> str:
    """A file name such as sales-by-country_from-2026-06-01_region-IN."""
    parts = [what, *(f"{name}-{'-'.join(values)}" for name, values in filters.items())]
    return secure_filename("_".join(parts))[:MAX_NAME_LENGTH].rstrip("-_.")


def table_source() -> TableSource:
    """What tables are read with."""
    return outgoing_deliveries.subscribed_tables_source(tillstream())


def query_file(suffix: str, name: str, filter_values: Mapping[str, list[str]]) -> Response:
    """The rows of a query as a file. filter_values: filters as text; those that the query has as parameters are left
    out. Raises `Rejected`, `UnknownValue`, and on reading what `queries.stream_query` raises."""
    query = query_catalogue.describe_query(name)
    params = {one.name: request.args[one.name] for one in query.parameters if one.name in request.args}
    own = {one.name for one in query.parameters}
    values = {key: chosen for key, chosen in filter_values.items() if key not in own}
    filters = figures.parse_filters(values)
    table = query_table(table_source(), scope(), name, params, filters)
    used = {key: [value] for key, value in params.items()}
    named = {"in": [filters.currency]} | used | {key: one for key, one in values.items() if key != CURRENCY}
    return file_response(suffix, table, named)


def stream_chunks(stream: BinaryIO) -> Iterator[bytes]:
    """The content of a stored file for a response; closes it."""
    with stream:
        while data := stream.read(CHUNK_BYTES):
            yield data
