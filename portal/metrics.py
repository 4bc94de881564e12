"""Door to numbers: every read goes through the caller's scope and the address's filters."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pyarrow as pa
from flask import request

from portal.context import scope, tillstream
from tillstream.analytics import filter_values, queries
from tillstream.analytics.filters import NAMES, Filters


def asked() -> dict[str, list[str]]:
    """The filters that the address names, each with its values."""
    return {name: values for name, values in request.args.lists() if name in NAMES and any(values)}


def chosen(given: Mapping[str, str | Sequence[str]]) -> Filters:
    """The filters, and each value of them known. Raises `Rejected`, `UnknownValue`."""
    app, filters = tillstream(), Filters.parse(given)
    filter_values.check(app.ports.warehouse, scope(), filters, app.book.regions(), cache=app.queries)
    return filters


def ask(name: str, filters: Filters, **params: Any) -> pa.Table:
    """Raises `Forbidden`, `Rejected`, `Unavailable`."""
    app = tillstream()
    return queries.run(app.ports.warehouse, name, scope(), filters, cache=app.queries, **params)


def ask_all(names: Sequence[str], filters: Filters) -> list[pa.Table]:
    """As `ask`, several at once: a warehouse answers small questions sooner side by side than one after another."""
    app, whose = tillstream(), scope()
    with ThreadPoolExecutor(len(names)) as threads:
        return list(
            threads.map(lambda name: queries.run(app.ports.warehouse, name, whose, filters, cache=app.queries), names)
        )


def comparison(filters: Filters) -> queries.Comparison | None:
    """What the growth of `kpis` compares."""
    app = tillstream()
    return queries.comparison(app.ports.warehouse, scope(), filters, cache=app.queries)


def currency() -> str:
    """What revenue is told in."""
    return tillstream().settings.reporting_currency


def kpis(filters: Filters) -> dict[str, Any]:
    row: dict[str, Any] = ask("kpis", filters).to_pylist()[0]
    return row


HEADLINE = ("headline", "customer-counts", "kpis")


def headline(filters: Filters, *beside: str) -> tuple[dict[str, Any], list[pa.Table]]:
    """What HEADLINE tells, in one row; and the answers of the queries `beside`, asked meanwhile."""
    told, counted, kpis, *others = ask_all([*HEADLINE, *beside], filters)
    row: dict[str, Any] = told.to_pylist()[0] | counted.to_pylist()[0] | kpis.to_pylist()[0]
    return row, others


def by_figure(growth: pa.Table) -> dict[str, dict[str, Any]]:
    """figure → its row of `growth`; nothing where nothing is compared."""
    return {row["figure"]: row for row in growth.to_pylist()}
