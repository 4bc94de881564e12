"""Quality checks pass on right data, fail for faults of each kind, and are accepted by both engines."""

from collections.abc import Iterator
from contextlib import closing
from datetime import date
from typing import Any

import pyarrow as pa
import pytest
from duck import Duck
from googlesql import Judge
from sample_parameters import LEVEL_PARAMETERS
from test_query_layer import fill

from sql.quality import Check, checks
from tillstream.adapters.local.duckdb.warehouse import DuckDBWarehouse
from tillstream.analytics import computed_stock

DAYS = [date(2024, 1, 1), date(2024, 2, 1)]
NAMES = tuple(checks())


def parameters(check: Check, days: list[date]) -> dict[str, Any]:
    return {"days": days} if check.by_day else LEVEL_PARAMETERS if check.of_stock else {}


@pytest.mark.parametrize("name", NAMES)
def test_both_engines_take_the_check(judge: Judge, duck: Duck, name: str) -> None:
    check = checks()[name]
    params = parameters(check, DAYS)
    for text in (check.text, check.counted):
        assert duck.query(text, params).column_names == [column for column, _ in judge.columns(text, params)]
    if check.by_day:
        assert "sale_date" in duck.query(check.text, params).column_names


@pytest.fixture
def warehouse() -> Iterator[DuckDBWarehouse]:
    with closing(DuckDBWarehouse(":memory:", threads=1)) as filled:
        fill(filled)
        filled.replace_table(
            "settlement_days", filled.query(f"SELECT 1 AS settlement_no, sale_date FROM ({EVERY_DAY})")
        )
        filled.refresh_totals()
        filled.replace_table("stock_levels", computed_stock.compute_levels(filled, LEVEL_PARAMETERS["today"]))
        yield filled


EVERY_DAY = "SELECT DISTINCT sale_date FROM sale_versions"


def failing(warehouse: DuckDBWarehouse) -> dict[str, int]:
    """Check → failing rows, of the checks that fail."""
    days = warehouse.query(EVERY_DAY).column("sale_date").to_pylist()
    counted = {}
    for name, check in checks().items():
        rows = warehouse.query(check.counted, parameters(check, days)).to_pylist()
        if total := sum(row["failing_rows"] for row in rows):
            counted[name] = total
    return counted


def changed(warehouse: DuckDBWarehouse, table: str, columns: str, where: str = "TRUE") -> None:
    """Replace the rows of a table by the result of a query on it."""
    warehouse.replace_table(table, warehouse.query(f"SELECT {columns} FROM {table} WHERE {where}"))


def test_all_checks_pass_on_right_data(warehouse: DuckDBWarehouse) -> None:
    sums = {"rows-of-uploads"}  # the sample states other numbers of rows than it has
    assert failing(warehouse).keys() <= sums


def version(warehouse: DuckDBWarehouse, **values: Any) -> None:
    """Add a copy of a current version."""
    rows = warehouse.query("SELECT * FROM sale_versions").to_pylist()
    (first, *_) = [row for row in rows if row["is_current"]]
    schema = warehouse.query("SELECT * FROM sale_versions").schema
    warehouse.replace_table("sale_versions", pa.Table.from_pylist([*rows, first | values], schema))


def test_a_line_with_two_current_contents_fails(warehouse: DuckDBWarehouse) -> None:
    version(warehouse, content=99, net_amount=5)
    names = failing(warehouse).keys()
    assert {"one-content-per-line", "fact-sales-unique", "daily-totals-equal-lines"} <= names


def test_two_current_contents_on_different_days_fail(warehouse: DuckDBWarehouse) -> None:
    version(warehouse, content=99, sale_date=date(2024, 2, 9))
    assert failing(warehouse)["one-content-per-line"] == 2


def test_a_status_that_is_not_accepted_fails(warehouse: DuckDBWarehouse) -> None:
    version(warehouse, key=10**9, line_key="new", status="lost")
    assert failing(warehouse)["fact-sales-status-values"] == 1


def test_totals_that_differ_from_the_lines_fail_until_they_are_stale(warehouse: DuckDBWarehouse) -> None:
    changed(warehouse, "day_sums", "* REPLACE (net + 1 AS net)", "sale_date = (SELECT MIN(sale_date) FROM day_sums)")
    assert failing(warehouse)["daily-totals-equal-lines"] > 0
    days = warehouse.query(f"SELECT 'c' AS change_id, sale_date FROM ({EVERY_DAY})")
    warehouse.replace_table("catalogue_days", days)
    assert "daily-totals-equal-lines" not in failing(warehouse)


