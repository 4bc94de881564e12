"""Stock computed from the ledger and the movements: levels now, and the stock by day."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

import sql
from sql.stock_levels import COUNTED_PAIRS, FACTS_OF_COUNTED_PAIRS, FACTS_OF_PRODUCTS, with_relations
from tillstream.model.tables.stock_tables import STOCK_TABLES
from tillstream.pipeline.rows.text_columns import arrow_schema
from tillstream.ports.warehouse import BoundQuery, QueryParams, Row, Warehouse

LEVELS_SCHEMA = arrow_schema(STOCK_TABLES["stock_levels"])
RECENT_DAYS = timedelta(days=56)
"""Days whose sales are the recent ones."""
MAX_APART = timedelta(days=4)
"""A sale of a business day that is earlier by more is before a count, whatever their times of day."""
LevelsQuery = BoundQuery
"""GoogleSQL and its parameters."""
ProductRange = dict[str, str]
"""Parameters of FACTS_OF_PRODUCTS that select products."""
EVERY_PRODUCT: ProductRange = {"first_product": "", "next_product": ""}
MAX_LEVEL_FACTS, MAX_RANGES = 1_500_000, 16
"""Movements and sale lines that are computed at once, to bound memory; and how often they are read at most."""

MAX_DAY_FACTS = 1_000_000
"""Movements and sale lines that are computed at once: each day with facts has a row, which takes more than a level."""
_FIRST_COUNT = "SELECT MIN(stock_date) AS first_day FROM stock_movements WHERE kind = 'count'"
_FACTS_BY_PRODUCT = """SELECT product, COUNT(*) AS facts
FROM (
  SELECT product FROM visible_movements
  UNION ALL
  SELECT product FROM visible_stock_lines
) AS facts
GROUP BY product
ORDER BY product"""
_SPANS_SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("region", "store_id", "product")),
        *((name, pa.date32()) for name in ("first_day", "next_day")),
    ]
)


def compute_levels(warehouse: Warehouse, today: date) -> pa.Table:
    """Return the rows of `stock_levels`. today: last of the recent days."""
    return pa.concat_tables(
        read_levels(warehouse, *query_of_all_levels(today, part)) for part in product_ranges(warehouse)
    )


def query_of_all_levels(today: date, part: ProductRange = EVERY_PRODUCT) -> LevelsQuery:
    """Of the products of a part."""
    text = with_relations(FACTS_OF_PRODUCTS, "SELECT * FROM computed_stock_levels")
    return text, level_params(today) | part | {"first_day": date.min}


def first_changing_day(today: date, counted_on: date) -> date:
    """The first day whose lines can change the numbers of a level whose last count was on a day, or later."""
    return min(counted_on - MAX_APART, today - RECENT_DAYS + timedelta(days=1))


def product_ranges(warehouse: Warehouse, from_day: date = date.min, most_facts: int = 0) -> list[ProductRange]:
    """All products in parts with so many movements, and lines from a day, as are computed at once.

    most_facts: of a part; 0: MOST_FACTS.
    """
    products = warehouse.query(sql.text("stock/products"), {"first_day": from_day}).to_pylist()
    return ranges_of_products(products, most_facts or MAX_LEVEL_FACTS)


def ranges_of_products(products: Sequence[Row], most_facts: int) -> list[ProductRange]:
    """Products in parts with so many facts as are computed at once. products: in order, each with its `facts`."""
    size = max(most_facts, sum(one["facts"] for one in products) / MAX_RANGES)
    firsts, facts = [""], 0
    for one in products:
        if facts and facts + one["facts"] > size:
            firsts.append(one["product"])
            facts = 0
        facts += one["facts"]
    ends = [*firsts[1:], ""]
    return [{"first_product": first, "next_product": end} for first, end in zip(firsts, ends, strict=True)]


def read_levels(warehouse: Warehouse, text: str, params: QueryParams) -> pa.Table:
    """Return the rows of a query of levels in the types of `stock_levels`."""
    return warehouse.query(text, params).select(LEVELS_SCHEMA.names).cast(LEVELS_SCHEMA)


def level_params(today: date) -> QueryParams:
    """Parameters of sql/relations/computed_stock_levels for stock as it is now. today: last of the recent days."""
    return {"today": today, "day": date.max, "at": None}


def stock_by_day(warehouse: Warehouse) -> pa.Table:
    """Return the rows of sql/relations/stock_days: the stock at the end of each day with facts.

    Without counts there are no rows, and no sales are read. The products are read in parts, as their stock levels are
    computed.
    """
    first_day = warehouse.query(_FIRST_COUNT).column("first_day")[0].as_py()
    text = with_relations(FACTS_OF_PRODUCTS, "SELECT * FROM stock_days", ("stock_days",))
    read = product_ranges(warehouse, first_day, MAX_DAY_FACTS) if first_day else [EVERY_PRODUCT]
    return _read_ranges(warehouse, text, {"first_day": first_day or date.max}, read)


def days_out_of_stock(warehouse: Warehouse, since: date = date.min) -> pa.Table:
    """Return region, store_id, product, first_day, and next_day: the first day with stock again, or NULL.

    since: a span that began earlier may have a later first day, but none after `since`, or be left out. Each product
    in a store is read from its last count before this day on, or from its first count. Reads in parts, as
    `stock_by_day`.
    """
    counted = warehouse.query(COUNTED_PAIRS, {"since": since})
    if not counted.num_rows:
        return _SPANS_SCHEMA.empty_table()
    params: QueryParams = {"since": since, "first_day": pc.min(counted.column("first_day")).as_py()}
    for name, column in (("regions", "region"), ("stores", "store_id")):
        params[name] = sorted(set(counted.column(column).to_pylist()))
    products = warehouse.query(
        with_relations(FACTS_OF_COUNTED_PAIRS, _FACTS_BY_PRODUCT, ()), params | EVERY_PRODUCT
    ).to_pylist()
    text = with_relations(
        FACTS_OF_COUNTED_PAIRS, "SELECT * FROM days_out_of_stock", ("stock_days", "days_out_of_stock")
    )
    return _read_ranges(warehouse, text, params, ranges_of_products(products, MAX_DAY_FACTS))


def _read_ranges(warehouse: Warehouse, text: str, params: Mapping[str, Any], read: Sequence[ProductRange]) -> pa.Table:
    return pa.concat_tables(warehouse.query(text, {**params, **part}) for part in read)
