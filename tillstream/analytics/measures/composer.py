"""The query that computes measures by dimensions, from the smallest relation that has what they need.

Each base measure is aggregated in the part of its grain and series; the parts are put together by group, and measures
of measures are computed from them. See `row_scope` for the relations.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from tillstream.analytics.measures.definitions import (
    CUSTOMER_EXPRESSION,
    Dimension,
    Grain,
    Measure,
    MeasureReference,
    find_measure,
)
from tillstream.analytics.query_catalogue import CatalogueQuery, QueryParameter
from tillstream.model.errors import Rejected
from tillstream.model.tables.daily_totals import DAY, ROLLUPS, SPLIT_ORDERS

DAY_SERIES = {"": "visible", "whole": "visible", "before": "earlier", "year_before": "year_earlier"}
"""Function of a measure → the set of days, see `row_scope.relations`."""
PERIODS = {"before": "before", "year_before": "year-before"}
_SPLIT_SUMS = {
    "category": ("day_sums", "sums"),
    "product": ("product_sums", "product_sums"),
    "customer": ("customer_sums", "customers"),
}
"""Dimension that splits sales → the daily totals with their orders by it, and the kind of rows, see `relations`."""
_AGGREGATE = re.compile(r"(SUM|MIN|MAX|COUNT)\((DISTINCT )?(\w+)\)")
_DIMENSION_COLUMNS = frozenset(column for columns in ROLLUPS.values() for column in columns) | {"product", "customer"}

LIMIT_PARAMETER = QueryParameter("limit", "INT64", "10000", (), "Maximum number of rows")
OFFSET_PARAMETER = QueryParameter("offset", "INT64", "0", (), "Number of rows to skip")
COMPARISONS = ("before", "year_before")
_WHOLE = "whole"


@dataclass(frozen=True)
class QueryPart:
    """name: the CTE with the dimensions and the columns. ctes: itself and those that it reads."""

    name: str
    columns: tuple[str, ...]
    ctes: tuple[str, ...]


class _PartGroup(NamedTuple):
    """What a part computes: columns (name → measure) by dimensions, in a set of days; its CTEs begin with `prefix`."""

    prefix: str
    days: str
    columns: Mapping[str, Measure]
    by: Sequence[Dimension]

    @property
    def names(self) -> list[str]:
        return [one.name for one in self.by]

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


def query_part(grain: Grain, function: str, columns: Mapping[str, Measure], by: Sequence[Dimension]) -> QueryPart:
    """Return the part of the measures of a grain; function: see `definitions.MEASURE_FUNCTIONS`, or empty."""
    prefix = f"{function}_{grain}_" if function else f"{grain}_"
    group = _PartGroup(prefix, DAY_SERIES[function], columns, by)
    return QueryPart(f"{prefix}totals", tuple(columns), tuple(_CTES_BY_GRAIN[grain](group)))


def _line_ctes(group: _PartGroup) -> Iterator[str]:
    yield group.cte("rows", _select_list([*_dimensions(group.by), *_own_columns(group)]), _sums(group))
    yield _totals(group)


def _order_ctes(group: _PartGroup) -> Iterator[str]:
    """Lines that represent their sale add up, also within what splits it; the sales of the other lines are counted."""
    rows, names = _OrderRows.from_dimensions(group.by), list(group.columns)
    lines = _select_list([*_dimensions(group.by), "sale"])
    yield group.cte("sales", lines, f"{group.days}_{rows.lines}", rows.condition)
    if not rows.sums:
        values = [*group.names, *(f"COUNT(DISTINCT sale) AS {name}" for name in names)]
        yield group.cte("totals", _select_list(values), f"{group.prefix}sales", grouped=group.names)
        return
    leads = _select_list([*_dimensions(group.by), f"{rows.column} AS orders"])
    yield group.cte("leads", leads, f"{group.days}_{rows.sums}", "" if rows.condition else f"{rows.column} > 0")
    distinct = [*group.names, "COUNT(DISTINCT sale) AS orders"]
    distinct_text = f"SELECT {', '.join(distinct)} FROM {group.prefix}sales"
    if group.by:
        distinct_text += f" GROUP BY {', '.join(group.names)}"
    leads = f"SELECT {', '.join([*group.names, 'orders'])} FROM {group.prefix}leads"
    yield f"{group.prefix}parts AS (\n  {leads}\n  UNION ALL\n  {distinct_text}\n)"
    values = [*group.names, *(f"CAST(SUM(orders) AS INT64) AS {name}" for name in names)]
    yield group.cte("totals", _select_list(values), f"{group.prefix}parts", grouped=group.names)


def _customer_ctes(group: _PartGroup) -> Iterator[str]:
    """One row per group and customer, then the totals. A customer is new in the period of the first purchase."""
    is_daily = {one.column for one in group.by} - {"customer"} <= set(ROLLUPS["customer_sums"])
    customer = [] if "customer" in group.names else [f"{CUSTOMER_EXPRESSION} AS customer"]
    measured = ["active_lines", "first_sale", "last_sale"] if is_daily else [
        "1 AS active_lines", "sale AS first_sale", "sale AS last_sale"
    ]  # fmt: skip
    source, where = (
        (f"{group.days}_customers", "active_lines > 0")
        if is_daily
        else (f"{group.days}_lines", f"is_active AND {CUSTOMER_EXPRESSION} IS NOT NULL")
    )
    yield group.cte("rows", _select_list([*_dimensions(group.by), *customer, *measured]), source, where)
    keys = list(dict.fromkeys([*group.names, "customer"]))
    one_each = [*keys, "SUM(active_lines) AS active_lines", "MIN(first_sale) <> MAX(last_sale) AS is_repeat"]
    yield group.cte("groups", _select_list(one_each), f"{group.prefix}rows", grouped=keys)
    yield from _first_purchases(group)
    yield _totals(group, f"{group.prefix}customers")


def _first_purchases(group: _PartGroup) -> Iterator[str]:
    """The customers of the groups with is_new."""
    groups = f"{group.prefix}groups"
    if not any("is_new" in one.expression for one in group.columns.values()):
        yield group.cte("customers", "*", groups)
        return
    yield group.cte("previous", f"DISTINCT {CUSTOMER_EXPRESSION} AS customer", "known_customers", "active_lines > 0")
    periods = [one for one in group.by if one.is_period]
    joins = f"{groups}\n  LEFT JOIN {group.prefix}previous AS previous ON previous.customer = {groups}.customer"
    is_new = ["previous.customer IS NULL"]
    if periods:
        yield group.cte(
            "purchases", f"{CUSTOMER_EXPRESSION} AS customer, sale_date", "until_customers", "active_lines > 0"
        )  # fmt: skip
        yield group.cte(
            "firsts", "customer, MIN(sale_date) AS sale_date", f"{group.prefix}purchases", grouped=["customer"]
        )
        periods_text = [f"{one.sql} AS first_{one.name}" for one in periods]
        yield group.cte("first_periods", _select_list(["customer", *periods_text]), f"{group.prefix}firsts")
        joins += f"\n  LEFT JOIN {group.prefix}first_periods AS firsts ON firsts.customer = {groups}.customer"
        is_new += [f"firsts.first_{one.name} = {groups}.{one.name}" for one in periods]
    yield group.cte("customers", f"{groups}.*,\n    {' AND '.join(is_new)} AS is_new", joins)


def _comparable_ctes(group: _PartGroup, series: str = "before") -> Iterator[str]:
    """As for lines, limited to the stores that were open in both of the compared periods."""
    yield group.cte(
        "bounds",
        "DATE_ADD(MAX(IF(series = '{0}', first_day, NULL)), INTERVAL 6 DAY) AS opened_until,\n    "
        "DATE_SUB(MAX(IF(series = 'now', last_day, NULL)), INTERVAL 6 DAY) AS sold_after".replace("{0}", series),
        "compared_periods",
    )
    yield group.cte(
        "stores",
        "region AS comparable_region, COALESCE(store_id, '') AS comparable_store",
        f"visible_stores\n  CROSS JOIN {group.prefix}bounds AS bounds",
        "first_day <= bounds.opened_until AND last_day >= bounds.sold_after",
    )
    stores = f"{group.prefix}stores"
    condition = f"{stores}.comparable_region = sums.region AND {stores}.comparable_store = COALESCE(sums.store_id, '')"
    columns = _select_list([*_dimensions(group.by), *_own_columns(group)])
    yield group.cte("rows", columns, f"{_sums(group, 'store_id')} AS sums\n  INNER JOIN {stores} ON {condition}")
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
        "totals", _select_list([*group.names, *values]), source or f"{group.prefix}rows", grouped=group.names
    )


def _aggregate(one: Measure) -> str:
    """The aggregate with its filter, as the type of its format; amounts are rounded here."""
    text = one.expression
    if one.filter:
        text = _AGGREGATE.sub(lambda match: f"{match[1]}({match[2] or ''}IF({one.filter}, {match[3]}, NULL))", text)
    kind = {"count": "INT64", "day": ""}.get(one.format, "NUMERIC")
    return f"CAST({text} AS {kind})" if kind else text


def _own_columns(group: _PartGroup) -> list[str]:
    """Columns of the relation that the measures read, except those that are dimensions already."""
    words = {word for one in group.columns.values() for word in _column_words(one)}
    return sorted(words - {one.name for one in group.by if one.sql == one.name})


def _column_words(one: Measure) -> set[str]:
    text = re.sub(r"'[^']*'", "", f"{one.expression} {one.filter}")
    return set(re.findall(r"\b[a-z_]+\b", text))


def _sums(group: _PartGroup, *columns: str) -> str:
    """The smallest relation of sums that has the dimensions and the columns of the measures."""
    needed = {one.column for one in group.by} | set(columns)
    needed |= {word for one in group.columns.values() for word in _column_words(one)} & _DIMENSION_COLUMNS
    for table in ("day_sums", "product_sums"):
        product = {"product"} if table == "product_sums" else set[str]()
        if needed <= {*ROLLUPS[table], *product}:
            return f"{group.days}_{table.removeprefix('day_')}"
    return f"{group.days}_line_sums"


def _dimensions(by: Sequence[Dimension]) -> list[str]:
    """Their expressions with their names."""
    return [one.sql if one.sql == one.name else f"{one.sql} AS {one.name}" for one in by]


def _select_list(columns: Sequence[str]) -> str:
    return ",\n    ".join(columns)


@dataclass(frozen=True)
class MeasureSelection:
    """Measures by dimensions."""

    measures: tuple[Measure, ...]
    by: tuple[Dimension, ...] = ()

    @property
    def name(self) -> str:
        by = f" by {', '.join(one.name for one in self.by)}" if self.by else ""
        return f"measures {', '.join(one.name for one in self.measures)}{by}"


def compose_measures(selection: MeasureSelection) -> CatalogueQuery:
    """Return the query. Its columns: the dimensions, then the measures. Raises `Rejected`."""
    _check_selection(selection)
    bases = sorted(
        {base for one in selection.measures for base in _bases(MeasureReference(one.name))}, key=_column_of_measure
    )
    _check_comparisons(selection)
    parts = _query_parts(selection, [base for base in bases if base.function != _WHOLE])
    wholes = _query_parts(_without_split(selection), [base for base in bases if base.function == _WHOLE])
    text = _text(selection, parts, wholes)
    return CatalogueQuery(selection.name, text, "", (LIMIT_PARAMETER, OFFSET_PARAMETER) if selection.by else (), None)


def _check_selection(selection: MeasureSelection) -> None:
    for kind, names in (("measure", selection.measures), ("dimension", selection.by)):
        if len({one.name for one in names}) < len(names):
            raise Rejected(f"A {kind} is chosen twice.")
    if not selection.measures:
        raise Rejected("Choose at least one measure.")


def compares_periods(one: Measure) -> bool:
    """Whether a measure needs a period to compare with."""
    bases = _bases(MeasureReference(one.name))
    return any(base.function in COMPARISONS or "comparable" in find_measure(base.measure).grain for base in bases)


def _check_comparisons(selection: MeasureSelection) -> None:
    periods = [one.name for one in selection.by if one.is_period]
    if not periods:
        return
    for one in selection.measures:
        if compares_periods(one):
            raise Rejected(f"{one.name} compares two periods; it cannot be grouped by {periods[0]}.")


def _bases(reference: MeasureReference) -> list[MeasureReference]:
    """The aggregated measures that a measure is computed from."""
    one = find_measure(reference.measure)
    if one.grain != "measure":
        return [reference]
    inner = (_shifted(each, reference.function) for each in one.arithmetic.references())
    return [base for each in inner for base in _bases(each)]


def _shifted(reference: MeasureReference, function: str) -> MeasureReference:
    if function and reference.function:
        raise ValueError(f"{function}({reference.measure}) is itself a {reference.function}.")
    return MeasureReference(reference.measure, function or reference.function)


def _column_of_measure(reference: MeasureReference) -> str:
    return f"{reference.function}_{reference.measure}" if reference.function else reference.measure


def _value_of_measure(reference: MeasureReference) -> str:
    """GoogleSQL of a measure over the columns of the base measures."""
    one = find_measure(reference.measure)
    if one.grain == "measure":
        return one.arithmetic.to_sql(lambda each: _value_of_measure(_shifted(each, reference.function)))
    column = _column_of_measure(reference)
    return f"COALESCE({column}, {one.empty})" if one.empty else column


def _query_parts(selection: MeasureSelection, bases: Sequence[MeasureReference]) -> list[QueryPart]:
    grouped: dict[tuple[Grain, str], dict[str, Measure]] = {}
    for base in bases:
        one = find_measure(base.measure)
        grouped.setdefault((one.grain, base.function), {})[_column_of_measure(base)] = one
    return [query_part(grain, function, columns, selection.by) for (grain, function), columns in grouped.items()]


def _without_split(selection: MeasureSelection) -> MeasureSelection:
    return MeasureSelection(selection.measures, tuple(one for one in selection.by if not one.splits_sales))


def _text(selection: MeasureSelection, parts: Sequence[QueryPart], wholes: Sequence[QueryPart]) -> str:
    names = [one.name for one in selection.by]
    whole_names = [one.name for one in selection.by if not one.splits_sales]
    ctes = [cte for part in (*parts, *wholes) for cte in part.ctes]
    ctes += _together("grouped", names, parts)
    source = "grouped"
    if wholes:
        ctes += _together("wholes", whole_names, wholes)
        matches = " AND ".join(_same(one) for one in selection.by if not one.splits_sales)
        source += f"\n  LEFT JOIN wholes ON {matches}" if matches else "\n  CROSS JOIN wholes"
    columns = [f"grouped.{name}" for name in names]
    columns += [
        f"{_cast(one, _value_of_measure(MeasureReference(one.name)))} AS {one.name}" for one in selection.measures
    ]
    final = f"final AS (\n  SELECT\n    {_select_list(columns)}\n  FROM {source}\n)"
    order = f"\nORDER BY {', '.join(names)}\nLIMIT @limit OFFSET @offset" if names else ""
    return "WITH\n" + ",\n".join([*ctes, final]) + f"\nSELECT * FROM final{order}"


def _together(name: str, dimensions: Sequence[str], parts: Sequence[QueryPart]) -> list[str]:
    """CTEs that put the groups of the parts side by side."""
    columns = [column for part in parts for column in part.columns]
    rows = []
    for part in parts:
        values = [column if column in part.columns else f"NULL AS {column}" for column in columns]
        rows.append(f"SELECT {', '.join([*dimensions, *values])} FROM {part.name}")
    union = "\n  UNION ALL\n  ".join(rows)
    values = [*dimensions, *(f"MAX({column}) AS {column}" for column in columns)]
    group = f"\n  GROUP BY {', '.join(dimensions)}" if dimensions else ""
    return [
        f"{name}_of_parts AS (\n  {union}\n)",
        f"{name} AS (\n  SELECT\n    {_select_list(values)}\n  FROM {name}_of_parts{group}\n)",
    ]


def _same(one: Dimension) -> str:
    if one.column == DAY:
        return f"grouped.{one.name} = wholes.{one.name}"
    return f"COALESCE(grouped.{one.name}, '') = COALESCE(wholes.{one.name}, '')"


def _cast(one: Measure, value: str) -> str:
    kind = {"count": "INT64", "day": ""}.get(one.format, "NUMERIC")
    return f"CAST({value} AS {kind})" if kind else value