@pytest.mark.parametrize("table", ["day_sums", "product_sums"])
def test_totals_without_orders_by_category_or_product_fail(warehouse: DuckDBWarehouse, table: str) -> None:
    changed(warehouse, table, "* REPLACE (NULL AS split_orders)", "sale_date = (SELECT MIN(sale_date) FROM day_sums)")
    assert failing(warehouse)["daily-totals-equal-lines"] > 0


def test_a_version_of_the_catalogue_that_overlaps_another_fails(warehouse: DuckDBWarehouse) -> None:
    """Each of its lines would be counted twice."""
    product = warehouse.query("SELECT product FROM line_facts WHERE product IS NOT NULL LIMIT 1").column(0)[0].as_py()
    row = dict.fromkeys(("category", "pack_size", "supplier", "barcode", "valid_from", "valid_to"))
    rows = [row | {"product_id": product, "name": name, "active": True} for name in ("One", "Two")]
    warehouse.replace_table(
        "catalogue_products",
        pa.Table.from_pylist(rows, warehouse.query("SELECT * FROM catalogue_products").schema),
    )
    assert failing(warehouse)["dim-product-unique"] == 1


def test_two_rates_of_a_day_and_currency_fail(warehouse: DuckDBWarehouse) -> None:
    """The lines of the day would be counted twice."""
    rates = warehouse.query("SELECT * FROM reporting_rates UNION ALL SELECT * FROM reporting_rates")
    warehouse.replace_table("reporting_rates", rates)
    assert failing(warehouse)["facts-equal-ledger"] > 0


def test_a_surrogate_without_a_secret_fails(warehouse: DuckDBWarehouse) -> None:
    changed(warehouse, "surrogate_secret", "*", "FALSE")
    assert failing(warehouse)["fact-sales-not-null"] > 0


def test_a_fact_without_its_dimension_fails(warehouse: DuckDBWarehouse) -> None:
    version(warehouse, key=10**9, line_key="new", sale_date=date(2051, 1, 1))
    assert failing(warehouse)["fact-sales-sale-date"] == 1


def test_a_row_that_is_not_in_the_summary_of_its_upload_fails(warehouse: DuckDBWarehouse) -> None:
    receipts = warehouse.query("SELECT * FROM receipts").to_pylist()
    right = {row["batch_no"]: sum(value for name, value in row.items() if _counts(name)) for row in receipts}
    rows = warehouse.query("SELECT * FROM batches").to_pylist()
    schema = warehouse.query("SELECT * FROM batches").schema
    for wrong in (0, 1):
        corrected = [row | {"rows_read": right.get(row["batch_no"], row["rows_read"]) + wrong} for row in rows]
        warehouse.replace_table("batches", pa.Table.from_pylist(corrected, schema))
        assert ("rows-of-uploads" in failing(warehouse)) == bool(wrong)


@pytest.mark.parametrize(
    ("columns", "where"),
    [
        ("* REPLACE (on_hand + 1 AS on_hand)", "TRUE"),
        ("* REPLACE (CAST(NULL AS DATE) AS counted_on)", "TRUE"),
        ("*", "counted IS NULL"),
    ],
)
def test_a_stored_level_that_differs_or_is_missing_fails(warehouse: DuckDBWarehouse, columns: str, where: str) -> None:
    changed(warehouse, "stock_levels", columns, where)
    assert failing(warehouse)["stock-levels-equal-facts"] > 0


def test_a_stored_level_without_facts_fails(warehouse: DuckDBWarehouse) -> None:
    """It may be kept with a NULL in `moved`, as of a product whose facts are gone."""
    for moved in (None, 0):
        changed(warehouse, "stock_levels", "*", "product <> 'new'")
        levels = warehouse.query("SELECT * FROM stock_levels")
        row = levels.to_pylist()[0] | {"product": "new", "moved": moved}
        warehouse.upsert("stock_levels", pa.Table.from_pylist([row], levels.schema), ["region", "store_id", "product"])
        assert ("stock-levels-equal-facts" in failing(warehouse)) == (moved is not None)


def _counts(name: str) -> bool:
    return name.startswith("rows_") and name != "rows_read"
