"""What BigQuery bills for the comparison with a home: the days that its settlements touched, not the ledger."""

from datetime import timedelta

import sql
from devtools.billing.queries import LEAST, Statement, script_statements
from devtools.billing.samples import TODAY
from devtools.billing.traffic import Ledger, Traffic
from tillstream.adapters.google.bigquery.query_values import inline_parameters
from tillstream.sync import agreement

YEARS = Ledger(Traffic(30_000), 2 * 365)
"""Of 50 million lines."""
IDS = {"batches": ["b"], "received": [TODAY]}
DAY = {**IDS, "numbers": [9], "days": [TODAY], "number": agreement.EVERY_SETTLEMENT}


def statement_of(text: str, params: dict[str, object]) -> Statement:
    (statement,) = script_statements(inline_parameters(text, params))
    return statement


def bytes_of_comparison() -> int:
    """After a settlement of sales of today."""
    numbered = statement_of(sql.text("ledger/numbered_batches"), IDS)
    last = statement_of(sql.text("ledger/last_settlement"), {"noted": 9, "last": agreement.EVERY_SETTLEMENT})
    sums = statement_of(agreement.query_of_batch_sums(), DAY)
    return last.bytes(YEARS) + numbered.bytes(YEARS) + sums.bytes(YEARS)


def test_the_sightings_of_the_touched_days_are_read_and_no_others() -> None:
    statement = statement_of(agreement.query_of_batch_sums(), DAY)
    (sightings,) = [read for read in statement.reads if read.table == "sightings"]
    assert sightings.selection.values == {TODAY}
    assert {read.table for read in statement.reads} == {"batches", "sightings"}


def test_the_days_are_read_from_the_batches_of_one_day_of_receipt() -> None:
    statement = statement_of(sql.text("ledger/numbered_batches"), IDS)
    assert {(read.table, *(read.selection.values or ())) for read in statement.reads} == {
        ("batches", TODAY),
        ("batch_days", TODAY),
    }


def test_a_comparison_costs_what_its_settlements_touched() -> None:
    whole = statement_of(sql.text("ledger/counted_batches"), {"number": agreement.EVERY_SETTLEMENT})
    lines = YEARS.traffic.rows("sightings") * YEARS.days
    assert 50 * lines < whole.bytes(YEARS) < 70 * lines
    assert bytes_of_comparison() <= 6 * LEAST < whole.bytes(YEARS) / 40


def test_a_comparison_costs_as_much_after_years_as_after_a_month() -> None:
    text, days = agreement.query_of_batch_sums(), [TODAY - timedelta(days=number) for number in range(20)]
    statement = statement_of(text, {**DAY, "days": days})
    assert statement.bytes(YEARS) == statement.bytes(Ledger(YEARS.traffic, 30))
