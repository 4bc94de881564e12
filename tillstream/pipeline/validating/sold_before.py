"""What a region has sold, for functions that load no tables, too."""

import sql
from sql.limits import NO_DAY
from tillstream.ports import Warehouse

SoldBefore = frozenset[tuple[str | None, str, str | None]]
"""Stores, currencies and countries of lines."""


def sold_before(warehouse: Warehouse, region: str) -> SoldBefore:
    """The currencies and countries of the stores of a region, from the daily totals and the days that they lack."""
    (totals,) = warehouse.query(sql.text("daily_totals/summed")).to_pylist()
    stale = warehouse.query(sql.text("daily_totals/stale_days"), {"settlement_no": totals["summed_settlement"]})
    params = {"region": region, "stale": stale.column("sale_date").to_pylist() or [NO_DAY]}
    rows = warehouse.query(sql.text("ledger/sold_before"), params).to_pylist()
    return frozenset((row["store_id"], row["currency"], row["country"]) for row in rows)
