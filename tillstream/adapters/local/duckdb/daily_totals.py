"""Refreshes the daily totals on DuckDB: computes every day again that settlements or the catalogue changed."""

from duckdb import DuckDBPyConnection

import sql
from tillstream.adapters.local.googlesql.translation_cache import to_duckdb
from tillstream.domain.daily_totals import DAY, ROLLUPS, day_groups, select

DAYS = 62
"""Days per query, which bounds memory regardless of the length of the history."""


def refresh(cursor: DuckDBPyConnection) -> int:
    """Refresh the totals in the transaction of the cursor; return the number of refreshed days."""
    numbers = cursor.execute(to_duckdb(sql.text("daily_totals/summed"))).fetchall()
    ((last, summed, _, changed_days),) = numbers
    if last == summed and not changed_days:
        return 0
    stale = cursor.execute(to_duckdb(sql.text("daily_totals/stale_days")), {"settlement_no": summed}).fetchall()
    for days in day_groups([day for (day,) in stale], DAYS):
        for table in ROLLUPS:
            cursor.execute(f"DELETE FROM {table} WHERE {DAY} IN (SELECT UNNEST($days))", {"days": days})
            cursor.execute(f"INSERT INTO {table} BY NAME {to_duckdb(select(table))}", {"days": days})
    cursor.execute("DELETE FROM catalogue_days")  # those that this transaction sees
    cursor.execute("DELETE FROM summed")
    cursor.execute("INSERT INTO summed (settlement_no) VALUES (?)", [last])
    return len(stale)
