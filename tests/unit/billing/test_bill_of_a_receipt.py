"""What BigQuery bills for the receipt of a batch: its days, not the history."""

import pytest

import sql
from devtools.billing.queries import Statement, script_statements
from devtools.billing.samples import TODAY
from devtools.billing.traffic import Ledger, Traffic
from sql.limits import limited, where
from tillstream.adapters.google.bigquery.query_values import inline_parameters
from tillstream.receipts import receipt

PARAMETERS = {
    "batch_id": "b",
    "received_date": TODAY,
    "days": [TODAY],
    "receipt_days": [TODAY],
    "code": "",
    "limit": 1,
    "offset": 0,
}
LEDGER_TABLES = {"batches", "batch_days", "refusals", "sightings", "stored_versions"}


def statement(text: str) -> Statement:
    used = {name: value for name, value in PARAMETERS.items() if f"@{name}" in text}
    (only,) = script_statements(inline_parameters(text, used))
    return only


@pytest.mark.parametrize("name", [*receipt.QUERY_NAMES, "days_of_batch"])
def test_the_queries_of_a_batch_read_only_its_days(name: str) -> None:
    text = receipt.query_text(name) if name in receipt.QUERY_NAMES else sql.text(f"ledger/{name}")
    read = statement(text).reads
    assert {each.table for each in read} & LEDGER_TABLES
    for each in read:
        assert len(each.selection.values or ()) == 1 or each.table not in LEDGER_TABLES, each.table
    month, years = (Ledger(Traffic(1_000_000), days) for days in (30, 3 * 365))
    assert statement(text).bytes(month) == pytest.approx(statement(text).bytes(years), rel=0.2)


def test_limited_tables_keep_their_names_and_are_limited_through_views() -> None:
    text = limited(
        "SELECT outcomes.batch_no, r.raw FROM outcomes JOIN refusals AS r ON TRUE", where({"refusals": "FALSE"})
    )
    assert text.endswith("FROM limited_outcomes AS outcomes JOIN limited_refusals AS r ON TRUE")
    assert text.count("FROM refusals WHERE FALSE") == 1
    assert "limited_quarantine" not in text


def test_a_query_that_reads_no_limited_table_stays_the_same() -> None:
    text = "SELECT 1 AS number FROM settlements"
    assert limited(text, where({"refusals": "FALSE"})) == text
