"""The measures that can be computed from one reporting view, for other tools.

A measure is left out of a view that lacks one of its columns, and everywhere if it compares periods or needs several
steps: Looker has its own comparisons of periods.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from tillstream.analytics.measures.definitions import Measure, aggregate_sql, all_measures

_CANCELLED = {"cancelled_value", "cancelled_unconverted_lines"}
"""The reporting views have no amount in the reporting currency for cancelled lines."""
_COMMON = {name: name for name in ("sale_date", "country", "category", "status", "units", "revenue")}
VIEW_COLUMNS: Mapping[str, Mapping[str, str]] = {
    "sales": {
        **_COMMON,
        "sale": "order_id",
        "lines": "lines",
        "active_lines": "lines - cancelled_lines",
        "reporting_amount": "revenue",
        "unconverted_lines": "unconverted_lines",
    },
    "sales_with_people": {
        **_COMMON,
        "sale": "order_id",
        "customer": "active_customer",
        "lines": "lines",
        "active_lines": "lines - cancelled_lines",
        "reporting_amount": "revenue",
        "unconverted_lines": "unconverted_lines",
    },
    "fact_sales": {
        **{name: column for name, column in _COMMON.items() if name != "category"},
        "sale": "IF(counts_as_order, order_id, NULL)",
        "customer": "IF(is_active AND customer_key <> '', customer_key, NULL)",
        "lines": "1",
        "active_lines": "IF(is_active, 1, 0)",
        "reporting_amount": "revenue",
        "reporting_cost": "cost",
        "costed_revenue": "covered_revenue",
        "unconverted_lines": "IF(is_unconverted, 1, 0)",
    },
    "fact_sales_daily": {
        **_COMMON,
        "lines": "lines",
        "active_lines": "IF(is_active, lines, 0)",
        "reporting_amount": "revenue",
        "reporting_discount": "discount_value",
        "reporting_cost": "cost",
        "costed_revenue": "covered_revenue",
        "unconverted_lines": "unconverted_lines",
    },
}
"""View → column of the definitions → GoogleSQL over the columns of the view."""
_CUSTOMERS = {
    "customers": ("COUNT DISTINCT", "customer"),
    "named_lines": ("SUM", "IF({customer} IS NULL, 0, {active_lines})"),
}
"""Measures with a row per customer that are also an aggregate of lines."""


@dataclass(frozen=True)
class ViewMeasure:
    """A measure over one view. function: SUM, MIN, MAX, COUNT DISTINCT, or empty for arithmetic of other measures.

    expression: GoogleSQL over columns of the view; for arithmetic, over measures as ${name}.
    """

    measure: Measure
    function: str
    expression: str

    @property
    def sql(self) -> str:
        """The aggregate in GoogleSQL; of arithmetic, its text with ${name} for a measure."""
        return aggregate_sql(self.function, self.expression) if self.function else self.expression


@cache
def view_measures(view: str) -> Mapping[str, ViewMeasure]:
    """name → measure, for those that the view can compute, in the order of the definitions."""
    columns = VIEW_COLUMNS.get(view, {})
    computed = {one.measure.name: one for one in _aggregates(columns)}
    while added := {one.measure.name: one for one in _arithmetic(computed)}:
        computed |= added
    return {name: computed[name] for name in all_measures() if name in computed}


def _aggregates(columns: Mapping[str, str]) -> Iterator[ViewMeasure]:
    for name, measure in all_measures().items():
        if name in _CUSTOMERS and "customer" in columns:
            function, column = _CUSTOMERS[name]
            yield ViewMeasure(measure, function, columns.get(column) or column.format_map(columns))
        elif measure.grain in {"line", "order"} and name not in _CANCELLED and measure.columns <= set(columns):
            function, column = measure.aggregate
            yield ViewMeasure(measure, function, _filtered(measure, column, columns))


def _filtered(measure: Measure, column: str, columns: Mapping[str, str]) -> str:
    """The column where the filter of the measure is met."""
    if not measure.filter:
        return columns[column]
    condition = re.sub(r"'[^']*'|\b[a-z_]+\b", lambda word: columns.get(word[0], word[0]), measure.filter)
    return f"IF({condition}, {columns[column]}, NULL)"


def _arithmetic(computed: Mapping[str, ViewMeasure]) -> Iterator[ViewMeasure]:
    """Arithmetic of computed measures, within the same period and group."""
    for name, measure in all_measures().items():
        if measure.grain == "measure" and name not in computed:
            references = list(measure.arithmetic.references())
            if all(not one.function and one.measure in computed for one in references):
                yield ViewMeasure(measure, "", measure.arithmetic.to_sql(lambda one: f"${{{one.measure}}}"))
