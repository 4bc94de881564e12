"""Sales that are not in the ledger yet: each once, by its latest message, within the scope of a reader."""

from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from typing import Any

import pytest
from duck import Duck
from googlesql import Judge, Rows
from sample_ledger import SAMPLE_LEDGER

from tillstream.adapters.local.duckdb.warehouse import DuckDBWarehouse
from tillstream.analytics.filters import Filters
from tillstream.analytics.queries import compose_query, run_query
from tillstream.model.people import UNRESTRICTED, Scope
from tillstream.model.permissions import Role


@pytest.fixture(scope="module")
def warehouse() -> Iterator[DuckDBWarehouse]:
    with closing(DuckDBWarehouse(":memory:", threads=1)) as warehouse:
        for table, rows in SAMPLE_LEDGER.items():
            if rows:
                marks = ", ".join("?" * len(rows[0]))
                warehouse._database.cursor().executemany(f"INSERT INTO {table} VALUES ({marks})", rows)
        yield warehouse


def sales(warehouse: DuckDBWarehouse, scope: Scope, **params: Any) -> list[dict[str, Any]]:
    return run_query(warehouse, "unsettled-sales", scope, Filters(), **params).to_pylist()


def test_each_sale_is_listed_once_by_its_latest_message(warehouse: DuckDBWarehouse) -> None:
    rows = {row["sale_id"]: row for row in sales(warehouse, UNRESTRICTED)}
    assert set(rows) == {"U/91", "S1/92", "V/93"}
    latest = rows["U/91"]
    assert (latest["status"], latest["product"], latest["other_product"], latest["products"]) == (
        *("completed", "Mug", "N"),
        2,
    )
    assert latest["revenue"] == Decimal("6.25")  # 5 GBP; the cancelled line does not count
    assert rows["S1/92"]["status"] == "returned"
    assert (rows["V/93"]["revenue"], rows["V/93"]["unconverted_lines"]) == (None, 1)


def test_the_totals_are_those_of_all_sales_however_few_are_listed(warehouse: DuckDBWarehouse) -> None:
    every, (latest,) = sales(warehouse, UNRESTRICTED), sales(warehouse, UNRESTRICTED, limit=1)
    assert latest["sale_id"] == "U/91"
    revenue = sum(row["revenue"] for row in every if row["revenue"] is not None)
    assert {(row["sales"], row["total_revenue"]) for row in (*every, latest)} == {(3, revenue)}


@pytest.mark.parametrize(
    ("scope", "listed"),
    [
        (Scope(Role.MANAGER, regions=("UK",)), {"U/91"}),
        (Scope(Role.MANAGER, stores=("S1",)), {"S1/92"}),
        (Scope(Role.SALESPERSON, salesperson="P1"), {"S1/92"}),
        (Scope(Role.SALESPERSON, salesperson=""), set()),
    ],
)
def test_a_reader_sees_the_sales_of_their_scope(warehouse: DuckDBWarehouse, scope: Scope, listed: set[str]) -> None:
    assert {row["sale_id"] for row in sales(warehouse, scope)} == listed


def test_both_engines_list_the_same_sales(judge: Judge, duck: Duck, true_shop: dict[str, Rows]) -> None:
    text, params = compose_query("unsettled-sales", UNRESTRICTED, Filters())
    duck.fill(SAMPLE_LEDGER)
    columns, rows = duck.answer(text, params)
    google_columns, google_rows = judge.answer(text, params, true_shop)
    assert columns == google_columns
    assert rows == google_rows
