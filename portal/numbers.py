"""The portal room's door to numbers: every read goes through the caller's scope and the address's filters."""

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
from flask import request

from portal.context import scope, tillstream
from tillstream.analytics import known_values, queries
from tillstream.analytics.filters import NAMES, Filters


def asked() -> dict[str, list[str]]:
    """The filters that the address names, each with its values."""
    return {name: values for name, values in request.args.lists() if name in NAMES and any(values)}


def chosen(given: Mapping[str, str | Sequence[str]]) -> Filters:
    """The filters, and each value of them known. Raises `Rejected`, `UnknownValue`."""
    app, filters = tillstream(), Filters.parse(given)
    known_values.check(app.ports.warehouse, scope(), filters, app.book.regions(), cache=app.queries)
    return filters


def ask(name: str, filters: Filters, **params: Any) -> pa.Table:
    """Raises `Forbidden`, `Rejected`, `Unavailable`."""
    app = tillstream()
    return queries.run(app.ports.warehouse, name, scope(), filters, cache=app.queries, **params)


def comparison(filters: Filters) -> queries.Comparison | None:
    """What the growth of `kpis` compares."""
    app = tillstream()
    return queries.comparison(app.ports.warehouse, scope(), filters, cache=app.queries)


def kpis(filters: Filters) -> dict[str, Any]:
    row: dict[str, Any] = ask("kpis", filters).to_pylist()[0]
    return row
