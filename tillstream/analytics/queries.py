"""The only entry point for queries; it applies scope and filters."""

import functools
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pyarrow as pa

from tillstream.analytics.catalogue import Query, describe, names
from tillstream.analytics.changed_days import on_changed_days
from tillstream.analytics.comparison import (
    Comparison,
    LatestPeriod,
    ReportedDays,
    latest_period,
    previous_period,
    previous_year,
)
from tillstream.analytics.filters import Filters
from tillstream.analytics.measures.definition import measures
from tillstream.analytics.query_cache import QueryCache
from tillstream.analytics.row_scope.context import QueryContext
from tillstream.analytics.row_scope.relations import conversion, relations
from tillstream.analytics.summed import TotalsCoverage, totals_coverage
from tillstream.domain.columns import COSTS, PERSONAL
from tillstream.domain.errors import Rejected
from tillstream.domain.people import PERMISSIONS, UNRESTRICTED, Action, Scope
from tillstream.ports.warehouse import Warehouse, WarehouseQuery

__all__ = [
    "Comparison",
    "Filters",
    "Forbidden",
    "LatestPeriod",
    "Query",
    "QueryCache",
    "TokenLacksRight",
    "compose",
    "describe",
    "forbidden",
    "names",
    "run",
    "stream",
]

AHEAD = timedelta(days=1)
"""How far the local date of a store may be ahead of UTC."""
_REPORTING = "SELECT MAX(currency) AS currency FROM reporting"
_MONEY = (
    "reporting|reporting_rates|reporting_amount|reporting_cost|revenue|costed_revenue|catalogue_revenue|"
    "unconverted_lines|stock_cost|lost_cost|order_cost"
)
_HAS_MONEY = re.compile(rf"^(?!\s*--).*\b({_MONEY})\b", re.MULTILINE)
"""Queries that depend on the currency; the others are not converted."""
_READS_TOTALS = re.compile(r"\b(visible|(year_)?earlier|compared|known|until)_\w*(sums|amounts)\b")
PERSONAL_COLUMNS = PERSONAL | {"customer"}
COST_COLUMNS = COSTS | {one.name for one in measures().values() if one.reads_costs}
_READS_COMPARISON = re.compile(r"\b(earlier|year_earlier|compared)_(\w*lines|\w*sums|customers|amounts|periods)\b")
UNCACHED = "visible_unsettled_lines"
"""A relation that changes between settlements, so that answers from it are not cached."""
PERSONAL_PARAMETER = "personal"
"""The query parameter that is 1 if the user may see personal columns, else 0."""


class Forbidden(Rejected):
    """The user's role or scope does not permit the query at all, whatever its rows."""


class TokenLacksRight(Forbidden):
    """The personal token does not permit it, although the role of its owner does."""

    def __init__(self, right: Action, attempt: str = "") -> None:
        """attempt: what the token cannot do, as in “cannot run SQL”."""
        cannot = f"This token cannot {attempt}: it does" if attempt else "This token does"
        super().__init__(f"{cannot} not have the right “{right.value}”. Create one that has it under API tokens.")


def forbidden(scope: Scope, right: Action, attempt: str) -> Forbidden:
    """The error for what a user may not do: their role, or only their token, lacks the right."""
    if right in PERMISSIONS[scope.role]:
        return TokenLacksRight(right, attempt)
    return Forbidden(f"Your role cannot {attempt}.")


def run(
    warehouse: Warehouse,
    query: Query | str,
    scope: Scope,
    filters: Filters | None = None,
    *,
    cache: QueryCache | None = None,
    **params: Any,
) -> pa.Table:
    """Run a query, or that of sql/queries with a name, on the rows in `scope` and `filters`; columns that the user may
    not see are left out.

    Raises `NotFound` (no such query), `Forbidden`, `Rejected` (a parameter) and what `Warehouse.query` raises.
    """
    filters, query = filters or Filters(), _described(query)
    mark = cache.mark if cache else None  # before querying, so that what is cached is not older
    totals = totals_coverage(warehouse, cache)
    text, values = compose(query, scope, filters, _basis(warehouse, query, scope, filters, totals, cache), **params)
    text, values = on_changed_days(warehouse, query, text, values, totals.last_settlement, cache)
    if cache is None or query.reads(UNCACHED):
        return _without_hidden(warehouse.query(text, values), scope)
    key = (mark, totals.last_settlement, totals.catalogue, text, _frozen(values))
    answer = cache.get(key)
    if answer is None:
        answer = warehouse.query(text, values)
        cache.put(key, answer)
    return _without_hidden(answer, scope)


