"""Joins of the settle script whose cost must grow with the rows, not with their square."""

import duckdb
import pytest

from tillstream.ledger.duckdb_ledger import statements

PRECEDENCE = "STRUCT(a INT, b BIGINT, c BIGINT, d INT)"
TABLES = (
    "live_observations (key UHUGEINT, sale BIGINT, region VARCHAR, store_id VARCHAR, sale_date DATE, is_till BOOLEAN, "
    f"precedence {PRECEDENCE})",
    "active_statements (batch_no BIGINT, source_version BIGINT, whole VARCHAR, scope BIGINT, region VARCHAR, "
    "store_id VARCHAR, sale_date DATE, is_till BOOLEAN, stores VARCHAR[], own_lines VARCHAR[], "
    f"precedence {PRECEDENCE})",
    "stated_keys (batch_no BIGINT, key UHUGEINT, source_version BIGINT, region VARCHAR, store_id VARCHAR, "
    "sale_date DATE)",
)


@pytest.mark.parametrize("step", ["superseded_by_statement"])
def test_no_step_compares_each_row_with_each_other(step: str) -> None:
    with duckdb.connect() as connection:
        for table in TABLES:
            connection.execute(f"CREATE TEMP TABLE {table}")
        plan = "".join(row[1] for row in connection.execute(f"EXPLAIN {statements()[step]}").fetchall())
    assert "Hash Join" in plan
    assert [join for join in ("Nl Join", "Nested Loop", "Cross Product") if join in plan] == []
