"""Refreshes the daily totals on DuckDB: computes every day again that settlements or the catalogue changed."""

from duckdb import DuckDBPyConnection

import sql
from tillstream.adapters.local.googlesql.translation_cache import to_duckdb
from tillstream.domain.daily_totals import DAY, LINE_COLUMNS, MEASURES, ROLLUPS, SPLIT_ORDERS, day_groups, select

DAYS = 62
"""Days per query, which bounds memory regardless of the length of the history."""

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
    ((last, summed, written, _, changed_days),) = numbers
    if last == summed and not changed_days:
        return 0
    stale = cursor.execute(to_duckdb(sql.text("daily_totals/stale_days")), {"settlement_no": summed}).fetchall()
    if written != summed:
        stale = sorted({*stale, *cursor.execute(to_duckdb(sql.text("daily_totals/unsplit_days"))).fetchall()})
    for days in day_groups([day for (day,) in stale], DAYS):
        cursor.execute(f"CREATE OR REPLACE TEMP TABLE {_LINES} AS {to_duckdb(_LINES_OF_DAYS)}", {"days": days})
        for table in ROLLUPS:
            cursor.execute(f"DELETE FROM {table} WHERE {DAY} IN (SELECT UNNEST($days))", {"days": days})
            cursor.execute(f"INSERT INTO {table} BY NAME {to_duckdb(select(table, 'TRUE', _LINES))}")
        cursor.execute(f"DROP TABLE {_LINES}")
    cursor.execute("DELETE FROM catalogue_days")  # those that this transaction sees
    cursor.execute("DELETE FROM summed")
    cursor.execute("INSERT INTO summed (settlement_no, split_settlement_no) VALUES (?, ?)", [last, last])
    return len(stale)
