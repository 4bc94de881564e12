"""Refreshes the daily totals on DuckDB: computes every day again that settlements or the catalogue changed.

If settlements only added lines, only their regions are computed: files of many regions arrive on the same day.
"""

from collections.abc import Sequence

from duckdb import DuckDBPyConnection

import sql
from tillstream.adapters.local.googlesql.translation_cache import to_duckdb
from tillstream.domain.daily_totals import DAY, LINE_COLUMNS, MEASURES, ROLLUPS, SPLIT_ORDERS, day_groups, select

DAYS = 62
"""Days per query, which bounds memory regardless of the length of the history."""

REGION = "region"
_REGIONS = f"SELECT DISTINCT {REGION} FROM sale_versions WHERE settlement_no > ? ORDER BY {REGION}"
_ONLY_ADDED = "SELECT COALESCE(bool_and(only_adds), FALSE) FROM settlements WHERE settlement_no > ?"

_LINES = "lines_to_sum"
_COLUMNS = dict.fromkeys(
    (*(name for names in ROLLUPS.values() for name in names), *(one.name for one in MEASURES), *LINE_COLUMNS)
)
_LINES_OF_DAYS = (
    f"SELECT {', '.join(name for name in _COLUMNS if name != SPLIT_ORDERS)} FROM line_sums WHERE {DAY} IN UNNEST(@days)"
)
"""Read once for all tables of totals: to join the catalogue costs more than to write the rows."""


def refresh(cursor: DuckDBPyConnection) -> int:
    """Refresh the totals in the transaction of the cursor; return the number of refreshed days."""
    numbers = cursor.execute(to_duckdb(sql.text("daily_totals/summed"))).fetchall()
    ((last, summed, written, _, catalogue_days),) = numbers
    if last == summed and not catalogue_days:
        return 0
    stale = cursor.execute(to_duckdb(sql.text("daily_totals/stale_days")), {"settlement_no": summed}).fetchall()
    if written != summed:
        stale = sorted({*stale, *cursor.execute(to_duckdb(sql.text("daily_totals/unsplit_days"))).fetchall()})
    regions = None if catalogue_days or written != summed else _added_regions(cursor, summed)
    for days in day_groups([day for (day,) in stale], DAYS):
        params = {"days": days} if regions is None else {"days": days, "regions": regions}
        lines = _LINES_OF_DAYS if regions is None else f"{_LINES_OF_DAYS} AND {REGION} IN UNNEST(@regions)"
        cursor.execute(f"CREATE OR REPLACE TEMP TABLE {_LINES} AS {to_duckdb(lines)}", params)
        deleted = "" if regions is None else f" AND {REGION} IN (SELECT UNNEST($regions))"
        for table in ROLLUPS:
            cursor.execute(f"DELETE FROM {table} WHERE {DAY} IN (SELECT UNNEST($days)){deleted}", params)
            cursor.execute(f"INSERT INTO {table} BY NAME {to_duckdb(select(table, 'TRUE', _LINES))}")
        cursor.execute(f"DROP TABLE {_LINES}")
    cursor.execute("DELETE FROM catalogue_days")  # those that this transaction sees
    cursor.execute("DELETE FROM summed")
    cursor.execute("INSERT INTO summed (settlement_no, split_settlement_no) VALUES (?, ?)", [last, last])
    return len(stale)


def _added_regions(cursor: DuckDBPyConnection, summed: int) -> Sequence[str] | None:
    """The regions of the lines that settlements added since the totals; None if a settlement changed a line."""
    only_added = cursor.execute(_ONLY_ADDED, [summed]).fetchone()
    if not (only_added and only_added[0]):
        return None
    return [region for (region,) in cursor.execute(_REGIONS, [summed]).fetchall()]
