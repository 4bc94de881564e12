"""The documented rules of BigQuery's bill, on a ledger whose sizes are known."""

from datetime import timedelta

import pytest
import sqlglot

import sql
from devtools.billing.limits import PARTITIONS_OF_A_TABLE, exceeded, most_partitions
from devtools.billing.queries import LEAST, MB, ReadSession, script_statements
from devtools.billing.references import references
from devtools.billing.sizes import ABSENT, TEXT, width
from devtools.billing.traffic import NOW, Ledger, Traffic
from tillstream.adapters.google.bigquery.query_values import inline_parameters
from tillstream.adapters.google.bigquery.tables import APPENDED, FIELDS

TRAFFIC = Traffic(1_000_000)
LEDGER = Ledger(TRAFFIC, 30)
YESTERDAY = "DATE '2026-05-31'"


def billed(text: str, ledger: Ledger = LEDGER) -> int:
    return sum(statement.bytes(ledger) for statement in script_statements(text))


def rounded(size: float) -> int:
    return -int(-size // MB) * MB


def test_a_row_is_as_wide_as_its_columns() -> None:
    assert width("sale_versions", ("key", "content", "is_current")) == 18 + 8 + 1
    assert width("statements", ("scope", "whole")) == 8 + 2 + TEXT["whole"]
    assert width("sale_versions", ("unit_cost",)) == 0
    assert width("sale_versions") > 200


def test_the_widths_are_those_of_columns_that_exist() -> None:
    assert set(TEXT) | ABSENT <= {field.name for fields in FIELDS.values() for field in fields}


def test_a_query_is_billed_the_columns_of_the_partitions_that_are_left() -> None:
    day = TRAFFIC.lines
    text = f"SELECT key FROM sightings WHERE sale_date = {YESTERDAY}"
    assert billed(text) == rounded(day * (18 + 8))
    assert billed("SELECT key FROM sightings") == rounded(29.5 * day * 18)
    assert billed("SELECT key FROM sightings WHERE sale_date = (SELECT MAX(sale_date) FROM fx_rates)") > 29 * day * 18


def test_the_day_of_the_settlement_is_half_full_and_later_days_are_empty() -> None:
    assert billed(f"SELECT key FROM sightings WHERE sale_date = DATE '{NOW.date()}'") == rounded(TRAFFIC.lines * 13)
    assert billed("SELECT key FROM sightings WHERE sale_date = DATE '2027-01-01'") == LEAST


@pytest.mark.parametrize(
    ("condition", "values"),
    [
        (f"sale_date IN ({YESTERDAY}, DATE '2026-05-01')", "2026-05-01, 2026-05-31"),
        (f"sale_date IN UNNEST([{YESTERDAY}])", "2026-05-31"),
        (f"sale_date IN ({YESTERDAY}) AND (sale IN (1, 2) OR batch_no IN (3))", "2026-05-31"),
        (f"(sale_date = {YESTERDAY}) AND TRUE", "2026-05-31"),
        (f"sale_date = {YESTERDAY} OR batch_no = 3", ""),
        ("sale_date IN UNNEST(@days)", ""),
        ("sale_date = DATE(TIMESTAMP_MICROS(received_seq))", ""),
        ("sale_date IN (SELECT sale_date FROM settlement_days)", ""),
    ],
)
def test_only_constants_compared_with_the_partitioning_column_prune(condition: str, values: str) -> None:
    text = f"SELECT sale FROM sightings WHERE {condition}"
    sightings = [read for read in script_statements(text)[0].reads if read.table == "sightings"]
    assert ", ".join(map(str, sorted(sightings[0].selection.values or ()))) == values  # type: ignore[type-var]


def test_ranges_of_numbers_prune_from_their_first_partition_on() -> None:
    ledger = Ledger(TRAFFIC, 365)
    text = f"SELECT sale_date FROM settlement_days WHERE settlement_no > {ledger.last_settlement - 100}"
    (statement,) = script_statements(text)
    (read,) = statement.reads
    assert ledger.partitions("settlement_days", read.selection) == 1
    assert billed(text, ledger) == LEAST


def test_every_table_is_billed_at_least_10_mb_and_a_constant_nothing() -> None:
    assert billed("SELECT number FROM epoch") == LEAST
    assert billed("SELECT epoch.number FROM epoch, summed") == 2 * LEAST
    assert billed("SELECT TRUE AS committed") == 0


def test_an_insert_is_billed_as_its_select() -> None:
    select = f"SELECT batch_no, sale_date FROM sightings WHERE sale_date = {YESTERDAY}"
    assert billed(f"INSERT INTO batch_days (batch_no, sale_date)\n{select}") == billed(select)


def test_an_update_is_billed_all_columns_of_the_partitions_that_it_changes() -> None:
    everything = "UPDATE batches AS b SET removed = 1 WHERE b.batch_no = 7"
    one_day = f"UPDATE batches AS b SET removed = 1 WHERE b.received_date IN ({YESTERDAY}) AND b.batch_no = 7"
    assert billed(one_day) == LEAST
    ledger = Ledger(Traffic(1_000_000_000), 30)
    day = ledger.traffic.batches
    referenced = width("batches", ("removed", "batch_no", "received_date"))
    assert billed(one_day, ledger) == rounded(day * (width("batches") + referenced))
    assert billed(everything, ledger) > 29 * day * width("batches")


def test_a_script_is_billed_as_the_sum_of_its_statements() -> None:
    text = """
    BEGIN TRANSACTION;
    IF (SELECT MAX(number) FROM epoch) <> 7 THEN
      SELECT ERROR('a text; with a semicolon');
    END IF;
    UPDATE epoch SET number = 8 WHERE TRUE;
    SET answer = (SELECT ARRAY_AGG(currency) FROM reporting);
    COMMIT TRANSACTION;
    """
    names = [statement.name for statement in script_statements(text)]
    assert names == ["SELECT epoch", "UPDATE epoch", "SELECT reporting"]
    assert billed(text) == 3 * LEAST


def test_a_merge_that_only_inserts_is_billed_its_source() -> None:
    assert billed("MERGE epoch USING summed ON FALSE WHEN NOT MATCHED THEN INSERT ROW") == LEAST


def test_a_merge_is_billed_its_source_and_all_columns_of_the_partitions_that_it_changes() -> None:
    source = (
        f"SELECT sale_date, SUM(lines) AS lines FROM customer_sums WHERE sale_date = {YESTERDAY} GROUP BY sale_date"
    )
    text = (
        f"MERGE customer_sums AS totals USING ({source}) AS folded ON FALSE "
        f"WHEN NOT MATCHED BY SOURCE AND totals.sale_date IN ({YESTERDAY}) THEN DELETE "
        "WHEN NOT MATCHED THEN INSERT (sale_date, lines) VALUES (sale_date, lines)"
    )
    of_a_row = width("customer_sums") + width("customer_sums", ("sale_date", "lines"))
    assert billed(text) == rounded(TRAFFIC.rows("customer_sums") * of_a_row)


def test_a_merge_that_compares_rows_has_no_rule() -> None:
    with pytest.raises(ValueError, match="No rule for the bytes of MERGE"):
        script_statements("MERGE epoch USING summed ON epoch.number = 1 WHEN NOT MATCHED THEN INSERT ROW")


def test_views_are_billed_as_the_tables_that_they_read() -> None:
    (statement,) = script_statements(f"SELECT sale_id FROM sale_versions WHERE sale_date = {YESTERDAY}")
    by_table = {read.table: read for read in statement.reads}
    assert by_table["stored_versions"].columns == {"sale_id", "sale_date", "key", "content"}
    assert by_table["stored_versions"].is_pruned
    # conservative: BigQuery may find the day of the flags by the join
    assert not by_table["version_flags"].is_pruned


def test_filters_reach_the_tables_below_a_union_of_views() -> None:
    text = inline_parameters(
        sql.text("ledger/lines_to_publish"), {"settlement_no": 43_000, "days": [NOW.date() - timedelta(days=1)]}
    )
    (statement,) = script_statements(text)
    left = {read.table: read.selection.values for read in statement.reads}
    assert left["stored_versions"] == {NOW.date() - timedelta(days=1)}
    assert left["listed_changes"] == {43_000}


def test_filters_stay_outside_a_window() -> None:
    numbered = "SELECT sale, sale_date, ROW_NUMBER() OVER (ORDER BY sale) AS place FROM sightings"
    (statement,) = script_statements(
        f"SELECT sale, place FROM ({numbered} UNION ALL {numbered}) WHERE sale_date = {YESTERDAY}"
    )
    assert [read.is_pruned for read in statement.reads] == [False, False]


def test_a_storage_read_has_no_minimum_and_reads_the_columns_of_its_filter() -> None:
    read = ReadSession("statements", ["batch_no"], f"sale_date IN ({YESTERDAY}) AND (scope IN (1, 2))")
    assert read.bytes(LEDGER) == TRAFFIC.rows("statements") * (8 + 8 + 8)
    assert ReadSession("epoch", ["number"], "").bytes(LEDGER) == 8


def test_a_column_of_incoming_takes_nothing_in_rows_without_it() -> None:
    (statement,) = script_statements(
        f"INSERT INTO statements (scope) SELECT scope FROM incoming WHERE arrived_at = TIMESTAMP '{NOW}'"
    )
    ledger = Ledger(Traffic(100_000_000), 30)
    half_an_hour = 0.5 / 24 * sum(ledger.traffic.rows(name) for name in APPENDED)
    scopes = 0.5 / 24 * ledger.traffic.rows("statements") * 8
    assert statement.bytes(ledger) == rounded(half_an_hour * 8 + scopes)


def test_no_table_of_fifteen_years_has_more_partitions_than_allowed() -> None:
    assert max(most_partitions(Ledger(TRAFFIC, 15 * 365)).values()) <= PARTITIONS_OF_A_TABLE


def test_a_filter_that_is_too_long_is_reported() -> None:
    read = ReadSession("sightings", ["sale"], " OR ".join(["sale = 1234567890123456789"] * 40_000))
    assert exceeded("SELECT 1", [], [read]) == ["length of a row restriction"]


def test_tables_in_a_with_clause_are_read_once_by_their_real_name() -> None:
    text = "WITH settlements AS (SELECT batch_no FROM batches) SELECT batch_no FROM settlements"
    assert {read.table for read in references(sqlglot.parse_one(text, read="bigquery"))} == {"batches"}
