"""Daily rollups: tables of totals by day, so that dashboards add up days instead of lines.

Grain: day and combination of dimensions; a group may have several rows, which add up. Orders are additive because
exactly one line represents each sale (see line_facts); customers are counted distinct, so each customer of a day has a
row.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

DAY = "sale_date"


@dataclass(frozen=True)
class Measure:
    name: str
    description: str
    kind: Literal["amount", "count", "hash"] = "amount"
    """An `amount` is NULL if no line of the group has one."""
    total: Literal["SUM", "MIN", "MAX"] = "SUM"
    """The aggregate function."""


MEASURES: tuple[Measure, ...] = (
    Measure("lines", "Number of lines, whatever their status", "count"),
    Measure("orders", "Number of lines that represent their sale; their total is the number of orders", "count"),
    Measure("net", "Net amount, in `currency`"),
    Measure("quantity", "Number of units"),
    Measure("discount", "Discount, in `currency`, that `net` is already less"),
    Measure("cost", "Cost (quantity × unit cost, rounded to 9 decimal places) of the lines that have both"),
    Measure("costed_net", "Net amount of the lines that have a cost"),
    Measure("costed_lines", "Number of lines that have a cost", "count"),
    Measure("first_sale", "Smallest sale hash", "hash", "MIN"),
    Measure("last_sale", "Greatest sale hash; equal to first_sale if all lines belong to one sale", "hash", "MAX"),
)
_SHARED_DIMENSIONS = ("region", "store_id", "salesperson_id", "channel", "country")
_CURRENCIES = ("currency", "cost_currency")
ROLLUPS: Mapping[str, tuple[str, ...]] = {
    "day_sums": (DAY, *_SHARED_DIMENSIONS, "category", "status", *_CURRENCIES),
    "product_sums": (DAY, "region", "product_id", "product_name", "category", "status", *_CURRENCIES),
    "customer_sums": (DAY, *_SHARED_DIMENSIONS, "customer_id", "customer_name", "status", *_CURRENCIES),
}
"""Table → its dimensions. customer_sums leaves out lines without a customer."""
COST_CURRENCY = (
    "Currency of `cost` if the costs are from the catalogue; NULL if they are from the source and in `currency`"
)
HAS_CUSTOMER = "(customer_id IS NOT NULL OR customer_name IS NOT NULL)"
"""SQL condition of the lines in customer_sums."""


def select(table: str, condition: str = f"{DAY} IN UNNEST(@days)", rows: str = "line_sums") -> str:
    """GoogleSQL that computes the rows of a table, one per group.

    rows: `line_sums`, a relation with its columns, or the table itself if a group has several rows.
    """
    dimensions = ", ".join(ROLLUPS[table])
    measures = ", ".join(f"{_total(measure)} AS {measure.name}" for measure in MEASURES)
    if table == "customer_sums":
        condition = f"{condition} AND {HAS_CUSTOMER}"
    return f"SELECT {dimensions}, {measures} FROM {rows} WHERE {condition} GROUP BY {dimensions} ORDER BY {DAY}"


def day_groups(days: Sequence[date], size: int) -> Iterator[Sequence[date]]:
    """Split days into groups of at most `size`, in their order."""
    return (days[first : first + size] for first in range(0, len(days), size))


def _total(measure: Measure) -> str:
    total = f"{measure.total}({measure.name})"
    return f"CAST({total} AS NUMERIC)" if measure.kind == "amount" else total
