"""SELECTs of rows within scope and filters: their conditions, and sums of the daily totals of covered days and of the
lines of the others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from tillstream.analytics.filters import Filters, PeriodComparison, ReportedDays
from tillstream.model.people import Scope
from tillstream.model.tables.daily_totals import DAY, HAS_CUSTOMER, MEASURES, ROLLUPS, SPLIT_ORDERS, SPLITS
from tillstream.ports.warehouse import BoundQuery, QueryParams

_RESOLVED = {"product_id": "product"}
"""Column of a filter → column of the rows that has its values."""

_COUNTS = """SELECT
    {dimensions},
    sums.lines,
    IF(status <> 'cancelled', sums.lines, 0) AS active_lines,
    {orders} AS orders,
    IF(status <> 'cancelled', quantity, NULL) AS units,
    net,
    first_sale,
    last_sale,
    {split_orders} AS split_orders"""
_MONEY = """,
    CAST(net AS BIGNUMERIC) * CAST({factor} AS BIGNUMERIC) AS reporting_amount,
    IF(status <> 'cancelled', CAST(net AS BIGNUMERIC) * CAST({factor} AS BIGNUMERIC), NULL) AS revenue,
    IF(status <> 'cancelled', CAST(discount AS BIGNUMERIC) * CAST({factor} AS BIGNUMERIC), NULL) AS reporting_discount,
    IF(
      status <> 'cancelled' AND {factor} IS NOT NULL,
      CAST(cost AS BIGNUMERIC) * CAST({cost_factor} AS BIGNUMERIC),
      NULL
    ) AS reporting_cost,
    IF({is_costed}, CAST(costed_net AS BIGNUMERIC) * CAST({factor} AS BIGNUMERIC), NULL) AS costed_revenue,
    IF({is_costed} OR (status <> 'cancelled' AND {same_currency}), costed_lines, 0) AS costed_lines,
    IF(
      {is_costed} AND cost_currency IS NOT NULL,
      CAST(costed_net AS BIGNUMERIC) * CAST({factor} AS BIGNUMERIC),
      NULL
    ) AS catalogue_revenue,
    IF(status <> 'cancelled' AND {factor} IS NULL, sums.lines, 0) AS unconverted_lines"""
_IS_COSTED = "status <> 'cancelled' AND {cost_factor} IS NOT NULL"
_SAME_CURRENCY = "COALESCE(sums.cost_currency, sums.currency) = sums.currency"
_RATED = "LEFT JOIN reporting_rates AS rates ON rates.sale_date = sums.sale_date AND rates.currency = sums.currency"
_KIND = """CASE
      WHEN status = 'returned' THEN 'returns'
      WHEN product IS NOT NULL AND units > 0 AND active_net > 0 THEN 'goods'
      ELSE 'other'
    END"""
_FACTOR = "IF(sums.currency = @reporting_currency, 1, rates.factor)"
_COST_RATED = """LEFT JOIN reporting_rates AS cost_rates
  ON cost_rates.sale_date = sums.sale_date AND cost_rates.currency = sums.cost_currency"""
_COST_FACTOR = (
    f"CASE WHEN sums.cost_currency IS NULL THEN {_FACTOR} WHEN sums.cost_currency = @reporting_currency THEN 1 "
    "ELSE cost_rates.factor END"
)
_PRODUCT = "product"
LINE_SUMS = "line_sums"
_LINE_DIMENSIONS = (*dict.fromkeys(column for columns in ROLLUPS.values() for column in columns), _PRODUCT)
_SOURCES = {"product_sums": "product_totals"}
"""Table → the view with the same rows and the product of the catalogue."""


@dataclass
class Where:
    """Conditions joined by AND; values are always parameters."""

    conditions: list[str] = field(default_factory=list)
    params: QueryParams = field(default_factory=dict)
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


def count_query(table: str, where: Where, stale: Sequence[date] | None, *, whole_sales: bool) -> BoundQuery:
    """Return (SELECT, parameters) of the totals in `table` within `where`, without the slower currency conversion.

    Columns: the table's dimensions; lines of every status; active_lines, orders (see line_facts; 0 unless
    `whole_sales`), units (NULL on cancelled lines); net in the sale's currency; first_sale and last_sale, the least and
    greatest hash of a sale; split_orders, the orders by category, product or customer but those of `counted_lines`.
    Lines are read instead of totals on `stale` days, and on all days if a condition uses a column that the table does
    not have.
    """
    rows, params = _rows(table, where, stale)
    columns = _columns(_COUNTS, table, whole_sales=whole_sales, has_split=_has_split_orders(table, where, stale))
    return f"{columns}\n  FROM (\n    {rows}\n  ) AS sums", params


def counted_lines(table: str, where: Where, stale: Sequence[date] | None) -> BoundQuery:
    """Return (SELECT, parameters) of the lines within `where` whose sales must be counted, as in line_facts.

    The number of orders of a category, product or customer, see `SPLITS`, is that of their distinct sales, plus the
    `split_orders` of the table.
    """
    if not _has_split_orders(table, where, stale):
        return where.select("line_facts", extra="counts_as_order"), where.params
    others = ["is_mixed_order"]
    if stale:
        others.append(f"{DAY} IN UNNEST(@stale_days)")
    if table == "customer_sums":
        others.append(f"NOT {HAS_CUSTOMER}")
    extra = f"counts_as_order AND ({' OR '.join(others)})"
    return where.select("line_facts", extra=extra), where.params | ({"stale_days": list(stale)} if stale else {})


def total_query(
    table: str,
    where: Where,
    stale: Sequence[date] | None,
    reporting_currency: str,
    *,
    whole_sales: bool,
    has_catalogue: bool = True,
) -> BoundQuery:
    """As `count_query`, with unrounded amounts in the reporting currency; sum first, then round once.

    Additional columns: reporting_amount; revenue, reporting_discount, reporting_cost and costed_revenue (of the
    costed_lines), NULL on cancelled lines; catalogue_revenue, the part of costed_revenue whose cost is that of the
    catalogue; unconverted_lines. Amounts are NULL without a rate; a line whose cost has no rate counts as a line
    without a cost.

    has_catalogue: FALSE if no cost is that of the catalogue, so that their rates need not be read.
    """
    rows, params = _rows(table, where, stale, has_catalogue=has_catalogue)
    columns = _columns(
        _COUNTS + _MONEY,
        table,
        whole_sales=whole_sales,
        has_catalogue=has_catalogue,
        has_split=_has_split_orders(table, where, stale),
    )
    rated = f"{_RATED}\n  {_COST_RATED}" if has_catalogue else _RATED
    select = f"{columns}\n  FROM (\n    {rows}\n  ) AS sums\n  {rated}"
    return select, params | {"reporting_currency": reporting_currency}


def span_query(where: Where, stale: Sequence[date] | None) -> BoundQuery:
    """Return (SELECT, parameters) of the stores within `where`, with the first and last day of sales that count."""
    rows, params = _rows("day_sums", where, stale)
    columns = f"region, store_id, MIN({DAY}) AS first_day, MAX({DAY}) AS last_day"
    active = "status <> 'cancelled'"
    return f"SELECT {columns} FROM (\n    {rows}\n  ) AS sums WHERE {active} GROUP BY region, store_id", params


def series_query(
    table: str,
    series: Mapping[str, Where],
    stale: Sequence[date] | None,
    reporting_currency: str,
    *,
    whole_sales: bool,
    has_catalogue: bool = True,
) -> BoundQuery:
    """As `total_query` for several sets of days, with their name in the column series."""
    selects, params = [], QueryParams()
    for name, where in series.items():
        select, own = total_query(
            table, where, stale, reporting_currency, whole_sales=whole_sales, has_catalogue=has_catalogue
        )
        selects.append(f"SELECT '{name}' AS series, totals.* FROM (\n{select}\n  ) AS totals")
        params |= own
    return "\n  UNION ALL\n  ".join(selects), params


def amount_query(where: Where, reporting_currency: str) -> BoundQuery:
    """Return (SELECT, parameters) of the lines within `where` that are not cancelled, as in line_facts.

    Additional column: revenue, the unrounded net amount in the reporting currency; NULL without a rate.
    """
    rows = where.select("line_facts", extra="is_active")
    revenue = f"CAST(active_net AS BIGNUMERIC) * CAST({_FACTOR} AS BIGNUMERIC) AS revenue"
    return (
        f"SELECT sums.*, {revenue}\n  FROM (\n    {rows}\n  ) AS sums\n  {_RATED}",
        where.params | {"reporting_currency": reporting_currency},
    )


def side_query(after: Where, before: Where, reporting_currency: str) -> BoundQuery:
    """Return (SELECT, parameters) of the lines of two selections as in `amount_query`, those without a rate left out.

    Additional columns: side, which is after or before; kind, which is returns, goods (a product with a positive
    quantity and a positive amount) or other.
    """
    selects, params = [], QueryParams()
    for side, where in (("after", after), ("before", before)):
        select, own = amount_query(where, reporting_currency)
        selects.append(f"SELECT '{side}' AS side, {_KIND} AS kind, amounts.* FROM (\n{select}\n  ) AS amounts")
        params |= own
    return "\n  UNION ALL\n  ".join(f"{one}\n  WHERE revenue IS NOT NULL" for one in selects), params


def _has_split_orders(table: str, where: Where, stale: Sequence[date] | None) -> bool:
    """Whether `split_orders` counts within `where`: no condition selects some lines of a category, product or customer
    of a sale, but not others."""
    columns = set(_dimensions(table)) - ({"category"} if SPLITS.get(table) != "category" else set())
    return table in SPLITS and stale is not None and where.columns <= columns


def _columns(columns: str, table: str, *, whole_sales: bool, has_split: bool, has_catalogue: bool = True) -> str:
    dimensions = ", ".join(f"sums.{name}" for name in _dimensions(table))
    cost_factor = _COST_FACTOR if has_catalogue else _FACTOR
    return columns.format(
        dimensions=dimensions,
        orders="sums.orders" if whole_sales else "0",
        split_orders=SPLIT_ORDERS if has_split else "0",
        factor=_FACTOR,
        cost_factor=cost_factor,
        is_costed=_IS_COSTED.format(cost_factor=cost_factor),
        same_currency=_SAME_CURRENCY,
    )


def _dimensions(table: str) -> tuple[str, ...]:
    if table == LINE_SUMS:
        return _LINE_DIMENSIONS
    return (*ROLLUPS[table], _PRODUCT) if table in _SOURCES else ROLLUPS[table]


def _rows(table: str, where: Where, stale: Sequence[date] | None, *, has_catalogue: bool = True) -> BoundQuery:
    """Totals of the covered days, lines of the others."""
    dimensions = _dimensions(table)
    columns = ", ".join((*dimensions, *(measure.name for measure in MEASURES)))
    line_columns = columns.replace(SPLIT_ORDERS, f"0 AS {SPLIT_ORDERS}")
    customer_condition = HAS_CUSTOMER if table == "customer_sums" else ""
    if table == LINE_SUMS or stale is None or not where.columns <= set(dimensions):
        return where.select("line_sums", line_columns, customer_condition), where.params
    source = _source(table, has_catalogue=has_catalogue)
    if not stale:
        return where.select(source, columns), where.params
    totals = where.select(source, columns, f"{DAY} NOT IN UNNEST(@stale_days)")
    lines = where.select(
        "line_sums", line_columns, " AND ".join(filter(None, (f"{DAY} IN UNNEST(@stale_days)", customer_condition)))
    )
    return f"{totals}\n    UNION ALL\n    {lines}", where.params | {"stale_days": list(stale)}


def _source(table: str, *, has_catalogue: bool) -> str:
    """The rows of a table; those of products with the column `product`."""
    if has_catalogue or table not in _SOURCES:
        return _SOURCES.get(table, table)
    return f"(SELECT {table}.*, COALESCE(product_id, product_name) AS {_PRODUCT} FROM {table}) AS {table}"
