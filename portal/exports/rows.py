"""The rows of a query for a file: all of them, with the parameters of the request."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from flask import request

from portal import figures
from portal.context import scope, tillstream
from portal.stock import on_order
from tillstream.analytics import queries, query_catalogue
from tillstream.analytics.filters import CURRENCY
from tillstream.stock import published_levels

WHOLE = 1_000_000
"""Default `limit` of a ranking in a file, which has all rows; pages have only the first ones."""


@dataclass(frozen=True)
class Rows:
    """`named`: filters and parameters in the name of a file. `totals`: columns whose sum has a meaning."""

    batches: Iterator[pa.RecordBatch]
    named: dict[str, list[str]]
    totals: Sequence[str] = ()


def of_query(name: str, filter_values: Mapping[str, list[str]]) -> Rows:
    """Rows of a query. filter_values: filters as text; those that the query has as parameters are left out.

    Raises `Rejected`, `UnknownValue`, and on reading what `queries.stream` raises.
    """
    query = query_catalogue.describe_query(name)
    params: dict[str, Any] = {
        one.name: request.args.get(one.name, WHOLE if one.name == "limit" else None) for one in query.parameters
    }
    values = {key: chosen for key, chosen in filter_values.items() if key not in params}
    filters = figures.parse_filters(values)
    batches = queries.stream_query(tillstream().ports.warehouse, name, scope(), filters, **params)
    if name == published_levels.NOW_QUERY:
        batches = on_order.streamed(batches)
    used_params = {key: [str(value)] for key, value in params.items() if value not in {None, WHOLE}}
    named = {"in": [filters.currency]} | used_params | {key: one for key, one in values.items() if key != CURRENCY}
    return Rows(batches, named, query.totals)
