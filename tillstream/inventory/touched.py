"""Stock levels of the products in stores that settlements or movements may have changed."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

import sql
from sql.limits import NO_DAY
from sql.stock_levels import with_relations
from tillstream.inventory.computing import LEVELS, MOST_APART, Query, first_day, params_of, rows
from tillstream.ports.warehouse import Warehouse

KEY = ("region", "store_id", "product")
_PAIR = """INNER JOIN touched_pairs
  ON touched_pairs.region = {lines}.region
  AND touched_pairs.store_id = {lines}.store_id
  AND touched_pairs.product = {lines}.product"""
_LINES = f"""SELECT
  line_facts.region,
  line_facts.store_id,
  line_facts.product,
  line_facts.product_name,
  line_facts.category,
  line_facts.sale_id,
  line_facts.sale_date,
  line_facts.sold_at,
  line_facts.units
FROM line_facts
{_PAIR.format(lines="line_facts")}
WHERE line_facts.is_active AND line_facts.units IS NOT NULL"""
_RECENT_LINES = f"{_LINES} AND line_facts.sale_date >= @recent_from"
_EARLY_LINES = f"""{_LINES}
  AND line_facts.sale_date >= @first_day
  AND line_facts.sale_date < @recent_from
  AND line_facts.sale_date
    >= COALESCE(touched_pairs.kept_until, DATE_SUB(touched_pairs.counted_on, INTERVAL {MOST_APART.days} DAY))"""
"""Of each pair from the day until which its units are kept, or else from its last count on."""
_KEPT_UNITS = """SELECT
  region,
  store_id,
  product,
  CAST(NULL AS STRING) AS product_name,
  CAST(NULL AS STRING) AS category,
  CAST(NULL AS STRING) AS sale_id,
  DATE_SUB(kept_until, INTERVAL 1 DAY) AS sale_date,
  CAST(NULL AS TIMESTAMP) AS sold_at,
  kept_sold AS units
FROM touched_pairs
WHERE kept_sold IS NOT NULL"""
"""One line of each pair, with the units that were sold after its last count, and are kept."""
_RECENT_SUMS = f"""SELECT
  sums.region,
  sums.store_id,
  sums.product,
  sums.product_name,
  sums.category,
  CAST(NULL AS STRING) AS sale_id,
  CAST(@today AS DATE) AS sale_date,
  CAST(NULL AS TIMESTAMP) AS sold_at,
  sums.units
FROM (
  SELECT
    region,
    store_id,
    product,
    MAX(product_name) AS product_name,
    MAX(category) AS category,
    CAST(SUM(IF(units > 0 AND sale_date <= CAST(@today AS DATE), units, 0)) AS NUMERIC) AS units
  FROM line_facts
  WHERE is_active AND units IS NOT NULL AND sale_date >= @recent_from{{stores}}
  GROUP BY region, store_id, product
) AS sums
{_PAIR.format(lines="sums")}
WHERE touched_pairs.counted_on IS NULL"""
"""One line of each pair that was never counted, with its recent units."""
_MOST_STORES = 100
"""Stores that are named in a statement; of more, all stores are read, as a longer list costs more than it saves."""
FEW = 4
"""The lines of stores with counts are read apart if at most one in so many of the touched stores has any."""
_TOUCHED_MOVEMENTS = """SELECT current_movements.*
FROM current_movements
INNER JOIN (SELECT DISTINCT region, product FROM touched_pairs) AS products
  ON products.region = current_movements.region AND products.product = current_movements.product
LEFT JOIN touched_pairs
  ON touched_pairs.region = current_movements.region
  AND touched_pairs.store_id = current_movements.store_id
  AND touched_pairs.product = current_movements.product
WHERE touched_pairs.product IS NOT NULL OR current_movements.other_store IS NOT NULL"""
_ALL_READ = "touched_pairs.lines_changed AND touched_pairs.kept_until IS NULL"
_OF_TOUCHED = f"""SELECT
  touched_pairs.region,
  touched_pairs.store_id,
  touched_pairs.product,
  levels.* EXCEPT (region, store_id, product, in_transit, recent_units, product_name, category),
  COALESCE(levels.in_transit, 0) AS in_transit,
  COALESCE(levels.recent_units, 0) AS recent_units,
  COALESCE(levels.product_name, IF({_ALL_READ}, NULL, stored.product_name)) AS product_name,
  COALESCE(levels.category, IF({_ALL_READ}, NULL, stored.category)) AS category
FROM touched_pairs
LEFT JOIN computed_stock_levels AS levels
  ON levels.region = touched_pairs.region
  AND levels.store_id = touched_pairs.store_id
  AND levels.product = touched_pairs.product
