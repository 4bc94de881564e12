"""WHERE conditions of the rows and of the sets of days that a query reads, within scope and filters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from tillstream.analytics.comparison import PeriodComparison, ReportedDays
from tillstream.analytics.filters import Filters
from tillstream.model.people import Scope
from tillstream.model.tables.daily_totals import DAY


@dataclass
class Where:
    """Conditions joined by AND; values are always parameters."""

    conditions: list[str] = field(default_factory=list)
    params: dict[str, Any] = field(default_factory=dict)
    columns: set[str] = field(default_factory=set)
    """Columns used by `is_in` conditions."""
    computed: Mapping[str, str] = field(default_factory=dict)
    """Column → expression that replaces it in `is_in` conditions, because engines can test it before joins."""

    def is_in(self, column: str, values: Sequence[str] | None, name: str) -> None:
        """Require `column` to be one of `values`. None: no condition; empty: no rows."""
        if values is None:
            return
        if not values:
            self.conditions.append("FALSE")
            return
        self.conditions.append(f"{self.computed.get(column, column)} IN UNNEST(@{name})")
        self.params[name] = list(values)
        self.columns.add(column)

    def between(self, first: date | None, last: date | None, name: str, column: str = DAY) -> None:
        """Limit the sale date or another day, bounds inclusive; None: no bound."""
        for sign, day, end in ((">=", first, "from"), ("<=", last, "to")):
            if day is not None:
                self.conditions.append(f"{column} {sign} @{name}_{end}")
                self.params[f"{name}_{end}"] = day

    def select(self, table: str, columns: str = "*", extra: str = "") -> str:
        conditions = [*self.conditions, *([extra] if extra else [])]
        where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        return f"SELECT {columns} FROM {table}{where}"


@dataclass(frozen=True)
class QueryContext:
    """Context of a query in addition to scope and filters."""

    reported: ReportedDays = field(default_factory=ReportedDays)
    reporting_currency: str = ""
    stale: tuple[date, ...] | None = None
    """Days not covered by the daily totals; None if there are no daily totals."""
    currency: str = ""
    """Currency of all amounts, instead of the reporting currency; empty: the reporting currency."""
    has_catalogue: bool = True
    """FALSE if the catalogue of the warehouse has never had an entry."""


_RESOLVED = {"product_id": "product"}
"""Column of a filter → column of the rows that has its values."""


def comparison_where(
    scope: Scope, filters: Filters, comparison: PeriodComparison | None, name: str, basis: QueryContext
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
