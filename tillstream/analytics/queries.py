"""The only entry point for queries; it applies scope and filters, and reads daily totals for the days they cover."""

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import pyarrow as pa

import sql
from sql.limits import NO_DAY, limited, where
from tillstream.analytics.filters import (
    Filters,
    LatestPeriod,
    PeriodComparison,
    ReportedDays,
    compare_previous_period,
    compare_previous_year,
    latest_period,
)
from tillstream.analytics.measures.definitions import all_measures
from tillstream.analytics.query_cache import QueryCache
from tillstream.analytics.query_catalogue import CatalogueQuery, describe_query, insert_ctes
from tillstream.analytics.row_scope.relations import conversion_relations, scoped_relations
from tillstream.analytics.row_scope.row_selection import QueryContext
from tillstream.model.columns import COSTS, PERSONAL
from tillstream.model.errors import Rejected
from tillstream.model.people import UNRESTRICTED, Scope
from tillstream.model.permissions import PERMISSIONS, Action
from tillstream.ports.warehouse import BoundQuery, QueryParams, Warehouse, WarehouseQuery

MAX_CHANGED_DAYS = 1_000
"""With more days, the query reads the whole ledger."""
_CHANGED_ROWS = where(
    {
        "sale_versions": "sale_date IN UNNEST(@changed_days)",
        # a settlement that commits now has other days
        "settlements": "settlement_no <= @last_settlement",
        "listed_changes": "settlement_no <= @last_settlement",
    }
)

MAX_DAYS_AHEAD = timedelta(days=1)
"""How far the local date of a store may be ahead of UTC."""
_REPORTING = "SELECT MAX(currency) AS currency FROM reporting"
_TOTALLED_DAYS = tuple(f"{days}_" for days in ("visible", "earlier", "year_earlier", "compared", "known", "until"))
_TOTALLED_ROWS = ("sums", "amounts")
_COMPARED_DAYS = ("earlier_", "year_earlier_", "compared_")
_REPORTED_DAYS = "compared_days"
PERSONAL_COLUMNS = PERSONAL | {"customer"}
COST_COLUMNS = COSTS | {one.name for one in all_measures().values() if one.reads_costs}
UNCACHED_RELATION = "visible_unsettled_lines"
"""A relation that changes between settlements, so that answers from it are not cached."""
PERSONAL_PARAMETER = "personal"
"""The query parameter that is 1 if the user may see personal columns, else 0."""


def limit_to_changed_days(
    warehouse: Warehouse,
    query: CatalogueQuery,
    text: str,
    params: Mapping[str, Any],
    last: int,
    cache: QueryCache | None,
) -> BoundQuery:
    """Return the text and parameters of a query, limited if it reads the changes after a settlement.

    last: the last settlement of the ledger.
    """
    if "after" not in params or not query.reads("visible_versions"):
        return text, dict(params)
    days = _read_changed_days(warehouse, params["after"], min(last, params.get("through", last)), cache)
    if len(days) > MAX_CHANGED_DAYS:
        return text, dict(params)
    limits = {"changed_days": days or [NO_DAY], "last_settlement": last}
    return limited(text, _CHANGED_ROWS), {**params, **limits}


def _read_changed_days(warehouse: Warehouse, after: int, last: int, cache: QueryCache | None) -> list[date]:
    key = ("changed days", after, last)
    answer = cache.get(key) if cache else None
    if answer is None:
        answer = warehouse.query(sql.text("ledger/changed_days"), {"after": after, "last": last})
        if cache:
            cache.put(key, answer)
    days: list[date] = answer.column("sale_date").to_pylist()
    return days


@dataclass(frozen=True)
class TotalsCoverage:
    """Coverage of the daily totals. `stale`: days whose lines must be read; None if there are no totals."""

    last_settlement: int = 0
    stale: tuple[date, ...] | None = None
    catalogue: int = 0
    """Number of changes of the catalogue's tables; 0: it has never had an entry."""


def totals_coverage(warehouse: Warehouse, cache: QueryCache | None = None) -> TotalsCoverage:
    """Return the coverage as of the last settlement, cached by settlement."""
    cache = cache or QueryCache()
    (row,) = cache.once("summed", lambda: warehouse.query(sql.text("daily_totals/summed"))).to_pylist()
    last_settlement, summed_settlement, catalogue = row["last_settlement"], row["summed_settlement"], row["changes"]
    written_settlement = row["written_settlement"]
    if not summed_settlement:
        return TotalsCoverage(last_settlement, None, catalogue)
    if last_settlement == summed_settlement and not row["changed_days"]:
        return TotalsCoverage(last_settlement, (), catalogue)
    key = (last_settlement, summed_settlement, written_settlement, catalogue, row["changed_days"])
    days = _read_stale_days(warehouse, cache, key, "stale_days", {"settlement_no": summed_settlement})
    if written_settlement != summed_settlement:  # an older version refreshed the totals
        days |= _read_stale_days(warehouse, cache, key, "unsplit_days")
    return TotalsCoverage(last_settlement, tuple(sorted(days)), catalogue)


