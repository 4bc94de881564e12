"""Project: keep the sums by day, for the days that settlements have touched since the last time.

Nobody waits for it: where the sums do not know a day yet, the query layer reads its lines (analytics/summed.py).
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import date

import pyarrow as pa

import sql
from tillstream.domain.daily_totals import SUMS, select
from tillstream.ports.warehouse import Warehouse

DAYS = 62
"""Summed at once: bounded memory however long the history is."""


def project(warehouse: Warehouse, progress: Callable[[int], None] | None = None) -> int:
    """Sum the stale days again; how many there were. Repeatable, and right whatever settles meanwhile.

    The settlement is noted last: where this ends midway, the days are still stale and summed again.
    """
    known = warehouse.query(sql.text("daily_totals/summed")).to_pylist()[0]
    last, summed = known["last_settlement"], known["summed_settlement"]
    if last == summed:
        return 0
    stale = warehouse.query(sql.text("daily_totals/stale_days"), {"settlement_no": summed})
    days = stale.column("sale_date").to_pylist()
    for some in _several(days):
        for table in SUMS:
            warehouse.renew(table, select(table), some)
        if progress:
            progress(len(some))
    warehouse.load("summed", pa.table({"settlement_no": [last]}))
    return len(days)


def _several(days: Sequence[date]) -> Iterator[Sequence[date]]:
    for first in range(0, len(days), DAYS):
        yield days[first : first + DAYS]
