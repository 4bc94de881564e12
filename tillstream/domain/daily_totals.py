"""What is summed ahead by day, so that a dashboard adds up days and not lines.

A row of such a table is all lines of one day that are alike in its dimensions. Orders add up because one line stands
for its sale (see line_facts); a customer is distinct, so the customers of a day are rows of their own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

DAY = "sale_date"


@dataclass(frozen=True)
class Measure:
    name: str
    description: str
    kind: Literal["amount", "count", "hash"] = "amount"
    """An amount is NULL where no line has one."""
    total: Literal["SUM", "MIN", "MAX"] = "SUM"
    """What makes one of several."""


MEASURES: tuple[Measure, ...] = (
    Measure("lines", "Lines of every status", "count"),
    Measure("orders", "Lines that stand for their sale where orders are counted", "count"),
    Measure("net", "Their net amounts, in `currency`"),
    Measure("quantity", "Their quantities"),
    Measure("cost", "Quantity × unit cost of the lines that have both, each rounded to 9 places"),
    Measure("costed_net", "Net amount of those lines"),
    Measure("costed_lines", "Those lines", "count"),
    Measure("first_sale", "The least hash of their sales", "hash", "MIN"),
    Measure("last_sale", "The greatest: another one where they are of several sales", "hash", "MAX"),
)
_WHERE = ("region", "store_id", "salesperson_id", "channel", "country")
SUMS: Mapping[str, tuple[str, ...]] = {
    "day_sums": (DAY, *_WHERE, "category", "status", "currency"),
    "product_sums": (DAY, "region", "product_id", "product_name", "category", "status", "currency"),
    "customer_sums": (DAY, *_WHERE, "customer_id", "customer_name", "status", "currency"),
}
"""Table → its dimensions. Of customer_sums the lines of nobody known are left out."""
KNOWN_CUSTOMER = "(customer_id IS NOT NULL OR customer_name IS NOT NULL)"
"""The lines that customer_sums has."""


def select(table: str) -> str:
    """The rows of a table for the days of the parameter @days, in GoogleSQL."""
    dimensions = ", ".join(SUMS[table])
    measures = ", ".join(f"{_total(one)} AS {one.name}" for one in MEASURES)
    known = f" AND {KNOWN_CUSTOMER}" if table == "customer_sums" else ""
    return (
        f"SELECT {dimensions}, {measures} FROM line_sums WHERE {DAY} IN UNNEST(@days){known}"
        f" GROUP BY {dimensions} ORDER BY {DAY}"
    )


def _total(one: Measure) -> str:
    total = f"{one.total}({one.name})"
    return f"CAST({total} AS NUMERIC)" if one.kind == "amount" else total