def _read_stale_days(
    warehouse: Warehouse, cache: QueryCache, key: tuple[int, ...], name: str, params: Mapping[str, Any] | None = None
) -> set[date]:
    rows = cache.get((name, *key))
    if rows is None:
        rows = warehouse.query(sql.text(f"daily_totals/{name}"), params)
        cache.put((name, *key), rows)
    return {*rows.column("sale_date").to_pylist()}


class Forbidden(Rejected):
    """The user's role or scope does not permit the query at all, whatever its rows."""


class TokenLacksRight(Forbidden):
    """The personal token does not permit it, although the role of its owner does."""

    def __init__(self, right: Action, attempt: str = "") -> None:
        """attempt: what the token cannot do, as in “cannot run SQL”."""
        cannot = f"This token cannot {attempt}: it does" if attempt else "This token does"
        super().__init__(f"{cannot} not have the right “{right.value}”. Create one that has it under API tokens.")


def forbidden_error(scope: Scope, right: Action, attempt: str) -> Forbidden:
    """The error for what a user may not do: their role, or only their token, lacks the right."""
    if right in PERMISSIONS[scope.role]:
        return TokenLacksRight(right, attempt)
    return Forbidden(f"Your role cannot {attempt}.")


def run_query(
    warehouse: Warehouse,
    query: CatalogueQuery | str,
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
    filters, query = filters or Filters(), _describe(query)
    mark = cache.mark if cache else None  # before querying, so that what is cached is not older
    totals = totals_coverage(warehouse, cache)
    text, values = compose_query(
        query, scope, filters, _query_context(warehouse, query, scope, filters, totals, cache), **params
    )
    text, values = limit_to_changed_days(warehouse, query, text, values, totals.last_settlement, cache)
    if cache is None or query.reads(UNCACHED_RELATION):
        return _without_hidden(warehouse.query(text, values), scope)
    key = (mark, totals.last_settlement, totals.catalogue, text, _frozen(values))
    answer = cache.get(key)
    if answer is None:
        answer = warehouse.query(text, values)
        cache.put(key, answer)
    return _without_hidden(answer, scope)


def stream_query(
    warehouse: Warehouse, name: str, scope: Scope, filters: Filters | None = None, **params: Any
) -> Iterator[pa.RecordBatch]:
    """As `run_query`, in batches of bounded size; at least one, for the schema."""
    filters, query = filters or Filters(), describe_query(name)
    totals = totals_coverage(warehouse)
    basis = _query_context(warehouse, query, scope, filters, totals, None)
    text, values = compose_query(query, scope, filters, basis, **params)
    text, values = limit_to_changed_days(warehouse, query, text, values, totals.last_settlement, None)
    empty = True
    for batch in warehouse.stream(text, values):
        empty = False
        yield _without_hidden(batch, scope)
    if empty:
        result = run_query(warehouse, name, scope, filters, **params)
        yield pa.RecordBatch.from_arrays([pa.array([], f.type) for f in result.schema], schema=result.schema)


def preview_query(
    warehouse: Warehouse, name: str, scope: Scope, filters: Filters | None = None, **params: Any
) -> WarehouseQuery:
    """Return the query of `run_query` for a settlement preview; pass its answer to `without_hidden_columns`."""
    filters = filters or Filters()
    coverage = replace(totals_coverage(warehouse), stale=None)  # totals do not include the previewed settlement
    basis = _query_context(warehouse, describe_query(name), scope, filters, coverage, None)
    return WarehouseQuery(*compose_query(name, scope, filters, basis, **params))


def without_hidden_columns(answer: pa.Table, scope: Scope) -> pa.Table:
    """Remove the columns that the user may not see from the answer to a `preview_query`."""
    return _without_hidden(answer, scope)


def read_comparison(
    warehouse: Warehouse, scope: Scope, filters: Filters, *, cache: QueryCache | None = None
) -> PeriodComparison | None:
    """Return the periods compared by the growth of `kpis`, or None. Raises as `run_query`."""
    return read_comparisons(warehouse, scope, filters, cache=cache)[0]


def read_comparisons(
    warehouse: Warehouse, scope: Scope, filters: Filters, *, cache: QueryCache | None = None
) -> tuple[PeriodComparison | None, PeriodComparison | None]:
    """Return the comparisons of `growth` with the previous period and the previous year. Raises as `run_query`."""
    reported = _reported(warehouse, describe_query("kpis"), scope, filters, cache)
    return compare_previous_period(filters, reported), compare_previous_year(filters, reported)


def read_latest_period(
    warehouse: Warehouse, scope: Scope, filters: Filters, today: date, *, cache: QueryCache | None = None
) -> LatestPeriod | None:
    """Return the latest period of the regions and stores in the filters; later days than tomorrow are mistakes.

    Days count as reported when their region has sales, also if the user may see only some of them.
    """
    regions = replace(scope, stores=None, salesperson=None)
    chosen = Filters(region=filters.region, store=filters.store, end=today + MAX_DAYS_AHEAD)
    rows = run_query(warehouse, "freshness", regions, chosen, cache=cache).to_pylist()
    return latest_period((ReportedDays(row["first_sale_date"], row["last_sale_date"]) for row in rows), today)


def _reported(
    warehouse: Warehouse, query: CatalogueQuery, scope: Scope, filters: Filters, cache: QueryCache | None
) -> ReportedDays:
    """Reported days of the filtered regions and stores; other filters do not shorten them."""
    compares = any(one.startswith(_COMPARED_DAYS) for one in query.relations - {_REPORTED_DAYS})
    has_periods = compares and filters.start is not None and filters.end is not None
    if not has_periods and not query.reads(_REPORTED_DAYS):
        return ReportedDays()
    scope_filters = Filters(region=filters.region, store=filters.store)
    (row,) = run_query(warehouse, "reported-days", scope, scope_filters, cache=cache).to_pylist()
    if row["last_day"] is not None and row["settled_at"] is not None:
        possible = row["settled_at"].date() + MAX_DAYS_AHEAD
        if row["last_day"] > possible:
            (row,) = run_query(
                warehouse, "reported-days", scope, scope_filters, cache=cache, until=possible
            ).to_pylist()
    return ReportedDays(row["first_day"], row["last_day"])


def _query_context(
    warehouse: Warehouse,
    query: CatalogueQuery,
    scope: Scope,
    filters: Filters,
    totals: TotalsCoverage,
    cache: QueryCache | None,
) -> QueryContext:
    reported, reporting = _reported(warehouse, query, scope, filters, cache), ""
    if filters.currency or any(
        one.startswith(_TOTALLED_DAYS) and one.endswith(_TOTALLED_ROWS) for one in query.relations
    ):
        table = (cache or QueryCache()).once("reporting", lambda: warehouse.query(_REPORTING))
        reporting = str(table.column("currency")[0])
    currency = "" if filters.currency == reporting else filters.currency
    return QueryContext(reported, reporting, totals.stale, currency, totals.catalogue > 0)


def _describe(query: CatalogueQuery | str) -> CatalogueQuery:
    return describe_query(query) if isinstance(query, str) else query


def compose_query(
    query: CatalogueQuery | str,
    scope: Scope,
    filters: Filters,
    basis: QueryContext | None = None,
    **params: Any,
) -> BoundQuery:
    """Return the GoogleSQL text and parameters that `run_query` sends; raises as it does, but reads no data."""
    query = _describe(query)
    _check_allowed(query, scope, filters)
    unknown = sorted(set(params) - {parameter.name for parameter in query.parameters})
    if unknown:
        supported = ", ".join(parameter.name for parameter in query.parameters) or "none"
        raise Rejected(f"{query.name} has no parameter {', '.join(unknown)}. Its parameters: {supported}.")
    values = {parameter.name: parameter.value(params.get(parameter.name)) for parameter in query.parameters}
    if PERSONAL_PARAMETER in values:  # overrides the caller: a search must not match hidden columns
        values[PERSONAL_PARAMETER] = int(scope.may(Action.SEE_PERSONAL))
    basis = basis or QueryContext()
    if not query.has_amounts:
        basis = replace(basis, currency="")
    ctes: list[str] = []
    converted = conversion_relations(filters, basis)
    scoped = converted | scoped_relations(scope, filters, basis, query.reads)
    for relation, (select, relation_params) in scoped.items():
        if relation in converted or query.reads(relation):
            ctes.append(f"{relation} AS (\n  {select}\n)")
            values |= relation_params
    return insert_ctes(query.text, ctes), values


def _check_allowed(query: CatalogueQuery, scope: Scope, filters: Filters) -> None:
    if query.needs and not scope.may(query.needs):
        raise forbidden_error(scope, query.needs, f"use {query.name}, which requires the permission “{query.needs}”")
    if filters.salesperson is not None and not scope.may(Action.SEE_PERSONAL):
        raise forbidden_error(
            scope, Action.SEE_PERSONAL, "see personal data and therefore cannot filter by salesperson"
        )
    if scope != UNRESTRICTED and not any(map(query.reads, _relation_names())):
        raise Forbidden(f"{query.name} reads the whole warehouse; only an administrator can run it.")


@functools.cache
def _relation_names() -> tuple[str, ...]:
    return tuple(scoped_relations(UNRESTRICTED, Filters(), QueryContext()))


def _without_hidden(answer: Any, scope: Scope) -> Any:
    hidden = frozenset[str]()
    if not scope.may(Action.SEE_PERSONAL):
        hidden |= PERSONAL_COLUMNS
    if not scope.may(Action.SEE_COSTS):
        hidden |= COST_COLUMNS
    return answer.select([column for column in answer.schema.names if column not in hidden]) if hidden else answer


def _frozen(values: QueryParams) -> tuple[tuple[str, Any], ...]:
    return tuple(sorted((name, tuple(v) if isinstance(v, list) else v) for name, v in values.items()))