def stream(
    warehouse: Warehouse, name: str, scope: Scope, filters: Filters | None = None, **params: Any
) -> Iterator[pa.RecordBatch]:
    """As `run`, in batches of bounded size; at least one, for the schema."""
    filters, query = filters or Filters(), describe(name)
    totals = totals_coverage(warehouse)
    basis = _basis(warehouse, query, scope, filters, totals, None)
    text, values = compose(query, scope, filters, basis, **params)
    text, values = on_changed_days(warehouse, query, text, values, totals.last_settlement, None)
    empty = True
    for batch in warehouse.stream(text, values):
        empty = False
        yield _without_hidden(batch, scope)
    if empty:
        result = run(warehouse, name, scope, filters, **params)
        yield pa.RecordBatch.from_arrays([pa.array([], f.type) for f in result.schema], schema=result.schema)


def preview_query(
    warehouse: Warehouse, name: str, scope: Scope, filters: Filters | None = None, **params: Any
) -> WarehouseQuery:
    """Return the query of `run` for a settlement preview; pass its answer to `without_hidden_columns`."""
    filters = filters or Filters()
    coverage = replace(totals_coverage(warehouse), stale=None)  # totals do not include the previewed settlement
    basis = _basis(warehouse, describe(name), scope, filters, coverage, None)
    return WarehouseQuery(*compose(name, scope, filters, basis, **params))


def without_hidden_columns(answer: pa.Table, scope: Scope) -> pa.Table:
    """Remove the columns that the user may not see from the answer to a `preview_query`."""
    return _without_hidden(answer, scope)


def comparison(
    warehouse: Warehouse, scope: Scope, filters: Filters, *, cache: QueryCache | None = None
) -> Comparison | None:
    """Return the periods compared by the growth of `kpis`, or None. Raises as `run`."""
    return comparisons(warehouse, scope, filters, cache=cache)[0]


def comparisons(
    warehouse: Warehouse, scope: Scope, filters: Filters, *, cache: QueryCache | None = None
) -> tuple[Comparison | None, Comparison | None]:
    """Return the comparisons of `growth` with the previous period and the previous year. Raises as `run`."""
    reported = _reported(warehouse, describe("kpis"), scope, filters, cache)
    return previous_period(filters, reported), previous_year(filters, reported)


def latest(
    warehouse: Warehouse, scope: Scope, filters: Filters, today: date, *, cache: QueryCache | None = None
) -> LatestPeriod | None:
    """Return the latest period of the regions and stores in the filters; later days than tomorrow are mistakes.

    Days count as reported when their region has sales, also if the user may see only some of them.
    """
    regions = replace(scope, stores=None, salesperson=None)
    chosen = Filters(region=filters.region, store=filters.store, end=today + AHEAD)
    rows = run(warehouse, "freshness", regions, chosen, cache=cache).to_pylist()
    return latest_period((ReportedDays(row["first_sale_date"], row["last_sale_date"]) for row in rows), today)


def _reported(
    warehouse: Warehouse, query: Query, scope: Scope, filters: Filters, cache: QueryCache | None
) -> ReportedDays:
    """Reported days of the filtered regions and stores; other filters do not shorten them."""
    has_periods = _READS_COMPARISON.search(query.text) and filters.start is not None and filters.end is not None
    if not has_periods and not query.reads("compared_days"):
        return ReportedDays()
    scope_filters = Filters(region=filters.region, store=filters.store)
    (row,) = run(warehouse, "reported-days", scope, scope_filters, cache=cache).to_pylist()
    if row["last_day"] is not None and row["settled_at"] is not None:
        possible = row["settled_at"].date() + AHEAD
        if row["last_day"] > possible:
            (row,) = run(warehouse, "reported-days", scope, scope_filters, cache=cache, until=possible).to_pylist()
    return ReportedDays(row["first_day"], row["last_day"])


