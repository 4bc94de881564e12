"""Queries of the portal, within the scope and the filters of the request, and the column of units on order."""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any, TypedDict

import pyarrow as pa
from flask import g, request

from portal.access import PROGRAMS
from portal.context import me, ports, scope, shown_token, tillstream
from tillstream.analytics import filter_values, queries
from tillstream.analytics.filters import CURRENCY, Filters, LatestPeriod, PeriodComparison, is_filter
from tillstream.ports.warehouse import Row
from tillstream.stock import published_levels, purchase_orders
from tillstream.stock.published_levels import ON_ORDER, level_key

KEY_FIGURE_QUERIES = ("headline", "customer-counts", "kpis")


class ChartBand(TypedDict):
    name: str
    low: list[float | None]
    high: list[float | None]


class ChartSeries(TypedDict, total=False):
    name: str
    names: list[str]
    values: list[float | None]
    band: ChartBand


class ChartFigure(TypedDict, total=False):
    """A chart as its script reads it. labels: of the values; names: of rows, or of labels that are codes.

    partial: whether each period is not complete. before: values of another period by position.
    """

    kind: str
    period: str
    labels: list[str]
    names: Sequence[str]
    ticks: Sequence[str]
    values: list[Any]
    starts: list[date]
    series: list[ChartSeries]
    band: ChartBand
    name: str
    measure: str
    currency: str
    links: list[str] | None
    partial: list[bool]
    before: ChartSeries
    forecast: ChartSeries
    annotations: list[dict[str, object]]
    outlines: str


def requested_filters() -> dict[str, list[str]]:
    """Filters in the address, with those of the sales to compare with: name → values."""
    return {name: values for name, values in request.args.lists() if is_filter(name) and any(values)}


def parse_filters(values: Mapping[str, str | Sequence[str]]) -> Filters:
    """Parse filters, check that their values exist and set the currency. Raises `Rejected`, `UnknownValue`."""
    app, filters = tillstream(), Filters.parse(values)
    filter_values.check_filter_values(app.ports.warehouse, scope(), filters, app.contracts.regions(), cache=app.queries)
    return in_currency(filters)


def in_currency(filters: Filters) -> Filters:
    """Set the display currency, unless the filters have one."""
    return filters if filters.currency else replace(filters, currency=currency())


def ask(name: str, filters: Filters, **params: Any) -> pa.Table:
    """Run a named query. Raises `Forbidden`, `Rejected`, `Unavailable`."""
    app = tillstream()
    return queries.run_query(app.ports.warehouse, name, scope(), in_currency(filters), cache=app.queries, **params)


def rows(name: str, filters: Filters, **params: Any) -> list[Row]:
    return list(ask(name, filters, **params).to_pylist())


def ask_all(names: Sequence[str], filters: Filters) -> list[pa.Table]:
    """Run several queries in parallel, which is faster for small queries."""
    app, bounds, filters = tillstream(), scope(), in_currency(filters)
    with ThreadPoolExecutor(len(names)) as threads:
        return list(
            threads.map(
                lambda name: queries.run_query(app.ports.warehouse, name, bounds, filters, cache=app.queries), names
            )
        )


def comparisons(
    filters: Filters,
) -> tuple[PeriodComparison | None, PeriodComparison | None]:
    """The periods that `growth` compares: with the previous period, and with the previous year."""
    app = tillstream()
    return queries.read_comparisons(app.ports.warehouse, scope(), filters, cache=app.queries)


def latest(filters: Filters) -> LatestPeriod | None:
    """The latest period of the regions and stores in the filters."""
    app = tillstream()
    return queries.read_latest_period(
        app.ports.warehouse, scope(), filters, app.ports.clock.now().date(), cache=app.queries
    )


def currency() -> str:
    """Currency of all amounts in the response: that of the address, or the reader's own; for programs the reporting
    currency."""
    if "display_currency" not in g:
        requested = request.args.get(CURRENCY, "")
        is_available = requested and requested in currencies()
        g.display_currency = requested if is_available else _default_currency()
    return str(g.display_currency)


def currencies() -> tuple[str, ...]:
    """Currencies in which amounts can be shown."""
    app = tillstream()
    return filter_values.convertible_currencies(app.ports.warehouse, cache=app.queries)


def _default_currency() -> str:
    is_program = shown_token() is not None or request.path.startswith(PROGRAMS)
    return tillstream().settings.reporting_currency if is_program else readers_currency()


def readers_currency() -> str:
    """Display currency of the signed-in user."""
    app = tillstream()
    return filter_values.currency_of_reader(
        app.ports.warehouse,
        app.contracts,
        scope(),
        me().display_currency,
        app.settings.reporting_currency,
        cache=app.queries,
    )


def kpis(filters: Filters) -> Row:
    return rows("kpis", filters)[0]


def key_figures(filters: Filters, *extra: str) -> tuple[Row, list[pa.Table]]:
    """The rows of KEY_FIGURE_QUERIES merged into one, and tables of the `extra` queries, all run in parallel."""
    totals, counted, kpis, *others = ask_all([*KEY_FIGURE_QUERIES, *extra], filters)
    row: Row = totals.to_pylist()[0] | counted.to_pylist()[0] | kpis.to_pylist()[0]
    return row, others


def by_figure(growth: pa.Table) -> dict[str, Row]:
    """figure → its row of `growth`; empty where nothing is compared."""
    return {row["figure"]: row for row in growth.to_pylist()}


def with_units_on_order(levels: Iterable[Mapping[str, Any]]) -> list[Row]:
    """The levels of a page with the units on order; only orders of their stores are read."""
    rows = [dict(one) for one in levels]
    units = purchase_orders.units_on_order(ports(), {(row["region"], row["store_id"]) for row in rows})
    return [row | {ON_ORDER: units.get(level_key(row), Decimal(0))} for row in rows]


def table_with_units_on_order(levels: pa.Table) -> pa.Table:
    """As `with_units_on_order`."""
    return published_levels.with_units_on_order(ports(), levels)
