"""Coverage of the daily totals: queries use totals for covered days and lines for stale ones."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

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
    written_settlement = row["written_settlement"]
    if not summed_settlement:
        return TotalsCoverage(last_settlement, None, catalogue)
    if last_settlement == summed_settlement and not row["changed_days"]:
        return TotalsCoverage(last_settlement, (), catalogue)
    key = (last_settlement, summed_settlement, written_settlement, catalogue, row["changed_days"])
    days = _days(warehouse, cache, key, "stale_days", {"settlement_no": summed_settlement})
    if written_settlement != summed_settlement:  # an older version refreshed the totals
        days |= _days(warehouse, cache, key, "unsplit_days")
    return TotalsCoverage(last_settlement, tuple(sorted(days)), catalogue)


def _days(
    warehouse: Warehouse, cache: QueryCache, key: tuple[int, ...], name: str, params: Mapping[str, Any] | None = None
) -> set[date]:
    rows = cache.get((name, *key))
    if rows is None:
        rows = warehouse.query(sql.text(f"daily_totals/{name}"), params)
        cache.put((name, *key), rows)
    return {*rows.column("sale_date").to_pylist()}
