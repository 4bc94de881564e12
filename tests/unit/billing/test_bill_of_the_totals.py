"""Refreshes of the daily totals on BigQuery: what they read is pruned by constants, and what they are billed."""

from collections.abc import Sequence
from datetime import date, timedelta

import pytest

from devtools.billing.limits import exceeded
from devtools.billing.queries import LEAST, Statement, script_statements
from devtools.billing.samples import TODAY
from devtools.billing.traffic import NOW, Ledger, Traffic
from examples import in_long_proofs
from tillstream.adapters.google.bigquery import daily_totals
from tillstream.adapters.google.bigquery.daily_totals import NUMBERS_QUERY, Refresh, arrivals_query, refresh_script
from tillstream.adapters.google.bigquery.tables import APPENDED, FLAGS, INCOMING
from tillstream.model.tables.daily_totals import ROLLUPS

TRAFFIC = Traffic(1_000_000)
MONTH, YEARS = Ledger(TRAFFIC, 30), Ledger(TRAFFIC, 3 * 365)
MONTH_OF_DAYS = [TODAY - timedelta(days) for days in range(1, 31)]
ARRIVALS = {f"token-{n}": NOW - timedelta(minutes=n) for n in range(15)}


def text(added: Sequence[date] = (), changed: Sequence[date] = ()) -> str:
    return refresh_script(Refresh(100, 115, ARRIVALS, added, changed), "tillstream")


def billed(statements: Sequence[Statement], ledger: Ledger) -> int:
    return sum(statement.bytes(ledger) for statement in statements)


def test_added_lines_are_read_from_incoming_alone() -> None:
    statements = [*script_statements(text([TODAY])), *script_statements(arrivals_query(NOW - timedelta(hours=1), NOW))]
    reads = [read for statement in statements for read in statement.reads]
    catalogue = {"dim_product_cost", "product_codes"}
    assert {read.table for read in reads} == {"summed", "epoch", INCOMING} | catalogue
    assert all(read.is_pruned for read in reads if read.table not in catalogue)
    assert not [statement for statement in statements if statement.changes and statement.changes.table != "summed"]


def test_added_lines_are_billed_the_same_after_thirty_days_and_after_three_years() -> None:
    statements = script_statements(f"{NUMBERS_QUERY};{text([TODAY])}")
    assert billed(statements, MONTH) == billed(statements, YEARS) <= 17 * LEAST


def test_late_lines_are_billed_as_new_ones() -> None:
    new, late = script_statements(text([TODAY])), script_statements(text([TODAY, *MONTH_OF_DAYS]))
    assert billed(new, MONTH) == billed(late, MONTH)


def test_changed_days_are_read_as_constants_beside_all_changed_flags() -> None:
    statements = script_statements(text([TODAY], MONTH_OF_DAYS[:2]))
    reads = [read for statement in statements for read in statement.reads if read.table in APPENDED]
    assert {read.table for read in reads if not read.is_pruned} == {FLAGS}
    assert {read.selection.values for read in reads if read.is_pruned} == {frozenset(MONTH_OF_DAYS[:2])}
    deleted = [statement.changes for statement in statements if statement.name.startswith("DELETE")]
    assert [each.selection.values for each in deleted if each] == [frozenset(MONTH_OF_DAYS[:2])] * len(ROLLUPS)


def test_the_merge_at_night_changes_only_partitions_named_as_constants() -> None:
    merges = [
        each for each in script_statements(daily_totals.merge_script(MONTH_OF_DAYS)) if each.name.startswith("MERGE")
    ]
    assert [each.changes.table for each in merges if each.changes] == [*ROLLUPS]
    for merge in merges:
        assert merge.changes
        assert merge.changes.selection.values == frozenset(MONTH_OF_DAYS)
        assert [read.selection.values for read in merge.reads] == [frozenset(MONTH_OF_DAYS)]


def test_daily_facts_of_a_month_are_read_from_its_partitions() -> None:
    dates = ", ".join(f"DATE '{day}'" for day in MONTH_OF_DAYS)
    (statement,) = script_statements(
        f"SELECT SUM(revenue), SUM(cost) FROM fact_sales_daily WHERE sale_date IN ({dates})"
    )
    (facts,) = [read for read in statement.reads if read.table == "day_sums"]
    assert facts.selection.values == frozenset(MONTH_OF_DAYS)
    assert facts.is_pruned


FIFTEEN_YEARS = [TODAY - timedelta(days) for days in range(15 * 365)]


@pytest.mark.parametrize("changed", [MONTH_OF_DAYS, *in_long_proofs(FIFTEEN_YEARS)], ids=["month", "fifteen years"])
def test_no_refresh_exceeds_a_limit(changed: list[date]) -> None:
    for query in (text([TODAY], MONTH_OF_DAYS), text([], changed), daily_totals.merge_script(MONTH_OF_DAYS)):
        assert exceeded(query, script_statements(query), []) == []
