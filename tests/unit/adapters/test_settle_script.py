"""The script that commits a settlement: one statement per table, and more for many days."""

from datetime import UTC, date, datetime, timedelta

import pyarrow as pa

from tillstream.adapters.google.bigquery.settle_script import MOST_PARTITIONS, Commit, settlement_script
from tillstream.adapters.google.bigquery.settling import partition_days


def inserts(days: list[date]) -> list[str]:
    commit = Commit(1, 2, 3, "token", datetime(2026, 1, 1, tzinfo=UTC), {"sightings": days, "settlements": []})
    return [
        text for text in settlement_script(commit, "ledger", keep=True).split(";\n") if text.startswith("INSERT INTO")
    ]


def test_a_table_is_filled_by_one_statement() -> None:
    assert len(inserts([date(2026, 1, 1)])) == 2


def test_a_statement_changes_no_more_days_than_it_may() -> None:
    days = [date(2000, 1, 1) + timedelta(days=number) for number in range(MOST_PARTITIONS + 1)]
    first, last, _ = inserts(days)
    assert f"sale_date BETWEEN DATE '{days[0]}' AND DATE '{days[-2]}'" in first
    assert f"sale_date BETWEEN DATE '{days[-1]}' AND DATE '{days[-1]}'" in last


def test_rejected_rows_without_a_day_need_none() -> None:
    """Their table is partitioned by the day of receipt."""
    rows = pa.table({"sale_date": pa.array([None, date(2026, 1, 1)], pa.date32())})
    assert partition_days("refusals", rows) == []
    assert partition_days("statements", rows.slice(1)) == [date(2026, 1, 1)]
