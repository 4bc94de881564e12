"""Stock by day, computed from the ledger and the movements."""

from datetime import date

import pyarrow as pa

from sql.stock_levels import with_relations
from tillstream.ports.warehouse import Warehouse

_FIRST_COUNT = "SELECT MIN(stock_date) AS first_day FROM stock_movements WHERE kind = 'count'"
_LINES = """SELECT * FROM line_facts
WHERE is_active AND store_id IS NOT NULL AND product IS NOT NULL AND units IS NOT NULL AND sale_date >= @first_day"""


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
    first_day = warehouse.query(_FIRST_COUNT).column("first_day")[0].as_py() or date.max
    relations = {"visible_movements": "SELECT * FROM current_movements", "visible_stock_lines": _LINES}
    return warehouse.query(with_relations(relations, f"SELECT * FROM {named[-1]}", named), {"first_day": first_day})
