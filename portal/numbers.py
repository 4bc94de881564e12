"""The portal room's door to numbers: every read goes through the caller's scope and the address's filters."""

from typing import Any

import pyarrow as pa
from flask import request

from portal.context import scope, tillstream
from tillstream.analytics import queries
from tillstream.analytics.filters import NAMES, Filters


def asked() -> dict[str, list[str]]:
    """The filters that the address names, each with its values."""
    return {name: values for name, values in request.args.lists() if name in NAMES and any(values)}


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
