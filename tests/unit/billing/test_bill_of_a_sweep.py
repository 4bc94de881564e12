"""What BigQuery bills for the comparison of records and ledger in a sweep: the unverified days, not the history."""

import sql
from devtools.billing.queries import LEAST, script_statements
from devtools.billing.samples import TODAY
from devtools.billing.traffic import Ledger, Traffic
from tillstream.adapters.google.bigquery.query_values import inline_parameters
from tillstream.operations import ledger_agreement

YEARS = Ledger(Traffic(1_000_000), 3 * 365)


def test_the_batches_of_unverified_days_are_read_and_no_others() -> None:
    text = inline_parameters(ledger_agreement.unverified_batches_sql(), {"first": 9, "ids": ["b"], "days": [TODAY]})
    (statement,) = script_statements(text)
    (batches,) = [read for read in statement.reads if read.table == "batches"]
    assert batches.selection.values == {TODAY}
    assert statement.bytes(YEARS) <= 5 * LEAST


def test_a_sweep_without_news_reads_three_numbers_for_each_batch() -> None:
    (statement,) = script_statements(inline_parameters(sql.text("ledger/verified_settlement"), {"verified": 9}))
    assert statement.bytes(YEARS) <= 24 * YEARS.traffic.batches * YEARS.days
