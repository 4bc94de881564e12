"""Stock levels computed from the ledger and the movements, of some products in stores or of all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from textwrap import indent
from typing import Any

import pyarrow as pa

import sql
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
MOST_FACTS, MOST_PARTS = 1_500_000, 16
"""Movements and sale lines that are computed at once, to bound memory; and how often they are read at most."""
_PART = "product >= @first_product AND (@next_product = '' OR product < @next_product)"
MOVEMENTS = f"SELECT * FROM current_movements WHERE {_PART}"
LINES = f"SELECT * FROM line_facts WHERE is_active AND store_id IS NOT NULL AND units IS NOT NULL AND {_PART}"
"""Facts of the products of a part."""
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
    return pa.concat_tables(_rows(warehouse, *query_of_all(today, *part)) for part in parts(warehouse, date.min))


def levels_of(warehouse: Warehouse, today: date, touched: Touched, counted_on: date) -> pa.Table:
    """Return the rows of `stock_levels` of what was touched; `moved` is NULL if no facts of a product are left.

    counted_on: no later than the day of the last count of each product.
    """
    return _rows(warehouse, *query_of_touched(today, touched, counted_on))


def query_of_all(today: date, first_product: str = "", next_product: str = "") -> Query:
    """Of the products from `first_product` until before `next_product`; by default of all."""
    relations = {"visible_movements": MOVEMENTS, "visible_stock_lines": LINES}
    params = _params(today) | part_params(first_product, next_product)
    return with_relations(relations, "SELECT * FROM computed_stock_levels"), params


def part_params(first_product: str, next_product: str) -> dict[str, Any]:
    """Parameters of `MOVEMENTS` and `LINES`."""
    return {"first_product": first_product, "next_product": next_product}


def query_of_touched(today: date, touched: Touched, counted_on: date) -> Query:
    relations = {
        "touched_pairs": sql.statement("stock/touched_pairs"),
        "visible_movements": _TOUCHED_MOVEMENTS,
        "visible_stock_lines": _TOUCHED_LINES,
    }
    first = min(counted_on - _MOST_APART, today - RECENT_DAYS + timedelta(days=1))
    return with_relations(relations, _OF_TOUCHED), _params(today) | touched.params | {"first_day": first}


def parts(warehouse: Warehouse, first_day: date) -> list[tuple[str, str]]:
    """Return the first product of each part, and that of the next part: empty for the last one.

    first_day: of the sales that are read.
    """
    products = warehouse.query(sql.text("stock/products"), {"first_day": first_day}).sort_by("product").to_pylist()
    size = max(MOST_FACTS, sum(one["facts"] for one in products) / MOST_PARTS)
    firsts, facts = [""], 0
    for one in products:
        if facts and facts + one["facts"] > size:
            firsts.append(one["product"])
            facts = 0
        facts += one["facts"]
    return list(zip(firsts, [*firsts[1:], ""], strict=True))


def _rows(warehouse: Warehouse, text: str, params: dict[str, Any]) -> pa.Table:
    return warehouse.query(text, params).select(LEVELS.names).cast(LEVELS)


def with_relations(relations: Mapping[str, str], select: str, named: Sequence[str] = ("computed_stock_levels",)) -> str:
    """A SELECT of relations, and of those of sql/relations that read them, each after those that it reads."""
    texts = {**relations, **{name: sql.relations()[name] for name in named}}
    ctes = ",\n".join(f"{name} AS (\n{indent(text, '  ')}\n)" for name, text in texts.items())
    return f"WITH\n{ctes}\n{select}"


def _params(today: date) -> dict[str, Any]:
    return {"today": today, "day": date.max, "at": None}
