"""Stock levels computed from the ledger and the movements, of some products in stores or of all."""

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
_LINES = (
    "SELECT * FROM line_facts WHERE is_active AND store_id IS NOT NULL AND product IS NOT NULL AND units IS NOT NULL"
)
_LINES_SINCE = f"{_LINES} AND sale_date >= @first_day"
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
  ON products.region = current_movements.region AND products.product = current_movements.product"""
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
    """What may have changed stock levels: lines of settlements after `after`, and movements.

    days: business days that these settlements changed.
    """

    after: int
    days: tuple[date, ...]
    movements: tuple[str, ...]

    @property
    def params(self) -> dict[str, Any]:
        return {"after": self.after, "days": list(self.days), "movements": list(self.movements)}


def touched_pairs(warehouse: Warehouse, touched: Touched) -> pa.Table:
    """Return region, store_id, product, and counted_on: the day of its last count or NULL."""
    return warehouse.query(sql.text("stock/touched_pairs"), touched.params)


def levels(warehouse: Warehouse, today: date) -> pa.Table:
    """Return the rows of `stock_levels`. today: last of the recent days."""
    relations = {"visible_movements": "SELECT * FROM current_movements", "visible_stock_lines": _LINES}
    return _levels(warehouse, relations, "SELECT * FROM computed_stock_levels", _params(today))


def levels_of(warehouse: Warehouse, today: date, touched: Touched, first_day: date) -> pa.Table:
    """Return the rows of `stock_levels` of what was touched; `moved` is NULL if no facts of a product are left.

    first_day: of the sales that count; no later than the day of the last count of each product.
    """
    relations = {
        "touched_pairs": sql.statement("stock/touched_pairs"),
        "visible_movements": _TOUCHED_MOVEMENTS,
        "visible_stock_lines": _TOUCHED_LINES,
    }
    first = min(first_day, today - RECENT_DAYS + timedelta(days=1))
    return _levels(warehouse, relations, _OF_TOUCHED, _params(today) | touched.params | {"first_day": first})


def stock_days(warehouse: Warehouse) -> pa.Table:
    """Return the rows of sql/relations/stock_days: the stock at the end of each day with facts.

    Without counts there are no rows, and no sales are read.
    """
    return _of_days(warehouse, ("stock_days",))


def days_out_of_stock(warehouse: Warehouse) -> pa.Table:
    """Return region, store_id, product, first_day, and next_day: the first day with stock again, or NULL.

    Reads as `stock_days`.
    """
    return _of_days(warehouse, ("stock_days", "days_out_of_stock"))


def _of_days(warehouse: Warehouse, named: tuple[str, ...]) -> pa.Table:
    first = warehouse.query("SELECT MIN(stock_date) AS first_day FROM stock_movements WHERE kind = 'count'")
    params = {"first_day": first.column("first_day")[0].as_py() or date.max}
    relations = {"visible_movements": "SELECT * FROM current_movements", "visible_stock_lines": _LINES_SINCE}
    return _query(warehouse, relations, named, f"SELECT * FROM {named[-1]}", params)


def _levels(warehouse: Warehouse, relations: dict[str, str], select: str, params: dict[str, Any]) -> pa.Table:
    rows = _query(warehouse, relations, ("computed_stock_levels",), select, params)
    return rows.select(LEVELS.names).cast(LEVELS)


def _query(
    warehouse: Warehouse, relations: dict[str, str], named: tuple[str, ...], select: str, params: dict[str, Any]
) -> pa.Table:
    """Run a SELECT on relations and those of sql/relations that read them, each after those that it reads."""
    texts = relations | {name: sql.relations()[name] for name in named}
    ctes = ",\n".join(f"{name} AS (\n{indent(text, '  ')}\n)" for name, text in texts.items())
    return warehouse.query(f"WITH\n{ctes}\n{select}", params)


def _params(today: date) -> dict[str, Any]:
    return {"today": today, "day": date.max, "at": None}
