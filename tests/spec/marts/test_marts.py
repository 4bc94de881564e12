"""Every column of every mart is described once, and says what people's own reports need of it."""

from collections.abc import Mapping

import pytest
from duck import Duck
from googlesql import Judge, Rows

import sql
from sql import row_access
from tillstream.analytics.filters import Filters
from tillstream.analytics.queries import PERSONAL_COLUMNS, run_query
from tillstream.model.people import UNRESTRICTED
from tillstream.model.tables.warehouse_tables import column_descriptions

MARTS = [path for path in sql.VIEWS if path.startswith("marts/")]


def columns(duck: Duck, view: str) -> list[str]:
    return list(duck.query(f"SELECT * FROM {view} LIMIT 0").column_names)


@pytest.mark.parametrize("path", MARTS)
def test_every_column_of_a_mart_is_described_and_no_other(duck: Duck, path: str) -> None:
    real = columns(duck, path.removeprefix("marts/"))
    described = sql.columns_of(path, column_descriptions())
    assert [name for name in real if name not in described] == []
    assert [name for name in sql.described(path) if name not in real] == []


@pytest.mark.parametrize("path", MARTS)
def test_a_column_is_described_in_one_line_without_a_full_stop(path: str) -> None:
    for name, column in sql.described(path).items():
        assert column.words[0].isupper() or column.words[0].isdigit(), name
        assert not column.words.endswith("."), name


def test_reports_are_marts_and_only_personal_ones_identify_people(duck: Duck) -> None:
    assert {f"marts/{view}" for view in row_access.REPORTS} <= set(MARTS)
    assert set(row_access.REPORTS) > row_access.PERSONAL
    telling = {
        view for view in row_access.REPORTS if (PERSONAL_COLUMNS | {"active_customer"}) & set(columns(duck, view))
    }
    assert telling == row_access.PERSONAL


@pytest.mark.parametrize("view", ["sales", "sales_by_day", "sales_by_product", "sales_by_store"])
def test_a_report_adds_up_to_the_headline_numbers(filled: Duck, view: str) -> None:
    (kpis,) = run_query(_QueryOnlyWarehouse(filled), "kpis", UNRESTRICTED, Filters()).to_pylist()
    (total,) = filled.query(
        f"SELECT CAST(SUM(lines) AS INT64) AS lines, CAST(SUM(cancelled_lines) AS INT64) AS cancelled_lines,"
        f" CAST(SUM(units) AS NUMERIC) AS units, CAST(SUM(revenue) AS NUMERIC) AS revenue,"
        f" CAST(SUM(unconverted_lines) AS INT64) AS unconverted_lines FROM {view}"
    ).to_pylist()
    assert total == {name: kpis[name] for name in total}


def test_orders_and_customers_are_counted_as_the_portal_does(filled: Duck) -> None:
    (kpis,) = run_query(_QueryOnlyWarehouse(filled), "kpis", UNRESTRICTED, Filters()).to_pylist()
    (total,) = filled.query(
        "SELECT COUNT(DISTINCT order_id) AS orders, COUNT(DISTINCT active_customer) AS customers FROM sales_with_people"
    ).to_pylist()
    assert total == {"orders": kpis["orders"], "customers": kpis["customers"]}


def test_days_without_a_sale_are_included(judge: Judge, true_shop: Mapping[str, Rows]) -> None:
    days = [row for row in true_shop["reported_days"] if row[0] == "UK"]
    assert {(row[2].isoformat(), row[4]) for row in days} >= {("2024-02-01", True), ("2024-02-02", False)}
    assert [row[2].day for row in sorted(days, key=lambda row: row[2])] == list(range(1, 13))


class _QueryOnlyWarehouse:
    """The part of a warehouse that a query needs."""

    def __init__(self, duck: Duck) -> None:
        self.query = duck.query
