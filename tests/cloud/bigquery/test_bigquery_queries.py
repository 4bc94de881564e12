"""Every query of sql/queries and every quality check answers on BigQuery's emulator as on DuckDB, over the small shop
of the spec tests.

`tests/spec` holds the texts against Google's own engine; this holds the adapter: parameters, types, views, arrays. Each
commit tries every query in one of two ways.
"""

import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sample_ledger import SAMPLE_LEDGER
from sample_parameters import LEVEL_PARAMETERS, QUERY_PARAMETERS, READ_PARAMETERS
from sample_warehouse import sample_warehouse
from turns import in_turns

import sql
from devtools.emulators import Emulator
from sql.quality import checks
from tillstream.adapters.google.bigquery.warehouse import BigQueryWarehouse
from tillstream.analytics.filters import Filters, ReportedDays
from tillstream.analytics.queries import compose_query
from tillstream.analytics.query_catalogue import describe_query, query_names
from tillstream.analytics.row_scope.row_selection import QueryContext
from tillstream.forecasting.forecast_run import FORECASTS_SCHEMA
from tillstream.model.people import UNRESTRICTED, Scope
from tillstream.model.permissions import Role
from tillstream.receipts import receipt

sys.path.append(str(Path(__file__).parents[2] / "spec"))
from duck import Duck, exact

pytestmark = pytest.mark.long  # each query takes the emulator about a second
BASIS = QueryContext(ReportedDays(date(2023, 12, 3), date(2024, 2, 12)), "USD", (date(2024, 2, 1),))
QUERIES = (
    ("everything", UNRESTRICTED, Filters(), {"period": "weekly"}),
    (
        "february-of-a-manager",
        Scope(Role.MANAGER, ("IN", "UK"), ("S1", "U")),
        Filters(date(2024, 2, 1), date(2024, 2, 29)),
        {},
    ),
)


@pytest.fixture(scope="module")
def duck() -> Duck:
    duck = Duck()
    duck.fill(SAMPLE_LEDGER)
    return duck


@pytest.fixture(scope="module")
def warehouse(bigquery: Emulator) -> Iterator[BigQueryWarehouse]:
    with sample_warehouse(bigquery, "queries") as warehouse:
        yield warehouse


@pytest.mark.parametrize(
    ("name", "scope", "filters", "params"),
    [
        pytest.param(name, scope, filters, params, id=f"{name}-{called}")
        for name, (called, scope, filters, params) in in_turns(2, query_names(), QUERIES)
        if describe_query(name).needs is None or scope.may(describe_query(name).needs)
    ],
)
def test_a_query_answers_as_on_duckdb(
    warehouse: BigQueryWarehouse, duck: Duck, name: str, scope: Scope, filters: Filters, params: dict[str, Any]
) -> None:
    taken = {parameter.name: parameter.words for parameter in describe_query(name).parameters}
    values_by_name = (QUERY_PARAMETERS | params).items()
    arguments = {
        key: value for key, value in values_by_name if key in taken and (not taken[key] or value in taken[key])
    }
    text, values = compose_query(name, scope, filters, BASIS, **arguments)
    kinds, theirs = duck.answer(text, values)
    answer = warehouse.query(text, values)
    assert answer.column_names == [column for column, _ in kinds]
    ours = [tuple(exact(value) for value in row.values()) for row in answer.to_pylist()]
    bigquery_rows = [tuple(exact(value) for value in row) for row in theirs]
    if "ORDER BY" not in text.rpartition("FROM final")[2]:
        ours, bigquery_rows = sorted(ours, key=repr), sorted(bigquery_rows, key=repr)
    assert ours == bigquery_rows


@pytest.mark.parametrize("name", [*receipt.QUERY_NAMES, "batch_imported_before"])
def test_a_query_about_a_batch_answers_as_on_duckdb(warehouse: BigQueryWarehouse, duck: Duck, name: str) -> None:
    in_a_receipt = name in receipt.QUERY_NAMES
    text = receipt.query_text(name) if in_a_receipt else sql.text(f"ledger/{name}")
    days = duck.query("SELECT DISTINCT sale_date FROM sale_versions").column("sale_date").to_pylist()
    received = duck.query("SELECT DISTINCT received_date FROM batches").column("received_date").to_pylist()
    for batch in duck.query("SELECT batch_id, received_date FROM batches").to_pylist():
        values = {**batch, "days": days, "receipt_days": received, "code": "late", "limit": 9, "offset": 0}
        values = {name: value for name, value in values.items() if f"@{name}" in text}
        local = [tuple(map(exact, row)) for row in duck.answer(text, values)[1]]
        rows = [tuple(map(exact, row.values())) for row in warehouse.query(text, values).to_pylist()]
        assert sorted(rows, key=repr) == sorted(local, key=repr)


@pytest.mark.parametrize("name", tuple(checks()))
def test_a_quality_check_counts_as_on_duckdb(warehouse: BigQueryWarehouse, duck: Duck, name: str) -> None:
    """The sample's totals are not refreshed, so that some checks fail."""
    check = checks()[name]
    values = {"days": [date(2024, 2, day) for day in range(1, 29)]} if check.by_day else {}
    values |= LEVEL_PARAMETERS if check.of_stock else {}
    for text in (check.counted, check.text):
        local = [tuple(map(exact, row)) for row in duck.answer(text, values)[1]]
        rows = [tuple(map(exact, row.values())) for row in warehouse.query(text, values).to_pylist()]
        assert sorted(rows, key=repr) == sorted(local, key=repr)


@pytest.mark.parametrize("name", sorted(READ_PARAMETERS))
def test_a_forecast_run_reads_the_same_as_on_duckdb(warehouse: BigQueryWarehouse, duck: Duck, name: str) -> None:
    text, params = sql.text(name), READ_PARAMETERS[name]
    local = [tuple(map(exact, row)) for row in duck.answer(text, params)[1]]
    rows = [tuple(map(exact, row.values())) for row in warehouse.query(text, params).to_pylist()]
    assert sorted(rows, key=repr) == sorted(local, key=repr)


def test_a_forecast_run_replaces_the_forecasts_and_keeps_earlier_ones(warehouse: BigQueryWarehouse) -> None:
    everything = warehouse.query("SELECT * FROM forecasts").select(FORECASTS_SCHEMA.names).cast(FORECASTS_SCHEMA)
    earlier = warehouse.query(sql.text("forecasts/earlier"), READ_PARAMETERS["forecasts/earlier"])
    try:
        warehouse.replace_table("forecasts", earlier.select(FORECASTS_SCHEMA.names).cast(FORECASTS_SCHEMA))
        assert warehouse.query("SELECT COUNT(*) AS n FROM forecasts").to_pylist() == [{"n": 1}]
    finally:
        warehouse.replace_table("forecasts", everything)
