"""The star schema: every key of a fact is in its dimension once, totals are those of the ledger, people are surrogates."""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime

import pyarrow as pa
import pytest
from duck import Duck, exact
from googlesql import Judge, Rows, body
from sample_ledger import SALES_OF_CATALOGUE, SAMPLE_CATALOGUE, SAMPLE_LEDGER

import sql
from tillstream.adapters.local.duckdb.warehouse import DuckDBWarehouse
from tillstream.analytics.measure_values import query_measures
from tillstream.model.people import UNRESTRICTED
from tillstream.model.tables.warehouse_tables import TABLES

KEYS = {
    "dim_store": "store_key",
    "dim_product": "product_key",
    "dim_customer": "customer_key",
    "dim_salesperson": "salesperson_key",
    "dim_channel": "channel_key",
    "dim_currency": "currency_key",
}
STAR = ("fact_sales", "fact_sales_daily", "dim_customer_people", "dim_salesperson_people", *KEYS)
CONTENTS = {"ledger": SAMPLE_LEDGER, "catalogue": SAMPLE_LEDGER | SAMPLE_CATALOGUE | SALES_OF_CATALOGUE}


@pytest.fixture(scope="module", params=CONTENTS)
def filled(request: pytest.FixtureRequest) -> Duck:
    duck = Duck()
    duck.fill(CONTENTS[request.param])
    return duck


@pytest.mark.parametrize("dimension", KEYS)
def test_every_fact_has_one_row_of_each_dimension(filled: Duck, dimension: str) -> None:
    key = KEYS[dimension]
    members = Counter(filled.query(f"SELECT {key} FROM {dimension}").column(key).to_pylist())
    assert set(members.values()) == {1}
    assert None not in members
    assert set(filled.query(f"SELECT {key} FROM fact_sales").column(key).to_pylist()) <= members.keys()


def test_facts_add_up_to_the_ledger(filled: Duck) -> None:
    (facts,) = filled.query(
        "SELECT COUNT(*) AS lines, COUNT(DISTINCT IF(counts_as_order, order_id, NULL)) AS orders,"
        " CAST(SUM(revenue) AS NUMERIC) AS revenue, CAST(SUM(units) AS NUMERIC) AS units FROM fact_sales"
    ).to_pylist()
    (ledger,) = filled.query(
        "SELECT COUNT(*) AS lines, COUNT(DISTINCT IF(counts_as_order, sale, NULL)) AS orders,"
        " CAST(SUM(revenue) AS NUMERIC) AS revenue, CAST(SUM(units) AS NUMERIC) AS units FROM sale_facts"
    ).to_pylist()
    assert facts == ledger
    assert facts["lines"] > 0


COSTS = "CAST(SUM(cost) AS NUMERIC) AS cost, CAST(SUM(covered_revenue) AS NUMERIC) AS covered_revenue"
DAILY = (
    "SELECT store_key, salesperson_key, channel_key, currency_key, status, CAST(SUM(lines) AS INT64) AS lines,"
    f" CAST(SUM(units) AS NUMERIC) AS units, CAST(SUM(revenue) AS NUMERIC) AS revenue, {COSTS}"
    " FROM {} GROUP BY store_key, salesperson_key, channel_key, currency_key, status"
)


@pytest.fixture(scope="module")
def warehouse() -> Iterator[DuckDBWarehouse]:
    with closing(DuckDBWarehouse(":memory:", threads=1)) as filled:
        for table, rows in CONTENTS["catalogue"].items():
            names = [field.name for field in TABLES[table]]
            columns = map(list, zip(*rows, strict=True))
            filled.replace_table(table, pa.table(dict(zip(names, columns, strict=True))))
        changed = {"change_id": ["c"], "changed_at": [datetime(2024, 3, 1, tzinfo=UTC)]}
        filled.replace_table("catalogue_changes", pa.table(changed))
        days = filled.query("SELECT DISTINCT 1 AS settlement_no, sale_date FROM sale_lines")
        filled.replace_table("settlement_days", days)
        filled.refresh_totals()
        yield filled


def test_costs_of_facts_are_those_of_the_measures(warehouse: DuckDBWarehouse) -> None:
    (facts,) = warehouse.query(f"SELECT {COSTS} FROM fact_sales").to_pylist()
    assert facts == query_measures(warehouse, ("cost", "covered_revenue"), (), UNRESTRICTED).to_pylist()[0]
    assert facts["cost"]


def test_daily_facts_add_up_to_the_facts(warehouse: DuckDBWarehouse) -> None:
    daily, facts = (
        sorted(map(repr, warehouse.query(DAILY.format(table)).to_pylist()))
        for table in ("fact_sales_daily", "(SELECT *, 1 AS lines FROM fact_sales) AS facts")
    )
    assert daily == facts
    (discount,) = warehouse.query(
        "SELECT CAST(SUM(discount_value) AS NUMERIC) AS discount_value FROM fact_sales_daily"
    ).to_pylist()
    assert discount == query_measures(warehouse, ("discount_value",), (), UNRESTRICTED).to_pylist()[0]


def test_a_fact_has_the_version_of_its_day(filled: Duck) -> None:
    rows = filled.query(
        "SELECT fact_sales.sale_date, dim_product.valid_from, dim_product.valid_to"
        " FROM fact_sales INNER JOIN dim_product ON dim_product.product_key = fact_sales.product_key"
    ).to_pylist()
    for row in rows:
        assert row["valid_to"] is None or row["sale_date"] < row["valid_to"]


def test_facts_and_dimensions_without_people_have_no_id_and_no_name(filled: Duck) -> None:
    people = filled.query("SELECT customer FROM dim_customer_people WHERE customer IS NOT NULL").column(0).to_pylist()
    people += filled.query(
        "SELECT salesperson_id FROM dim_salesperson_people WHERE salesperson_id IS NOT NULL"
    ).column(0).to_pylist()  # fmt: skip
    assert people
    for view in ("fact_sales", "dim_customer", "dim_salesperson"):
        values = {str(value) for row in filled.query(f"SELECT * FROM {view}").to_pylist() for value in row.values()}
        assert not values & set(people)


def test_surrogates_depend_on_the_secret() -> None:
    keys = []
    for secret in ("one", "other"):
        duck = Duck()
        duck.fill(SAMPLE_LEDGER | {"surrogate_secret": [(secret,)]})
        keys.append(set(duck.query("SELECT customer_key FROM dim_customer").column(0).to_pylist()))
    assert keys[0] & keys[1] == {""}


@pytest.mark.parametrize("view", STAR)
def test_both_engines_give_the_same_rows(view: str, judge: Judge, true_shop: Mapping[str, Rows]) -> None:
    duck = Duck()
    duck.fill(SAMPLE_LEDGER)
    text = body(dict(sql.views())[view])
    columns, rows = duck.answer(text)
    true_columns, true_rows = judge.answer(text, content=true_shop)
    assert columns == list(true_columns)
    assert sorted([tuple(map(exact, row)) for row in rows], key=repr) == sorted(
        [tuple(map(exact, row)) for row in true_rows], key=repr
    )
