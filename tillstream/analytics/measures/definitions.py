"""The definitions of measures, read from `definitions.toml`, and the dimensions that they can be grouped by."""

import ast
import operator
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any, Literal

from tillstream.model.errors import NotFound
from tillstream.model.text import did_you_mean

ARITHMETIC_SIGNS: dict[type[ast.operator], str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*"}
_OPERATIONS: Mapping[type[ast.operator], Callable[[Decimal, Decimal], Decimal]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv
}  # fmt: skip
MEASURE_FUNCTIONS = ("now", "before", "year_before", "whole")
"""before(x): x of the period to compare with; year_before(x): of the same days of the previous year; now(x): x, if
there is a period to compare with; whole(x): of the group without its product, category and customer. Their argument is
a measure."""
POSITIVE_FUNCTION = "positive"
"""positive(x): x, or NULL if it is 0 or less."""

Format = Literal["money", "count", "quantity", "share", "growth", "day", "class"]
Grain = Literal["line", "order", "customer", "comparable", "year_comparable", "measure", "effect", "attribute"]
Lines = Literal["all", "active", "orders", "cancelled", "pending", "returned", "costed", "unconverted"]

COUNTED_LINES: dict[Lines, str] = {
    "all": "All sale lines, regardless of status.",
    "active": "All sale lines that are not cancelled, including pending lines; returns count as negative.",
    "orders": "Sale lines that are neither cancelled nor returned.",
    "cancelled": "Cancelled sale lines only.",
    "pending": "Pending sale lines only.",
    "returned": "Returned sale lines only.",
    "costed": "Sale lines, not cancelled, with a quantity and a unit cost from the source or the catalogue.",
    "unconverted": "Sale lines that are not cancelled and have no exchange rate for their currency and day.",
}
GRAINS: dict[Grain, str] = {
    "line": "One row per sale line, or per day and group of lines with the same properties.",
    "order": "One row per sale line; different sales are counted.",
    "customer": "One row per customer and group.",
    "comparable": "As for lines, limited to stores that are comparable with the previous period.",
    "year_comparable": "As for lines, limited to stores that are comparable with the previous year.",
    "measure": "Computed from other measures.",
    "effect": "One part of the change of the revenue; for the whole selection only.",
    "attribute": "A column of a named query, with one row per product, customer, or cohort.",
}

_LITERAL = re.compile(r"'[^']*'")
_COLUMN = re.compile(r"(?<!@)\b[a-z_]+\b")
CUSTOMER_EXPRESSION = "COALESCE(customer_id, customer_name)"

_NEXT_PERIOD = (
    "CASE @period WHEN 'daily' THEN DATE_ADD(sale_date, INTERVAL 1 DAY) "
    "WHEN 'weekly' THEN DATE_ADD(sale_date, INTERVAL 7 DAY) "
    "WHEN 'monthly' THEN DATE_ADD(sale_date, INTERVAL 1 MONTH) "
    "WHEN 'quarterly' THEN DATE_ADD(sale_date, INTERVAL 3 MONTH) "
    "WHEN 'yearly' THEN DATE_ADD(sale_date, INTERVAL 12 MONTH) END <= last_day"
)

_LIMITED_COLUMNS = {
    "period_matched_revenue": ("revenue", _NEXT_PERIOD),
    "month_matched_revenue": ("revenue", "DATE_ADD(sale_date, INTERVAL 1 MONTH) <= last_day"),
    "year_matched_revenue": ("revenue", "DATE_ADD(sale_date, INTERVAL 12 MONTH) <= last_day"),
}
"""Name → measure, and the condition of its rows: the same day of the next period is reported; NULL without any."""

_ITEMS = (
    "CASE @dimension WHEN 'region' THEN region WHEN 'store' THEN store_id WHEN 'category' THEN category "
    "WHEN 'channel' THEN channel WHEN 'salesperson' THEN IF(@personal = 1, salesperson_id, NULL) "
    "WHEN 'country' THEN country END"
)


@dataclass(frozen=True)
class MeasureReference:
    """A measure in an expression, and the function that is applied to it, if any."""

    measure: str
    function: str = ""

    @property
    def column(self) -> str:
        """Its name as a column: before(revenue) is called before_revenue."""
        return f"{self.function}_{self.measure}" if self.function else self.measure


@dataclass(frozen=True)
class Arithmetic:
    tree: ast.expr

    def references(self) -> Iterator[MeasureReference]:
        """The measures of the expression."""
        yield from _references(self.tree)

    def to_sql(self, resolve: Callable[[MeasureReference], str]) -> str:
        """GoogleSQL with the text of each reference; a quotient is NUMERIC, and NULL if it divides by zero."""
        return _to_sql(self.tree, resolve)

    def value(self, resolve: Callable[[MeasureReference], Decimal | None]) -> Decimal | None:
        """The value, not rounded; None if a measure that it needs is None, and if it divides by zero."""
        return _value(self.tree, resolve)


@cache
def parse_arithmetic(text: str) -> Arithmetic:
    """Parse an expression. Raises `ValueError` for anything but arithmetic of measures."""
    tree = ast.parse(text, mode="eval").body
    _to_sql(tree, lambda reference: reference.measure)
    return Arithmetic(tree)


def parse_reference(text: str) -> MeasureReference:
    """Parse one measure, such as revenue or before(revenue). Raises `ValueError`."""
    (reference,) = parse_arithmetic(text).references()
    return reference


def _references(tree: ast.expr) -> Iterator[MeasureReference]:
    match tree:
        case ast.Name(id=name):
            yield MeasureReference(name)
        case ast.Call(func=ast.Name(id=function), args=[ast.Name(id=name)]) if function in MEASURE_FUNCTIONS:
            yield MeasureReference(name, function)
        case ast.Call(args=[argument]):
            yield from _references(argument)
        case ast.BinOp(left=left, right=right):
            yield from _references(left)
            yield from _references(right)


def _to_sql(tree: ast.expr, resolve: Callable[[MeasureReference], str]) -> str:
    match tree:
        case ast.Name(id=name):
            return resolve(MeasureReference(name))
        case ast.Constant(value=int() as number):
            return str(number)
        case ast.Call(func=ast.Name(id=function), args=[ast.Name(id=name)]) if function in MEASURE_FUNCTIONS:
            return resolve(MeasureReference(name, function))
        case ast.Call(func=ast.Name(id=function), args=[argument]) if function == POSITIVE_FUNCTION:
            value = _to_sql(argument, resolve)
            return f"IF({value} > 0, {value}, NULL)"
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            dividend, divisor = _to_sql(left, resolve), _to_sql(right, resolve)
            return f"SAFE_DIVIDE(CAST({dividend} AS NUMERIC), CAST({divisor} AS NUMERIC))"
        case ast.BinOp(left=left, op=sign, right=right) if type(sign) in ARITHMETIC_SIGNS:
            return f"({_to_sql(left, resolve)} {ARITHMETIC_SIGNS[type(sign)]} {_to_sql(right, resolve)})"
    raise ValueError(f"{ast.unparse(tree)} is not arithmetic of measures.")


def _value(tree: ast.expr, resolve: Callable[[MeasureReference], Decimal | None]) -> Decimal | None:
    match tree:
        case ast.Constant(value=int() as number):
            return Decimal(number)
        case ast.Call(func=ast.Name(id=function), args=[argument]) if function == POSITIVE_FUNCTION:
            value = _value(argument, resolve)
            return value if value is not None and value > 0 else None
        case ast.BinOp(left=left, op=sign, right=right):
            first, second = _value(left, resolve), _value(right, resolve)
            if first is None or second is None or (isinstance(sign, ast.Div) and not second):
                return None
            return _OPERATIONS[type(sign)](first, second)
    (reference,) = _references(tree)
    return resolve(reference)


@dataclass(frozen=True)
class Measure:
    """A measure; see `definitions.toml` for its properties."""

    name: str
    label: str
    format: Format
    grain: Grain
    expression: str
    lines: Lines
    description: str
    formula: str
    owner: str
    filter: str = ""
    empty: str = ""
    query: str = ""
    """The query of sql/queries that has the measure as a column or, for `growth`, as a row; empty: none."""
    rules: tuple[str, ...] = ()
    """Paragraphs."""

    @property
    def rule(self) -> str:
        return " ".join(self.rules)

    @property
    def has_query_only(self) -> bool:
        """Whether only a named query computes the measure."""
        return self.grain in {"effect", "attribute"}

    @property
    def aggregate(self) -> tuple[str, str]:
        """The function of the expression, such as SUM or COUNT DISTINCT, and its column."""
        function, _, argument = self.expression.removesuffix(")").partition("(")
        _, distinct, column = argument.rpartition("DISTINCT ")
        return f"{function} {distinct}".rstrip(), column

    @property
    def columns(self) -> frozenset[str]:
        """The columns that the expression and the filter read."""
        return frozenset(_COLUMN.findall(_LITERAL.sub("", f"{self.expression} {self.filter}")))

    @property
    def is_additive(self) -> bool:
        """Whether the sum of the values of groups is the value of all: it is a sum over lines, each in one group."""
        return self.grain == "line" and self.expression.startswith("SUM(")

    @property
    def reads_costs(self) -> bool:
        return self.lines == "costed"

    def published(self) -> dict[str, str]:
        """The definition for programs; expressions are internal."""
        return {
            "name": self.name,
            "label": self.label,
            "format": self.format,
            "grain": self.grain,
            "lines": self.lines,
            "description": self.description,
            "formula": self.formula,
            "rule": self.rule,
            "query": self.query,
            "owner": self.owner,
        }

    @property
    def arithmetic(self) -> Arithmetic:
        """The parsed expression of a measure of measures."""
        return parse_arithmetic(self.expression)


def aggregate_sql(function: str, expression: str) -> str:
    """GoogleSQL of an aggregate, see `Measure.aggregate`."""
    name, _, distinct = function.partition(" ")
    return f"{name}({distinct} {expression})" if distinct else f"{name}({expression})"


@cache
def all_measures() -> Mapping[str, Measure]:
    """name → measure, in the order of the file."""
    content = tomllib.loads((resources.files(__package__) / "definitions.toml").read_text(encoding="utf-8"))
    return MappingProxyType(
        {name: _read_measure(name, one, content["rules"]) for name, one in content["measures"].items()}
    )


def find_measure(name: str) -> Measure:
    """Return the measure `name`. Raises `NotFound`."""
    one = all_measures().get(name)
    if one is None:
        raise NotFound(f"There is no measure {name}.{did_you_mean(name, tuple(all_measures()))}")
    return one


def compute_measure(name: str, **values: Decimal | None) -> Decimal | None:
    """Return a measure of measures from their values, where before(revenue) is called before_revenue; not rounded.

    For values that no query has together, such as sums of several answers.
    """

    def resolve(reference: MeasureReference) -> Decimal | None:
        column = reference.column
        return values[column] if column in values else compute_measure(reference.measure, **values)

    return find_measure(name).arithmetic.value(resolve)


def _read_measure(name: str, properties: Mapping[str, Any], rules: Mapping[str, str]) -> Measure:
    values = dict(properties)
    note = values.pop("note", "")
    paragraphs = (*(rules[rule] for rule in values.pop("rules", ())), *filter(None, [note]))
    return Measure(name=name, rules=paragraphs, **values)


@dataclass(frozen=True)
class Dimension:
    """A dimension. expression: GoogleSQL over the columns of line_facts.

    is_period: its values are periods that follow each other. splits_sales: two lines of a sale can have two values.
    is_required: rows without a value are left out.
    """

    name: str
    label: str
    column: str
    expression: str = ""
    is_period: bool = False
    splits_sales: bool = False
    is_personal: bool = False
    is_required: bool = False

    @property
    def sql(self) -> str:
        return self.expression or self.column


def _period_dimension(name: str, label: str, expression: str = "") -> Dimension:
    return Dimension(name, label, "sale_date", expression, is_period=True)


_DIMENSIONS = (
    _period_dimension("day", "Day"),
    _period_dimension("week", "Week", "DATE_TRUNC(sale_date, ISOWEEK)"),
    _period_dimension("month", "Month", "DATE_TRUNC(sale_date, MONTH)"),
    _period_dimension("quarter", "Quarter", "DATE_TRUNC(sale_date, QUARTER)"),
    _period_dimension("year", "Year", "DATE_TRUNC(sale_date, YEAR)"),
    Dimension("weekday", "Weekday", "sale_date", "DATE_DIFF(sale_date, DATE_TRUNC(sale_date, ISOWEEK), DAY) + 1"),
    Dimension("region", "Region", "region"),
    Dimension("store", "Store", "store_id"),
    Dimension("salesperson", "Salesperson", "salesperson_id", is_personal=True),
    Dimension("channel", "Channel", "channel"),
    Dimension("country", "Country", "country"),
    Dimension("status", "Status", "status"),
    Dimension("category", "Category", "category", splits_sales=True),
    Dimension("product", "Product", "product", splits_sales=True),
    Dimension("customer", "Customer", "customer", CUSTOMER_EXPRESSION, splits_sales=True, is_personal=True),
)
DIMENSIONS: Mapping[str, Dimension] = {one.name: one for one in _DIMENSIONS}


def find_dimension(name: str) -> Dimension:
    """Return the dimension `name`. Raises `NotFound`."""
    if name not in DIMENSIONS:
        raise NotFound(
            f"Measures cannot be grouped by {name}.{did_you_mean(name, DIMENSIONS)} "
            f"Dimensions: {', '.join(DIMENSIONS)}."
        )
    return DIMENSIONS[name]


def _shown_column(name: str, expression: str, format: Format, *, condition: str = "") -> Measure:
    return Measure(name, name, format, "line", expression, "all", "", "", "", condition)


_QUERY_COLUMNS: Mapping[str, Measure] = {
    one.name: one
    for one in (
        _shown_column("product_name", "MIN(product_name)", "class"),
        _shown_column("product_category", "MIN(category)", "class"),
        _shown_column("days", "COUNT(DISTINCT sale_date)", "count"),
    )
}
"""Columns that named queries show with measures, such as the first of several names."""


def find_query_measure(name: str) -> Measure:
    """Return the measure `name`, or a column that named queries show with measures. Raises `NotFound`."""
    if name in _LIMITED_COLUMNS:
        measure, condition = _LIMITED_COLUMNS[name]
        return replace(find_measure(measure), name=name, filter=condition, empty="")
    return _QUERY_COLUMNS.get(name) or find_measure(name)


def _parameter_periods(first_days: Mapping[str, str]) -> str:
    cases = " ".join(f"WHEN '{word}' THEN {first_day}" for word, first_day in first_days.items())
    return f"CASE @period {cases} END"


_QUERY_DIMENSIONS: Mapping[str, Dimension] = {
    one.name: one
    for one in (
        _period_dimension(
            "period_start",
            "Period",
            _parameter_periods(
                {
                    "daily": "sale_date",
                    "weekly": DIMENSIONS["week"].sql,
                    "monthly": DIMENSIONS["month"].sql,
                    "quarterly": DIMENSIONS["quarter"].sql,
                    "yearly": DIMENSIONS["year"].sql,
                }
            ),
        ),
        Dimension("item", "Item", "region", _ITEMS),
        Dimension(
            "item_region",
            "Region of the item",
            "region",
            f"IF(@dimension IN ('store', 'salesperson') AND {_ITEMS} IS NOT NULL, region, NULL)",
        ),
    )
}
"""Dimensions that depend on a parameter of the query."""


def find_query_dimension(name: str) -> Dimension:
    """Return a dimension of a named query, which may depend on a parameter; if its name ends with !, it is required.

    Raises `NotFound`.
    """
    plain = name.removesuffix("!")
    return replace(_QUERY_DIMENSIONS.get(plain) or find_dimension(plain), is_required=name != plain)