def _basis(
    warehouse: Warehouse, query: Query, scope: Scope, filters: Filters, totals: TotalsCoverage, cache: QueryCache | None
) -> QueryContext:
    reported, reporting = _reported(warehouse, query, scope, filters, cache), ""
    if filters.currency or _READS_TOTALS.search(query.text):
        table = (cache or QueryCache()).once("reporting", lambda: warehouse.query(_REPORTING))
        reporting = str(table.column("currency")[0])
    currency = "" if filters.currency == reporting else filters.currency
    return QueryContext(reported, reporting, totals.stale, currency, totals.catalogue > 0)


def _described(query: Query | str) -> Query:
    return describe(query) if isinstance(query, str) else query


def compose(
    query: Query | str,
    scope: Scope,
    filters: Filters,
    basis: QueryContext | None = None,
    **params: Any,
) -> tuple[str, dict[str, Any]]:
    """Return the GoogleSQL text and parameters that `run` sends. Raises as `run`, without reading any data."""
    query = _described(query)
    _check_allowed(query, scope, filters)
    unknown = sorted(set(params) - {parameter.name for parameter in query.parameters})
    if unknown:
        supported = ", ".join(parameter.name for parameter in query.parameters) or "none"
        raise Rejected(f"{query.name} has no parameter {', '.join(unknown)}. Its parameters: {supported}.")
    values = {parameter.name: parameter.value(params.get(parameter.name)) for parameter in query.parameters}
    if PERSONAL_PARAMETER in values:  # overrides the caller: a search must not match hidden columns
        values[PERSONAL_PARAMETER] = int(scope.may(Action.SEE_PERSONAL))
    basis = basis or QueryContext()
    if not _HAS_MONEY.search(query.text):
        basis = replace(basis, currency="")
    relation_ctes = ""
    converted = conversion(filters, basis)
    scoped = converted | relations(scope, filters, basis, query.reads)
    for relation, (select, relation_params) in scoped.items():
        if relation in converted or query.reads(relation):
            relation_ctes += f"{relation} AS (\n  {select}\n),\n"
            values |= relation_params
    return re.sub(r"^WITH\n", lambda match: match[0] + relation_ctes, query.text, count=1, flags=re.MULTILINE), values


def _check_allowed(query: Query, scope: Scope, filters: Filters) -> None:
    if query.needs and not scope.may(query.needs):
        raise forbidden(scope, query.needs, f"use {query.name}, which requires the permission “{query.needs}”")
    if filters.salesperson is not None and not scope.may(Action.SEE_PERSONAL):
        raise forbidden(scope, Action.SEE_PERSONAL, "see personal data and therefore cannot filter by salesperson")
    if scope != UNRESTRICTED and not any(map(query.reads, _relation_names())):
        raise Forbidden(f"{query.name} reads the whole warehouse; only an administrator can run it.")


@functools.cache
def _relation_names() -> tuple[str, ...]:
    return tuple(relations(UNRESTRICTED, Filters(), QueryContext()))


def _without_hidden(answer: Any, scope: Scope) -> Any:
    hidden = frozenset[str]()
    if not scope.may(Action.SEE_PERSONAL):
        hidden |= PERSONAL_COLUMNS
    if not scope.may(Action.SEE_COSTS):
        hidden |= COST_COLUMNS
    return answer.select([column for column in answer.schema.names if column not in hidden]) if hidden else answer


def _frozen(values: dict[str, Any]) -> tuple[tuple[str, Any], ...]:
    return tuple(sorted((name, tuple(v) if isinstance(v, list) else v) for name, v in values.items()))
