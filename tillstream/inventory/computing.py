"""Stock levels computed from the ledger and the movements."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pyarrow as pa

import sql
from sql.stock_levels import FACTS_OF_PRODUCTS, with_relations
from tillstream.model.tables.stock_tables import STOCK_TABLES
from tillstream.pipeline.rows.text_columns import arrow_schema
from tillstream.ports.warehouse import Warehouse

LEVELS = arrow_schema(STOCK_TABLES["stock_levels"])
RECENT_DAYS = timedelta(days=56)
"""Days whose sales are the recent ones."""
MOST_APART = timedelta(days=4)
"""A sale of a business day that is earlier by more is before a count, whatever their times of day."""
Query = tuple[str, dict[str, Any]]
"""GoogleSQL and its parameters."""
Part = dict[str, str]
"""Parameters of FACTS_OF_PRODUCTS that select products."""
EVERY_PRODUCT: Part = {"first_product": "", "next_product": ""}
MOST_FACTS, MOST_PARTS = 1_500_000, 16
"""Movements and sale lines that are computed at once, to bound memory; and how often they are read at most."""


def levels(warehouse: Warehouse, today: date) -> pa.Table:
    """Return the rows of `stock_levels`. today: last of the recent days."""
    return pa.concat_tables(rows(warehouse, *query_of_all(today, part)) for part in parts(warehouse))


def query_of_all(today: date, part: Part = EVERY_PRODUCT) -> Query:
    """Of the products of a part."""
    text = with_relations(FACTS_OF_PRODUCTS, "SELECT * FROM computed_stock_levels")
    return text, params_of(today) | part | {"first_day": date.min}


def first_day(today: date, counted_on: date) -> date:
    """The first day whose lines can change the numbers of a level whose last count was on a day, or later."""
    return min(counted_on - MOST_APART, today - RECENT_DAYS + timedelta(days=1))


def parts(warehouse: Warehouse, from_day: date = date.min, most_facts: int = 0) -> list[Part]:
    """All products in parts with so many movements, and lines from a day, as are computed at once.

    most_facts: of a part; 0: MOST_FACTS.
    """
    products = warehouse.query(sql.text("stock/products"), {"first_day": from_day}).to_pylist()
    return parts_of(products, most_facts or MOST_FACTS)


def parts_of(products: Sequence[dict[str, Any]], most_facts: int) -> list[Part]:
    """Products in parts with so many facts as are computed at once. products: in order, each with its `facts`."""
    size = max(most_facts, sum(one["facts"] for one in products) / MOST_PARTS)
    firsts, facts = [""], 0
    for one in products:
        if facts and facts + one["facts"] > size:
            firsts.append(one["product"])
            facts = 0
        facts += one["facts"]
    ends = [*firsts[1:], ""]
    return [{"first_product": first, "next_product": end} for first, end in zip(firsts, ends, strict=True)]


def rows(warehouse: Warehouse, text: str, params: dict[str, Any]) -> pa.Table:
    """Return the rows of a query of levels in the types of `stock_levels`."""
    return warehouse.query(text, params).select(LEVELS.names).cast(LEVELS)


def params_of(today: date) -> dict[str, Any]:
    """Parameters of sql/relations/computed_stock_levels for stock as it is now. today: last of the recent days."""
    return {"today": today, "day": date.max, "at": None}
