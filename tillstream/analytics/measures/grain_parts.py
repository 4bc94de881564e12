"""Parts of a query of measures: the base measures of one grain and set of days, by group.

A part reads its relation once, the smallest one that has what its measures and dimensions need; sums of lines and
orders are one part wherever the same relation has both. See `row_scope` for the relations.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from tillstream.analytics.measures.definitions import CUSTOMER_EXPRESSION, Dimension, Grain, Measure, aggregate_sql
from tillstream.model.tables.daily_totals import ROLLUPS, SPLIT_ORDERS

DAY_SERIES = {
    "": "visible", "whole": "visible", "now": "compared", "before": "earlier", "year_before": "year_earlier"
}  # fmt: skip
"""Function of a measure → the set of days, see `row_scope.relations`."""
_REPORTED_DAY = "last_day"
VALUE_TYPES = {"count": "INT64", "day": "", "class": ""}
"""Format → type of a value; the others are NUMERIC."""
_SPLIT_SUMS = {
    "category": ("day_sums", "sums"),
    "product": ("product_sums", "product_sums"),
    "customer": ("customer_sums", "customers"),
}
"""Dimension that splits sales → the daily totals with their orders by it, and the kind of rows, see `relations`."""
_DIMENSION_COLUMNS = frozenset(column for columns in ROLLUPS.values() for column in columns) | {"product", "customer"}

_CUSTOMER_COLUMNS = {"active_lines": "SUM(active_lines)", "is_repeat": "MIN(first_sale) <> MAX(last_sale)"}
"""Columns of a customer of a group, from their rows."""
_CUSTOMER_COUNTS = {"COUNT(*)": "COUNT(DISTINCT customer)", "SUM(active_lines)": "SUM(active_lines)"}
"""Aggregate of customers → the same of rows, which needs no row per customer."""


@dataclass(frozen=True)
class QueryPart:
    """name: the CTE with the dimensions and the columns. ctes: itself and those that it reads. relations: those that
    these read."""

    name: str
    columns: tuple[str, ...]
    ctes: tuple[str, ...]
    relations: frozenset[str]


@dataclass(frozen=True)
class _PartGroup:
    """What a part computes: columns (name → measure) by dimensions, in a set of days; its CTEs begin with `prefix`."""

    prefix: str
    days: str
    columns: Mapping[str, Measure]
    by: Sequence[Dimension]
    relations: set[str] = field(default_factory=set)

    @property
    def names(self) -> list[str]:
        return [one.name for one in self.by]

    def of_grain(self, grain: Grain) -> Mapping[str, Measure]:
        return {name: one for name, one in self.columns.items() if one.grain == grain}

    def relation(self, name: str) -> str:
        """Return the name of a relation that the part reads."""
        self.relations.add(name)
        return name

    def rows(self, kind: str) -> str:
        """Return the relation with a kind of rows of the days."""
        return self.relation(f"{self.days}_{kind}")

    def where(self, condition: str = "") -> str:
        """Return the condition of the rows that count: those that have the required dimensions."""
        required = [f"{one.sql} IS NOT NULL" for one in self.by if one.is_required]
        return " AND ".join([*([condition] if condition else []), *required])

    def cte(self, name: str, select: str, source: str, where: str = "", *, grouped: Sequence[str] = ()) -> str:
        where = f"\n  WHERE {where}" if where else ""
        group = f"\n  GROUP BY {', '.join(grouped)}" if grouped else ""
        return f"{self.prefix}{name} AS (\n  SELECT\n    {select}\n  FROM {source}{where}{group}\n)"


class _OrderRows(NamedTuple):
    """Where orders are counted: a column of sums that adds up, and the lines whose different sales are added to it."""

    sums: str
    column: str
    lines: str
    condition: str = ""

    @classmethod
    def from_dimensions(cls, by: Sequence[Dimension]) -> "_OrderRows":
        splits = [one.name for one in by if one.splits_sales]
        if not splits:
            return cls("sums", "orders", "lines", "is_mixed_order")
        table, sums = _SPLIT_SUMS[splits[0]]
        if len(splits) == 1 and {one.column for one in by if not one.splits_sales} <= set(ROLLUPS[table]):
            return cls(sums, SPLIT_ORDERS, f"{splits[0]}_lines")
        return cls("", "", "lines", "counts_as_order")


def query_part(
    prefix: str, grain: Grain, function: str, columns: Mapping[str, Measure], by: Sequence[Dimension]
) -> QueryPart:
    """Return the part of the measures of a grain; function: see `definitions.MEASURE_FUNCTIONS`, or empty."""
    prefix += f"{function}_{grain}_" if function else f"{grain}_"
    group = _PartGroup(prefix, DAY_SERIES[function], columns, by)
    ctes = tuple(_CTES_BY_GRAIN[grain](group))
    return QueryPart(f"{prefix}totals", tuple(columns), ctes, frozenset(group.relations))


def _line_ctes(group: _PartGroup) -> Iterator[str]:
    """The sums of lines, and the orders if the same rows have them."""
    own = _own_columns(group.of_grain("line"), group.by)
    source = group.rows(_sums(group.of_grain("line"), group.by))
    if _REPORTED_DAY in own:
        source += f"\n  CROSS JOIN {group.relation('compared_days')}"
    if not group.of_grain("order"):
        yield group.cte("rows", select_list([*_dimensions(group.by), *own]), source, group.where())
        yield _totals(group)
        return
    rows = _OrderRows.from_dimensions(group.by)
    yield from _sale_ctes(group, rows)
    added = select_list([*_dimensions(group.by), *own, f"{rows.column} AS orders"])
    counted = ", ".join([*group.names, *(f"NULL AS {name}" for name in own), "orders"])
    where = f"\n  WHERE {condition}" if (condition := group.where()) else ""
    yield (
        f"{group.prefix}rows AS (\n  SELECT\n    {added}\n  FROM {source}{where}\n"
        f"  UNION ALL\n  SELECT {counted} FROM {group.prefix}counted\n)"
    )
    yield _totals(group)


def have_one_source(columns: Mapping[str, Measure], by: Sequence[Dimension]) -> bool:
    """Whether sums of lines and orders that add up are in the same rows."""
    return _OrderRows.from_dimensions(by).sums == _sums(columns, by)


def _sale_ctes(group: _PartGroup, rows: _OrderRows) -> Iterator[str]:
    """The number of different sales of the lines that are counted, by group."""
    lines = select_list([*_dimensions(group.by), "sale"])
    yield group.cte("sales", lines, group.rows(rows.lines), group.where(rows.condition))
    values = select_list([*group.names, "COUNT(DISTINCT sale) AS orders"])
    yield group.cte("counted", values, f"{group.prefix}sales", grouped=group.names)


def _order_ctes(group: _PartGroup) -> Iterator[str]:
    """Lines that represent their sale add up, also within what splits it; the sales of the other lines are counted."""
    rows, names = _OrderRows.from_dimensions(group.by), list(group.columns)
    yield from _sale_ctes(group, rows)
    if not rows.sums:
        values = [*group.names, *(f"orders AS {name}" for name in names)]
        yield group.cte("totals", select_list(values), f"{group.prefix}counted")
        return
    leads = select_list([*_dimensions(group.by), f"{rows.column} AS orders"])
    yield group.cte("leads", leads, group.rows(rows.sums), group.where("" if rows.condition else f"{rows.column} > 0"))
    values = [*group.names, "orders"]
    leads, counted = (f"SELECT {', '.join(values)} FROM {group.prefix}{name}" for name in ("leads", "counted"))
    yield f"{group.prefix}parts AS (\n  {leads}\n  UNION ALL\n  {counted}\n)"
    yield _totals(group, f"{group.prefix}parts")


def _customer_ctes(group: _PartGroup) -> Iterator[str]:
    """One row per group and customer, then the totals. A customer is new in the period of the first purchase."""
    is_daily = {one.column for one in group.by} - {"customer"} <= set(ROLLUPS["customer_sums"])
    customer = [] if "customer" in group.names else [f"{CUSTOMER_EXPRESSION} AS customer"]
    source, where, measured = (
        ("customers", "active_lines > 0", ["active_lines", "first_sale", "last_sale"])
        if is_daily
        else (
            "lines",
            f"is_active AND {CUSTOMER_EXPRESSION} IS NOT NULL",
            ["1 AS active_lines", "sale AS first_sale", "sale AS last_sale"],
        )
    )
    yield group.cte(
        "rows", select_list([*_dimensions(group.by), *customer, *measured]), group.rows(source), group.where(where)
    )
    if all(one.expression in _CUSTOMER_COUNTS for one in group.columns.values()):
        values = [f"CAST({_CUSTOMER_COUNTS[one.expression]} AS INT64) AS {name}" for name, one in group.columns.items()]
        yield group.cte("totals", select_list([*group.names, *values]), f"{group.prefix}rows", grouped=group.names)
        return
    keys = list(dict.fromkeys([*group.names, "customer"]))
    words = frozenset[str]().union(*(one.columns for one in group.columns.values()))
    one_each = [*keys, *(f"{text} AS {name}" for name, text in _CUSTOMER_COLUMNS.items() if name in words)]
    yield group.cte("groups", select_list(one_each), f"{group.prefix}rows", grouped=keys)
    yield from _first_purchases(group)
    yield _totals(group, f"{group.prefix}customers")


def _first_purchases(group: _PartGroup) -> Iterator[str]:
    """The customers of the groups with is_new."""
    groups = f"{group.prefix}groups"
    if not any("is_new" in one.expression for one in group.columns.values()):
        yield group.cte("customers", "*", groups)
        return
    customers = group.relation("known_customers")
    yield group.cte("previous", f"DISTINCT {CUSTOMER_EXPRESSION} AS customer", customers, "active_lines > 0")
    periods = [one for one in group.by if one.is_period]
    joins = f"{groups}\n  LEFT JOIN {group.prefix}previous AS previous ON previous.customer = {groups}.customer"
    is_new = ["previous.customer IS NULL"]
    if periods:
        until = group.relation("until_customers")
        yield group.cte("purchases", f"{CUSTOMER_EXPRESSION} AS customer, sale_date", until, "active_lines > 0")
        yield group.cte(
            "firsts", "customer, MIN(sale_date) AS sale_date", f"{group.prefix}purchases", grouped=["customer"]
        )
        periods_text = [f"{one.sql} AS first_{one.name}" for one in periods]
        yield group.cte("first_periods", select_list(["customer", *periods_text]), f"{group.prefix}firsts")
        joins += f"\n  LEFT JOIN {group.prefix}first_periods AS firsts ON firsts.customer = {groups}.customer"
        is_new += [f"firsts.first_{one.name} = {groups}.{one.name}" for one in periods]
    yield group.cte("customers", f"{groups}.*,\n    {' AND '.join(is_new)} AS is_new", joins)


def _comparable_ctes(group: _PartGroup, series: str = "before") -> Iterator[str]:
    """As for lines, limited to the stores that were open in both of the compared periods."""
    yield group.cte(
        "bounds",
        "DATE_ADD(MAX(IF(series = '{0}', first_day, NULL)), INTERVAL 6 DAY) AS opened_until,\n    "
        "DATE_SUB(MAX(IF(series = 'now', last_day, NULL)), INTERVAL 6 DAY) AS sold_after".replace("{0}", series),
        group.relation("compared_periods"),
    )
    yield group.cte(
        "stores",
        "region AS comparable_region, COALESCE(store_id, '') AS comparable_store",
        f"{group.relation('visible_stores')}\n  CROSS JOIN {group.prefix}bounds AS bounds",
        "first_day <= bounds.opened_until AND last_day >= bounds.sold_after",
    )
    stores = f"{group.prefix}stores"
    condition = f"{stores}.comparable_region = sums.region AND {stores}.comparable_store = COALESCE(sums.store_id, '')"
    columns = select_list([*_dimensions(group.by), *_own_columns(group.columns, group.by)])
    sums = group.rows(_sums(group.columns, group.by, "store_id"))
    yield group.cte("rows", columns, f"{sums} AS sums\n  INNER JOIN {stores} ON {condition}", group.where())
    yield _totals(group)


_CTES_BY_GRAIN: Mapping[str, Callable[[_PartGroup], Iterator[str]]] = {
    "line": _line_ctes,
    "order": _order_ctes,
    "customer": _customer_ctes,
    "comparable": _comparable_ctes,
    "year_comparable": lambda group: _comparable_ctes(group, "year-before"),
}


def _totals(group: _PartGroup, source: str = "") -> str:
    values = [f"{_aggregate(one)} AS {name}" for name, one in group.columns.items()]
    return group.cte(
        "totals", select_list([*group.names, *values]), source or f"{group.prefix}rows", grouped=group.names
    )


def _aggregate(one: Measure) -> str:
    """The aggregate with its filter, as the type of its format; amounts are rounded here."""
    text = "SUM(orders)" if one.grain == "order" else one.expression
    if one.filter:
        function, column = one.aggregate
        text = aggregate_sql(function, f"IF({one.filter}, {column}, NULL)")
    kind = VALUE_TYPES.get(one.format, "NUMERIC")
    return f"CAST({text} AS {kind})" if kind else text


def _own_columns(columns: Mapping[str, Measure], by: Sequence[Dimension]) -> list[str]:
    """Columns of the relation that the measures read, except those that are dimensions already."""
    words = frozenset[str]().union(*(one.columns for one in columns.values()))
    return sorted(words - {one.name for one in by if one.sql == one.name})


def _sums(columns: Mapping[str, Measure], by: Sequence[Dimension], *others: str) -> str:
    """The smallest kind of sums that has the dimensions, the columns of the measures and other columns."""
    needed = {one.column for one in by} | set(others)
    needed |= frozenset[str]().union(*(one.columns for one in columns.values())) & _DIMENSION_COLUMNS
    for table in ("day_sums", "product_sums"):
        product = {"product"} if table == "product_sums" else set[str]()
        if needed <= {*ROLLUPS[table], *product}:
            return table.removeprefix("day_")
    return "line_sums"


def _dimensions(by: Sequence[Dimension]) -> list[str]:
    """Their expressions with their names."""
    return [one.sql if one.sql == one.name else f"{one.sql} AS {one.name}" for one in by]


def select_list(columns: Sequence[str]) -> str:
    return ",\n    ".join(columns)
