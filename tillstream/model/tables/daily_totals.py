"""Daily rollups: tables of totals by day, so that dashboards add up days instead of lines.

Grain: day and combination of dimensions; a group may have several rows, which add up. Orders are additive because
exactly one line represents each sale (see line_facts), and one line of each category, product and customer of a sale;
customers are counted distinct, so each customer of a day has a row.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

DAY = "sale_date"

SPLIT_ORDERS = "split_orders"
_SHARED_DIMENSIONS = ("region", "store_id", "salesperson_id", "channel", "country")
_CURRENCIES = ("currency", "cost_currency")
ROLLUPS: Mapping[str, tuple[str, ...]] = {
    "day_sums": (DAY, *_SHARED_DIMENSIONS, "category", "status", *_CURRENCIES),
    "product_sums": (DAY, "region", "product_id", "product_name", "category", "status", *_CURRENCIES),
    "customer_sums": (DAY, *_SHARED_DIMENSIONS, "customer_id", "customer_name", "status", *_CURRENCIES),
}
"""Table → its dimensions. customer_sums leaves out lines without a customer."""
CUSTOMER = "COALESCE(customer_id, customer_name)"
SPLITS: Mapping[str, str] = {"day_sums": "category", "product_sums": "product", "customer_sums": CUSTOMER}
"""Table → what splits a sale in `split_orders`, as GoogleSQL over the columns of line_sums."""
_WITHIN_SPLITS: Mapping[str, tuple[str, ...]] = {
    "day_sums": _CURRENCIES,
    "product_sums": ("product_id", "product_name", "category", *_CURRENCIES),
    "customer_sums": ("customer_id", "customer_name", *_CURRENCIES),
}
"""Table → the dimensions in which lines of one sale with the same category, product or customer can differ."""
LINE_COLUMNS = ("product", "is_whole_order")
"""Columns of line_sums that `split_orders` is computed from, besides dimensions and measures."""
COST_CURRENCY = (
    "Currency of `cost` if the costs are from the catalogue; NULL if they are from the source and in `currency`"
)
HAS_CUSTOMER = "(customer_id IS NOT NULL OR customer_name IS NOT NULL)"
"""SQL condition of the lines in customer_sums."""


@dataclass(frozen=True)
class RollupMeasure:
    name: str
    description: str
    kind: Literal["amount", "count", "hash"] = "amount"
    """An `amount` is NULL if no line of the group has one."""
    total: Literal["SUM", "MIN", "MAX"] = "SUM"
    """The aggregate function."""
    required: bool = True
    """Whether a count always has a value; FALSE if rows can be older than the measure."""

    @property
    def is_nullable(self) -> bool:
        return self.kind == "amount" or not self.required


MEASURES: tuple[RollupMeasure, ...] = (
    RollupMeasure("lines", "Number of lines, whatever their status", "count"),
    RollupMeasure("orders", "Number of lines that represent their sale; their total is the number of orders", "count"),
    RollupMeasure("net", "Net amount, in `currency`"),
    RollupMeasure("quantity", "Number of units"),
    RollupMeasure("discount", "Discount, in `currency`, that `net` is already less"),
    RollupMeasure("cost", "Cost (quantity × unit cost, rounded to 9 decimal places) of the lines that have both"),
    RollupMeasure("costed_net", "Net amount of the lines that have a cost"),
    RollupMeasure("costed_lines", "Number of lines that have a cost", "count"),
    RollupMeasure("first_sale", "Smallest sale hash", "hash", "MIN"),
    RollupMeasure(
        "last_sale", "Greatest sale hash; equal to first_sale if all lines belong to one sale", "hash", "MAX"
    ),
    RollupMeasure(
        "split_orders",
        "Number of lines that represent their sale within the category (of day_sums), the product (of product_sums) or "
        "the customer (of customer_sums); their total by it is the number of orders. 0 for sales whose lines differ in "
        "store, salesperson, channel, status, day or country",
        "count",
        required=False,
    ),
)


def select_rollup(table: str, condition: str = f"{DAY} IN UNNEST(@days)", rows: str = "line_sums") -> str:
    """GoogleSQL that computes the rows of a table, one per group.

    condition: of whole days, or of whole sales.
    rows: `line_sums`, a relation with its columns, or the table itself if a group has several rows.
    """
    dimensions = ", ".join(ROLLUPS[table])
    measures = ", ".join(f"{_total(measure, is_complete=rows != table)} AS {measure.name}" for measure in MEASURES)
    if table == "customer_sums":
        condition = f"{condition} AND {HAS_CUSTOMER}"
    source = (
        f"{rows} WHERE {condition}" if rows == table else f"({_split_lines(table, condition, rows)}) AS split_lines"
    )
    return f"SELECT {dimensions}, {measures} FROM {source} GROUP BY {dimensions} ORDER BY {DAY}"


def _split_lines(table: str, condition: str, rows: str) -> str:
    """The lines with `split_orders`: 1 for one line of each sale and, for example, category.

    Of two such lines with the same dimensions it does not matter which one it is.
    """
    split = f"PARTITION BY first_sale, {SPLITS[table]}, is_whole_order ORDER BY {', '.join(_WITHIN_SPLITS[table])}"
    return (
        f"SELECT *, IF(is_whole_order AND ROW_NUMBER() OVER ({split}) = 1, 1, 0) AS {SPLIT_ORDERS} "
        f"FROM {rows} WHERE {condition}"
    )


def day_groups(days: Sequence[date], size: int) -> Iterator[Sequence[date]]:
    """Split days into groups of at most `size`, in their order."""
    return (days[first : first + size] for first in range(0, len(days), size))


def _total(measure: RollupMeasure, *, is_complete: bool) -> str:
    """is_complete: FALSE if rows can lack a measure that is not required; then their total lacks it too."""
    total = f"{measure.total}({measure.name})"
    if not (measure.required or is_complete):
        return f"IF(COUNT({measure.name}) = COUNT(*), {total}, NULL)"
    return f"CAST({total} AS NUMERIC)" if measure.kind == "amount" else total
