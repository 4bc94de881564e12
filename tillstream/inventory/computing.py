"""Stock levels computed from the ledger and the movements, of some products in stores or of all."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pyarrow as pa

import sql
from sql.stock_levels import FACTS_OF_PRODUCTS, with_relations
from tillstream.domain.warehouse.stock_tables import STOCK_TABLES
from tillstream.pipeline.rows.schema import arrow_schema
from tillstream.ports.warehouse import Warehouse

LEVELS = arrow_schema(STOCK_TABLES["stock_levels"])
RECENT_DAYS = timedelta(days=56)
"""Days whose sales are the recent ones."""
_MOST_APART = timedelta(days=4)
"""A sale of a business day that is earlier by more is before a count, whatever their times of day."""
Query = tuple[str, dict[str, Any]]
"""GoogleSQL and its parameters."""
Part = dict[str, str]
"""Parameters of FACTS_OF_PRODUCTS that select products."""
EVERY_PRODUCT: Part = {"first_product": "", "next_product": ""}
MOST_FACTS, MOST_PARTS = 1_500_000, 16
"""Movements and sale lines that are computed at once, to bound memory; and how often they are read at most."""
_TOUCHED_LINES = """SELECT line_facts.*
FROM line_facts
INNER JOIN touched_pairs
  ON touched_pairs.region = line_facts.region
  AND touched_pairs.store_id = line_facts.store_id
  AND touched_pairs.product = line_facts.product
WHERE line_facts.is_active AND line_facts.units IS NOT NULL AND line_facts.sale_date >= @first_day"""
_TOUCHED_MOVEMENTS = """SELECT current_movements.*
FROM current_movements
INNER JOIN (SELECT DISTINCT region, product FROM touched_pairs) AS products
  ON products.region = current_movements.region AND products.product = current_movements.product
LEFT JOIN touched_pairs
  ON touched_pairs.region = current_movements.region
  AND touched_pairs.store_id = current_movements.store_id
  AND touched_pairs.product = current_movements.product
WHERE touched_pairs.product IS NOT NULL OR current_movements.other_store IS NOT NULL"""
_OF_TOUCHED = """SELECT
  touched_pairs.region,
  touched_pairs.store_id,
  touched_pairs.product,
  levels.* EXCEPT (region, store_id, product, in_transit, recent_units),
  COALESCE(levels.in_transit, 0) AS in_transit,
  COALESCE(levels.recent_units, 0) AS recent_units
FROM touched_pairs
LEFT JOIN computed_stock_levels AS levels
  ON levels.region = touched_pairs.region
  AND levels.store_id = touched_pairs.store_id
  AND levels.product = touched_pairs.product"""


@dataclass(frozen=True)
class Touched:
    """What may have changed stock levels: lines of settlements after `after`, movements, and the recent days.

    days: business days that these settlements changed. sold_on: days that are no longer recent, or now are.
    """

    after: int
    days: tuple[date, ...]
    movements: tuple[str, ...]
    sold_on: tuple[date, ...] = ()

    @property
    def params(self) -> dict[str, Any]:
        lists = {"days": self.days, "movements": self.movements, "sold_on": self.sold_on}
        return {"after": self.after} | {name: list(values) for name, values in lists.items()}


def touched_pairs(warehouse: Warehouse, touched: Touched) -> pa.Table:
    """Return region, store_id, product, and counted_on: the day of its last count or NULL."""
    return warehouse.query(sql.text("stock/touched_pairs"), touched.params)


def levels(warehouse: Warehouse, today: date) -> pa.Table:
    """Return the rows of `stock_levels`. today: last of the recent days."""
    return pa.concat_tables(_rows(warehouse, *query_of_all(today, part)) for part in parts(warehouse))


def levels_of(warehouse: Warehouse, today: date, touched: Touched, counted_on: date) -> pa.Table:
    """Return the rows of `stock_levels` of what was touched; `moved` is NULL if no facts of a product are left.

    counted_on: no later than the day of the last count of each product.
    """
    return _rows(warehouse, *query_of_touched(today, touched, counted_on))


def query_of_all(today: date, part: Part = EVERY_PRODUCT) -> Query:
    """Of the products of a part."""
    text = with_relations(FACTS_OF_PRODUCTS, "SELECT * FROM computed_stock_levels")
    return text, params_of(today) | part | {"first_day": date.min}


def query_of_touched(today: date, touched: Touched, counted_on: date) -> Query:
    relations = {
        "touched_pairs": sql.statement("stock/touched_pairs"),
        "visible_movements": _TOUCHED_MOVEMENTS,
        "visible_stock_lines": _TOUCHED_LINES,
    }
    params = params_of(today) | touched.params | {"first_day": first_day(today, counted_on)}
    return with_relations(relations, _OF_TOUCHED), params


def first_day(today: date, counted_on: date) -> date:
    """The first day whose lines can change the numbers of a level whose last count was on a day, or later."""
    return min(counted_on - _MOST_APART, today - RECENT_DAYS + timedelta(days=1))


def parts(warehouse: Warehouse, from_day: date = date.min, most_facts: int = 0) -> list[Part]:
    """All products in parts with so many movements, and lines from a day, as are computed at once.

    most_facts: of a part; 0: MOST_FACTS.
    """
    products = warehouse.query(sql.text("stock/products"), {"first_day": from_day}).to_pylist()
    size = max(most_facts or MOST_FACTS, sum(one["facts"] for one in products) / MOST_PARTS)
    firsts, facts = [""], 0
    for one in products:
        if facts and facts + one["facts"] > size:
            firsts.append(one["product"])
            facts = 0
        facts += one["facts"]
    ends = [*firsts[1:], ""]
    return [{"first_product": first, "next_product": end} for first, end in zip(firsts, ends, strict=True)]


def _rows(warehouse: Warehouse, text: str, params: dict[str, Any]) -> pa.Table:
    return warehouse.query(text, params).select(LEVELS.names).cast(LEVELS)


def params_of(today: date) -> dict[str, Any]:
    """Parameters of sql/relations/computed_stock_levels for stock as it is now. today: last of the recent days."""
    return {"today": today, "day": date.max, "at": None}
