"""The rows of a query as a response with a file."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from types import MappingProxyType
from typing import Any, BinaryIO

import pyarrow as pa
from flask import Response, request
from werkzeug.utils import secure_filename

from portal import figures
from portal.context import ports, scope, tillstream
from tillstream.analytics import queries, query_catalogue
from tillstream.analytics.filters import CURRENCY
from tillstream.delivery.export_formats import export_format
from tillstream.delivery.export_table import export_table
from tillstream.stock import published_levels

MAX_NAME_LENGTH = 120
CHUNK_BYTES = 1 << 20
WHOLE = 1_000_000
"""Default `limit` of a ranking in a file, which has all rows; pages have only the first ones."""

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
    what: str,
    filters: Mapping[str, Iterable[str]],
    batches: Iterable[pa.RecordBatch],
    totals: Sequence[str] = (),
    limits: Mapping[str, str] = MappingProxyType({}),
    converted: Collection[str] | None = None,
) -> Response:
    """Response with a file named after its table and filters; `batches` must not be empty. limits: what else limits
    the rows, for the head of a document: label → text. converted: the columns of amounts in the currency that is shown;
    None: those of the query `what`.

    Raises `Rejected` for an unknown format and for a table that the format has no place for, and what reading the first
    batch raises.
    """
    chosen = export_format(suffix)
    words = {name: list(values) for name, values in filters.items()} | {name: [one] for name, one in limits.items()}
    currency = next(iter(words.get("in", [])), "") or tillstream().settings.reporting_currency
    chunks = iter(chosen.chunks(export_table(what, batches, totals, words, ports().clock.now(), currency, converted)))
    first = next(chunks)  # before the status is sent: a table may be too long
    response = Response(chain([first], chunks), mimetype=chosen.media_type.partition(";")[0])
    response.headers["Content-Type"] = chosen.media_type
    response.headers.set("Content-Disposition", "attachment", filename=f"{file_name(what, filters)}.{suffix}")
    return response


def file_name(what: str, filters: Mapping[str, Iterable[str]]) -> str:
    """A file name such as sales-by-country_from-2026-06-01_region-IN."""
    parts = [what, *(f"{name}-{'-'.join(values)}" for name, values in filters.items())]
    return secure_filename("_".join(parts))[:MAX_NAME_LENGTH].rstrip("-_.")


@dataclass(frozen=True)
class QueryRows:
    """`named`: filters and parameters in the name of a file. `totals`: columns whose sum has a meaning."""

    batches: Iterator[pa.RecordBatch]
    named: dict[str, list[str]]
    totals: Sequence[str] = ()


def query_rows(name: str, filter_values: Mapping[str, list[str]]) -> QueryRows:
    """Rows of a query. filter_values: filters as text; those that the query has as parameters are left out.

    Raises `Rejected`, `UnknownValue`, and on reading what `queries.stream_query` raises.
    """
    query = query_catalogue.describe_query(name)
    params: dict[str, Any] = {
        one.name: request.args.get(one.name, WHOLE if one.name == "limit" else None) for one in query.parameters
    }
    values = {key: chosen for key, chosen in filter_values.items() if key not in params}
    filters = figures.parse_filters(values)
    batches = queries.stream_query(tillstream().ports.warehouse, name, scope(), filters, **params)
    if name == published_levels.NOW_QUERY:
        batches = figures.stream_with_units_on_order(batches)
    used_params = {key: [str(value)] for key, value in params.items() if value not in {None, WHOLE}}
    named = {"in": [filters.currency]} | used_params | {key: one for key, one in values.items() if key != CURRENCY}
    return QueryRows(batches, named, query.totals)


def stream_chunks(stream: BinaryIO) -> Iterator[bytes]:
    """The content of a stored file for a response; closes it."""
    with stream:
        while data := stream.read(CHUNK_BYTES):
            yield data
