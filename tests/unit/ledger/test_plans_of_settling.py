"""The cost of settling grows with its rows, and a settlement that is too large leaves few days pending."""

from datetime import date, timedelta

import duckdb
import pytest

from tillstream.ledger.duckdb_ledger import statements
from tillstream.ledger.ledger_slice import MAX_PENDING_DAYS, choose_pending_days

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


FIRST = date(2024, 7, 1)
DAYS = [FIRST + timedelta(n) for n in range(40)]


def pairs(counts: dict[date, int]) -> list[tuple[int, date]]:
    return [(number, day) for day, count in counts.items() for number in range(count)]


def test_no_day_is_left_pending_while_the_pairs_are_few() -> None:
    assert choose_pending_days(pairs({DAYS[0]: 5, DAYS[1]: 5}), 10, []) == set()
    assert choose_pending_days([], 0, DAYS) == set()


def test_as_few_days_as_possible_are_left_pending() -> None:
    assert choose_pending_days(pairs({DAYS[0]: 3, DAYS[1]: 8, DAYS[2]: 5}), 8, []) == {DAYS[1]}
    assert choose_pending_days(pairs({DAYS[0]: 3, DAYS[1]: 8, DAYS[2]: 5}), 7, []) == {DAYS[1], DAYS[2]}


def test_no_more_days_are_pending_at_a_time_than_allowed() -> None:
    many = pairs(dict.fromkeys(DAYS, 2))
    assert choose_pending_days(many, 0, []) == set(DAYS[:MAX_PENDING_DAYS])
    assert choose_pending_days(many, 0, DAYS[5:35]) == {DAYS[0], *DAYS[5:35]}
    assert choose_pending_days(many, 0, [FIRST - timedelta(n) for n in range(1, MAX_PENDING_DAYS + 1)]) == set()