LEFT JOIN stock_levels AS stored
  ON stored.region = touched_pairs.region
  AND stored.store_id = touched_pairs.store_id
  AND stored.product = touched_pairs.product"""
"""A name that no line of these days has stays as it is stored, unless lines changed and all are read: its own may be
undone."""
_COLUMNS = ", ".join(LEVELS.names)
_CHANGED = f"SELECT {_COLUMNS} FROM (\n{_OF_TOUCHED}\n)\nEXCEPT DISTINCT\nSELECT {_COLUMNS} FROM stock_levels"


@dataclass(frozen=True)
class Touched:
    """What may have changed stock levels: lines of settlements, movements, and the recent days.

    after, last: numbers of the settlements: later than `after`, up to `last`. days: business days that they changed.
    sold_on: days that are no longer recent, or now are. from_lines: no units that are kept are used.
    """

    after: int
    last: int
    days: tuple[date, ...]
    movements: tuple[str, ...]
    sold_on: tuple[date, ...] = ()
    from_lines: bool = False

    def params(self, recent_from: date) -> dict[str, Any]:
        """Parameters of sql/stock/touched_pairs. recent_from: first of the recent days."""
        return {
            "after": self.after,
            "last": self.last,
            "days": list(self.days or (NO_DAY,)),
            "movements": list(self.movements),
            "sold_on": list(self.sold_on or (NO_DAY,)),
            "last_kept": NO_DAY if self.from_lines else recent_from,
        }


def touched_pairs(warehouse: Warehouse, today: date, touched: Touched) -> pa.Table:
    """Return the rows of sql/stock/touched_pairs. today: last of the recent days."""
    return warehouse.query(sql.text("stock/touched_pairs"), touched.params(first_day(today, today)))


def levels_of(warehouse: Warehouse, today: date, touched: Touched, pairs: pa.Table) -> pa.Table:
    """Return the rows of what was touched that differ from those of `stock_levels`, or that it lacks.

    `moved` is NULL if no facts of a product are left. pairs: `touched_pairs` of what was touched; products in other
    stores, which settlements meanwhile touch, are left to the next call.
    """
    changed = rows(warehouse, *query_of_touched(today, touched, pairs))
    return changed.join(pairs.select(KEY), KEY, join_type="left semi")


def query_of_touched(today: date, touched: Touched, pairs: pa.Table) -> Query:
    """The levels of touched products that differ from the stored ones. pairs: `touched_pairs`."""
    relations, params = facts_of_touched(today, touched, pairs)
    return with_relations(relations, _CHANGED), params_of(today) | params


def facts_of_touched(today: date, touched: Touched, pairs: pa.Table) -> tuple[dict[str, str], dict[str, Any]]:
    """Movements and lines from which the levels of touched products are computed: relations and their parameters.

    They have all recent lines, as sums where they suffice, and earlier ones since the count of each product in a store,
    as the units that are kept and the lines of later days.
    """
    counted_on, recent_from = pairs.column("counted_on"), first_day(today, today)
    early, earliest = _read_before(recent_from, pairs)
    counted, uncounted = pairs.filter(pc.is_valid(counted_on)), pairs.filter(pc.is_null(counted_on))
    params = touched.params(recent_from) | {"recent_from": recent_from}
    if FEW * len(_names(counted, "store_id")) <= len(_names(pairs, "store_id")):
        params["today"] = today
        lines = [_RECENT_SUMS.format(stores=_in_stores("", "uncounted", uncounted, params))]
        if counted.num_rows:
            stores = _in_stores("line_facts.", "counted", counted, params)
            lines.append(f"{_RECENT_LINES}{stores} AND touched_pairs.counted_on IS NOT NULL")
    else:
        lines = [f"{_RECENT_LINES}{_in_stores('line_facts.', 'touched', pairs, params)}"]
    lines.append(_KEPT_UNITS)
    if earliest:
        params["first_day"] = earliest
        lines.append(f"{_EARLY_LINES}{_in_stores('line_facts.', 'early', early, params)}")
    relations = {
        "touched_pairs": sql.statement("stock/touched_pairs"),
        "visible_movements": _TOUCHED_MOVEMENTS,
        "visible_stock_lines": "\nUNION ALL\n".join(lines),
    }
    return relations, params


def _read_before(recent_from: date, pairs: pa.Table) -> tuple[pa.Table, date | None]:
    """The pairs with lines to read before a day, and the first of their days; None if there are none."""
    since_count = pc.subtract(pairs["counted_on"], pa.scalar(MOST_APART)).cast(pa.date32())
    read_from = pc.coalesce(pairs["kept_until"], since_count)
    is_early = pc.less(read_from, pa.scalar(recent_from, pa.date32()))
    return pairs.filter(is_early), pc.min(read_from.filter(is_early)).as_py()


def _in_stores(table: str, name: str, pairs: pa.Table, params: dict[str, Any]) -> str:
    """The condition of lines in the stores of pairs, which adds their parameters; empty for more than _MOST_STORES."""
    stores = _names(pairs, "store_id")
    if len(stores) > _MOST_STORES:
        return ""
    params |= {f"{name}_regions": _names(pairs, "region"), f"{name}_stores": stores}
    return f" AND {table}region IN UNNEST(@{name}_regions) AND {table}store_id IN UNNEST(@{name}_stores)"


def _names(pairs: pa.Table, column: str) -> list[str]:
    return sorted(set(pairs.column(column).to_pylist()))
