"""Refresh the daily totals of the days that settlements changed since the last run.

The refresh is asynchronous: for days that are not refreshed yet, the query layer (analytics/summed.py) reads the sale
lines.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import date

import pyarrow as pa

import sql
from tillstream.domain.daily_totals import ROLLUPS, select
from tillstream.ports.warehouse import Warehouse

DAYS = 62
"""Days per query, which bounds memory regardless of the length of the history."""


def refresh_daily_totals(warehouse: Warehouse, progress: Callable[[int], None] | None = None) -> int:
    """Refresh the stale days; return their number. Idempotent, and safe while batches are settled.

    The settlement number is stored last: after a crash the days are still stale and are refreshed again.
    """
    status = warehouse.query(sql.text("daily_totals/summed")).to_pylist()[0]
    last, summed = status["last_settlement"], status["summed_settlement"]
    if last == summed:
        return 0
    stale = warehouse.query(sql.text("daily_totals/stale_days"), {"settlement_no": summed})
    days = stale.column("sale_date").to_pylist()
    for day_range in _chunks(days):
        for table in ROLLUPS:
            warehouse.replace_days(table, select(table), day_range)
        if progress:
            progress(len(day_range))
    warehouse.replace_table("summed", pa.table({"settlement_no": [last]}))
    return len(days)


def _chunks(days: Sequence[date]) -> Iterator[Sequence[date]]:
    for start in range(0, len(days), DAYS):
        yield days[start : start + DAYS]
