"""Stock by day, computed from the ledger and the movements."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from sql.stock_levels import COUNTED_PAIRS, FACTS_OF_COUNTED_PAIRS, FACTS_OF_PRODUCTS, with_relations
from tillstream.inventory.computing import EVERY_PRODUCT, Part, parts, parts_of
from tillstream.ports.warehouse import Warehouse

MOST_FACTS = 1_000_000
"""Movements and sale lines that are computed at once: each day with facts has a row, which takes more than a level."""
_FIRST_COUNT = "SELECT MIN(stock_date) AS first_day FROM stock_movements WHERE kind = 'count'"
_FACTS = """SELECT product, COUNT(*) AS facts
FROM (
  SELECT product FROM visible_movements
  UNION ALL
  SELECT product FROM visible_stock_lines
) AS facts
GROUP BY product
ORDER BY product"""
NO_SPANS = pa.table(
    {name: pa.array([], pa.string()) for name in ("region", "store_id", "product")}
    | {name: pa.array([], pa.date32()) for name in ("first_day", "next_day")}
)


def by_day(warehouse: Warehouse) -> pa.Table:
    """Return the rows of sql/relations/stock_days: the stock at the end of each day with facts.

    Without counts there are no rows, and no sales are read. The products are read in parts, as their stock levels are
    computed.
    """
    first_day = warehouse.query(_FIRST_COUNT).column("first_day")[0].as_py()
    text = with_relations(FACTS_OF_PRODUCTS, "SELECT * FROM stock_days", ("stock_days",))
    read = parts(warehouse, first_day, MOST_FACTS) if first_day else [EVERY_PRODUCT]
    return _read(warehouse, text, {"first_day": first_day or date.max}, read)


def days_out_of_stock(warehouse: Warehouse, since: date = date.min) -> pa.Table:
    """Return region, store_id, product, first_day, and next_day: the first day with stock again, or NULL.

    since: a span that began earlier may have a later first day, but none after `since`, or be left out. Each product
    in a store is read from its last count before this day on, or from its first count. Reads in parts, as `by_day`.
    """
    counted = warehouse.query(COUNTED_PAIRS, {"since": since})
    if not counted.num_rows:
        return NO_SPANS
    params: dict[str, Any] = {"since": since, "first_day": pc.min(counted.column("first_day")).as_py()}
    for name, column in (("regions", "region"), ("stores", "store_id")):
        params[name] = sorted(set(counted.column(column).to_pylist()))
    products = warehouse.query(with_relations(FACTS_OF_COUNTED_PAIRS, _FACTS, ()), params | EVERY_PRODUCT).to_pylist()
    text = with_relations(
        FACTS_OF_COUNTED_PAIRS, "SELECT * FROM days_out_of_stock", ("stock_days", "days_out_of_stock")
    )
    return _read(warehouse, text, params, parts_of(products, MOST_FACTS))


def _read(warehouse: Warehouse, text: str, params: Mapping[str, Any], read: Sequence[Part]) -> pa.Table:
    return pa.concat_tables(warehouse.query(text, {**params, **part}) for part in read)
