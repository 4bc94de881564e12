"""Coverage of the daily totals: queries use totals for covered days and lines for stale ones."""

from dataclasses import dataclass
from datetime import date

import sql
from tillstream.analytics.query_cache import QueryCache
from tillstream.ports.warehouse import Warehouse


@dataclass(frozen=True)
class TotalsCoverage:
    """Coverage of the daily totals. `stale`: days whose lines must be read; None if there are no totals."""

    last_settlement: int = 0
    stale: tuple[date, ...] | None = None
    catalogue: int = 0
    """Number of changes of the catalogue's tables; 0: it has never had an entry."""


def totals_coverage(warehouse: Warehouse, cache: QueryCache | None = None) -> TotalsCoverage:
    """Return the coverage as of the last settlement, cached by settlement."""
    cache = cache or QueryCache()
    (row,) = cache.once("summed", lambda: warehouse.query(sql.text("daily_totals/summed"))).to_pylist()
    last_settlement, summed_settlement, catalogue = row["last_settlement"], row["summed_settlement"], row["changes"]
    if not summed_settlement:
        return TotalsCoverage(last_settlement, None, catalogue)
    if last_settlement == summed_settlement and not row["changed_days"]:
        return TotalsCoverage(last_settlement, (), catalogue)
    key = ("stale days", last_settlement, summed_settlement, catalogue, row["changed_days"])
    days = cache.get(key)
    if days is None:
        days = warehouse.query(sql.text("daily_totals/stale_days"), {"settlement_no": summed_settlement})
        cache.put(key, days)
    return TotalsCoverage(last_settlement, tuple(days.column("sale_date").to_pylist()), catalogue)
