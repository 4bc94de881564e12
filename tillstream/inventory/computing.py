"""Stock levels computed from the ledger and the movements, of some products in stores or of all."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

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
_NO_DAY = (date.min,)
"""Instead of no days: BigQuery reads all partitions if the array is empty."""
Query = tuple[str, dict[str, Any]]
"""GoogleSQL and its parameters."""
Part = dict[str, str]
"""Parameters of FACTS_OF_PRODUCTS that select products."""
EVERY_PRODUCT: Part = {"first_product": "", "next_product": ""}
MOST_FACTS, MOST_PARTS = 1_500_000, 16
"""Movements and sale lines that are computed at once, to bound memory; and how often they are read at most."""
_OF_PAIR = """FROM line_facts
INNER JOIN touched_pairs
  ON touched_pairs.region = line_facts.region
  AND touched_pairs.store_id = line_facts.store_id
  AND touched_pairs.product = line_facts.product
WHERE line_facts.is_active AND line_facts.units IS NOT NULL"""
_TOUCHED_LINES = f"""SELECT line_facts.*
{_OF_PAIR}
  AND line_facts.sale_date >= @recent_from
UNION ALL
SELECT line_facts.*
{_OF_PAIR}
  AND line_facts.sale_date >= @first_day
  AND line_facts.sale_date < @recent_from
  AND line_facts.region IN UNNEST(@counted_regions)
  AND line_facts.store_id IN UNNEST(@counted_stores)
  AND line_facts.sale_date >= DATE_SUB(touched_pairs.counted_on, INTERVAL {_MOST_APART.days} DAY)"""
"""Of the recent days those of all pairs; of earlier days only those from the last count of their pair on."""
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
  levels.* EXCEPT (region, store_id, product, in_transit, recent_units, product_name, category),
  COALESCE(levels.in_transit, 0) AS in_transit,
  COALESCE(levels.recent_units, 0) AS recent_units,
  COALESCE(levels.product_name, IF(touched_pairs.lines_changed, NULL, stored.product_name)) AS product_name,
  COALESCE(levels.category, IF(touched_pairs.lines_changed, NULL, stored.category)) AS category
FROM touched_pairs
LEFT JOIN computed_stock_levels AS levels
  ON levels.region = touched_pairs.region
  AND levels.store_id = touched_pairs.store_id
  AND levels.product = touched_pairs.product
LEFT JOIN stock_levels AS stored
  ON stored.region = touched_pairs.region
  AND stored.store_id = touched_pairs.store_id
  AND stored.product = touched_pairs.product"""
"""A name that no line of these days has stays as it is stored, unless lines changed: they may have had the name."""
_COLUMNS = ", ".join(LEVELS.names)
_CHANGED = f"SELECT {_COLUMNS} FROM (\n{_OF_TOUCHED}\n)\nEXCEPT DISTINCT\nSELECT {_COLUMNS} FROM stock_levels"


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
        lists = {"days": self.days or _NO_DAY, "movements": self.movements, "sold_on": self.sold_on or _NO_DAY}
        return {"after": self.after} | {name: list(values) for name, values in lists.items()}


def touched_pairs(warehouse: Warehouse, touched: Touched) -> pa.Table:
    """Return region, store_id, product, counted_on: the day of its last count or NULL, and lines_changed (BOOL)."""
    return warehouse.query(sql.text("stock/touched_pairs"), touched.params)


def levels(warehouse: Warehouse, today: date) -> pa.Table:
    """Return the rows of `stock_levels`. today: last of the recent days."""
    return pa.concat_tables(_rows(warehouse, *query_of_all(today, part)) for part in parts(warehouse))


def levels_of(warehouse: Warehouse, today: date, touched: Touched, pairs: pa.Table) -> pa.Table:
    """Return the rows of what was touched that differ from those of `stock_levels`, or that it lacks.

    `moved` is NULL if no facts of a product are left. pairs: `touched_pairs` of what was touched.
    """
    return _rows(warehouse, *query_of_touched(today, touched, pairs))


def query_of_all(today: date, part: Part = EVERY_PRODUCT) -> Query:
    """Of the products of a part."""
    text = with_relations(FACTS_OF_PRODUCTS, "SELECT * FROM computed_stock_levels")
    return text, params_of(today) | part | {"first_day": date.min}


def query_of_touched(today: date, touched: Touched, pairs: pa.Table) -> Query:
    """The levels of touched products that differ from the stored ones. pairs: `touched_pairs`."""
    return with_relations(facts_of_touched(), _CHANGED), params_of_touched(today, touched, pairs)


def facts_of_touched() -> dict[str, str]:
    """The movements and lines of touched products: the recent lines, and earlier ones since the last count of each."""
    return {
        "touched_pairs": sql.statement("stock/touched_pairs"),
        "visible_movements": _TOUCHED_MOVEMENTS,
        "visible_stock_lines": _TOUCHED_LINES,
    }


def params_of_touched(today: date, touched: Touched, pairs: pa.Table) -> dict[str, Any]:
    """Parameters of `facts_of_touched` and of sql/relations/computed_stock_levels. pairs: `touched_pairs`."""
    recent_from = first_day(today, today)
    earlier = pairs.filter(pc.less(pairs.column("counted_on"), pa.scalar(recent_from + _MOST_APART, pa.date32())))
    earliest = pc.min(earlier.column("counted_on")).as_py()
    params = params_of(today) | touched.params | {"recent_from": recent_from}
    params |= {"first_day": first_day(today, earliest or today)}
    for name, column in (("counted_regions", "region"), ("counted_stores", "store_id")):
        params[name] = sorted(set(earlier.column(column).to_pylist()))
    return params


def first_day(today: date, counted_on: date) -> date:
    """The first day whose lines can change the numbers of a level whose last count was on a day, or later."""
    return min(counted_on - _MOST_APART, today - RECENT_DAYS + timedelta(days=1))


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


def _rows(warehouse: Warehouse, text: str, params: dict[str, Any]) -> pa.Table:
    return warehouse.query(text, params).select(LEVELS.names).cast(LEVELS)


def params_of(today: date) -> dict[str, Any]:
    """Parameters of sql/relations/computed_stock_levels for stock as it is now. today: last of the recent days."""
    return {"today": today, "day": date.max, "at": None}
