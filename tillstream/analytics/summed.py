"""Analytics: which days the sums by day know, so that a query adds up sums there and lines elsewhere."""

from dataclasses import dataclass
from datetime import date

import sql
from tillstream.analytics.query_cache import QueryCache
from tillstream.ports.warehouse import Warehouse


@dataclass(frozen=True)
class Summed:
    """`stale`: the days whose lines must be read; None where nothing is summed at all."""

    last_settlement: int = 0
    stale: tuple[date, ...] | None = None


def summed(warehouse: Warehouse, cache: QueryCache | None = None) -> Summed:
    """What the sums know of the last settlement. Worked out once for a settlement where answers are kept."""
    cache = cache or QueryCache()
    (known,) = cache.once("summed", lambda: warehouse.query(sql.text("daily_totals/summed"))).to_pylist()
    last, until = known["last_settlement"], known["summed_settlement"]
    if last == until or not until:
        return Summed(last, () if until else None)
    key = ("stale days", last, until)
    days = cache.get(key)
    if days is None:
        days = warehouse.query(sql.text("daily_totals/stale_days"), {"settlement_no": until})
        cache.put(key, days)
    return Summed(last, tuple(days.column("sale_date").to_pylist()))
