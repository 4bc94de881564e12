"""Conditions of the sets of days that a query reads, within scope and filters; see `relations`."""

from datetime import date, timedelta

from tillstream.analytics.comparison import Comparison
from tillstream.analytics.filters import Filters
from tillstream.analytics.row_scope.conditions import Where
from tillstream.analytics.row_scope.context import QueryContext
from tillstream.domain.people import Scope

_RESOLVED = {"product_id": "product"}
"""Column of a filter → column of the rows that has its values."""


def comparison_where(
    scope: Scope, filters: Filters, comparison: Comparison | None, name: str, basis: QueryContext
) -> Where:
    if comparison is None:
        return Where(["FALSE"])
    prefix = "against" if filters.against else "filter"
    where = visible_where(scope, filters.against or filters, prefix, has_catalogue=basis.has_catalogue)
    where.between(comparison.before_start, comparison.before_end, name)
    return where


def history_where(scope: Scope, filters: Filters) -> Where:
    if filters.start is None or filters.start == date.min:
        return Where(["FALSE"])
    where = visible_where(scope, Filters())
    where.between(None, filters.start - timedelta(days=1), "known")
    return where


def until_where(scope: Scope, filters: Filters) -> Where:
    where = visible_where(scope, Filters())
    where.between(None, filters.end, "until")
    return where


def visible_where(scope: Scope, filters: Filters, prefix: str = "filter", *, has_catalogue: bool = True) -> Where:
    where = scope_where(scope)
    where.computed = {} if has_catalogue else {"product": "COALESCE(product_id, product_name)"}
    for column, values in filters.chosen().items():
        where.is_in(_RESOLVED.get(column, column), values, f"{prefix}_{column}")
    return where


def scope_where(scope: Scope) -> Where:
    where = Where()
    where.is_in("region", scope.regions, "scope_regions")
    where.is_in("store_id", scope.stores, "scope_stores")
    if scope.salesperson is not None:
        where.is_in("salesperson_id", (scope.salesperson,) if scope.salesperson else (), "scope_salesperson")
    return where
