"""Stock by day, computed from the ledger and the movements."""

from datetime import date

import pyarrow as pa

from sql.stock_levels import FACTS_OF_PRODUCTS, with_relations
from tillstream.inventory.computing import EVERY_PRODUCT, parts
from tillstream.ports.warehouse import Warehouse

MOST_FACTS = 300_000
"""Movements and sale lines that are computed at once: each day with facts has a row, which takes more than a level."""
_FIRST_COUNT = "SELECT MIN(stock_date) AS first_day FROM stock_movements WHERE kind = 'count'"


def by_day(warehouse: Warehouse) -> pa.Table:
    """Return the rows of sql/relations/stock_days: the stock at the end of each day with facts.

    Without counts there are no rows, and no sales are read.
    """
    return _read(warehouse, "stock_days")


def days_out_of_stock(warehouse: Warehouse) -> pa.Table:
    """Return region, store_id, product, first_day, and next_day: the first day with stock again, or NULL.

    Reads as `stock_days`.
    """
    return _read(warehouse, "stock_days", "days_out_of_stock")


def _read(warehouse: Warehouse, *named: str) -> pa.Table:
    """Read the products in parts, as their stock levels are computed."""
    first_day = warehouse.query(_FIRST_COUNT).column("first_day")[0].as_py()
    text = with_relations(FACTS_OF_PRODUCTS, f"SELECT * FROM {named[-1]}", named)
    params = {"first_day": first_day or date.max}
    read = parts(warehouse, first_day, MOST_FACTS) if first_day else [EVERY_PRODUCT]
    return pa.concat_tables(warehouse.query(text, params | part) for part in read)
