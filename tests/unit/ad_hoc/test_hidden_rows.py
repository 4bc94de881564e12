"""What a statement can learn about rows outside of its scope: nothing from errors, names, texts and dimensions."""

from itertools import product

import pytest
import sqlglot
from hypothesis import given
from hypothesis import strategies as st
from running_sql import run
from test_leaving_the_scope import MANAGER, warehouse

from tillstream.adapters.local.duckdb.warehouse import DuckDBWarehouse
from tillstream.adapters.local.googlesql.dialect import to_duckdb_freely
from tillstream.explore import scoped_tables, statement_forms
from tillstream.explore.scoped_statement import scope_statement
from tillstream.model.errors import Rejected
from tillstream.model.people import UNRESTRICTED, scope_of
from tillstream.model.permissions import Role

__all__ = ["warehouse"]
OTHERS = {"fact_sales": "order_id LIKE 'IN|S2%'", "dim_store": "store_id = 'S2'", "dim_salesperson": "region = 'UK'"}
FAILING = ("FORMAT_DATE('%Y', {text}) = 'x'", "9223372036854775807 + LENGTH({text}) = 1", "CAST({text} AS INT64) = 1")
TEXT = {"fact_sales": "order_id", "dim_store": "name", "dim_salesperson": "region"}


EACH = {*zip(OTHERS, FAILING, strict=True)}


@pytest.mark.parametrize(
    ("table", "failing"),
    [pytest.param(*one, marks=() if one in EACH else pytest.mark.long) for one in product(OTHERS, FAILING)],
)
def test_rows_outside_the_scope_cause_no_error(warehouse: DuckDBWarehouse, table: str, failing: str) -> None:
    text = f"SELECT COUNT(*) FROM {table} WHERE IF({OTHERS[table]}, {failing.format(text=TEXT[table])}, TRUE)"
    (count,) = run(warehouse, text, MANAGER).rows.to_pylist()
    assert count == run(warehouse, f"SELECT COUNT(*) FROM {table}", MANAGER).rows.to_pylist()[0]


def test_the_message_about_a_value_has_no_value(warehouse: DuckDBWarehouse) -> None:
    with pytest.raises(Rejected) as problem:
        run(warehouse, "SELECT FORMAT_DATE('%Y', name) FROM dim_store", MANAGER)
    assert ("A value of a row cannot be computed" in str(problem.value), "S1" in str(problem.value)) == (True, False)


def test_a_value_that_fails_in_a_late_row_is_reported_alike(warehouse: DuckDBWarehouse) -> None:
    late = "IF(x = 50000, FORMAT_DATE('%Y', CAST(x AS STRING)), 'a')"
    with pytest.raises(Rejected, match="A value of a row cannot be computed"):
        run(warehouse, f"SELECT {late} FROM UNNEST(GENERATE_ARRAY(1, 90000)) AS x", MANAGER, limit=100_000)


def test_divisions_and_conversions_that_fail_are_null(warehouse: DuckDBWarehouse) -> None:
    text = "SELECT 1 / (LENGTH(region) - 2), DIV(1, 0), MOD(1, 0), CAST(region AS INT64) FROM dim_store LIMIT 1"
    assert run(warehouse, text, MANAGER).rows.to_pylist() == [{"f0_": None, "f1_": None, "f2_": None, "f3_": None}]


def test_the_days_of_customers_and_salespeople_are_those_of_the_scope(warehouse: DuckDBWarehouse) -> None:
    for table, key in (("dim_customer", "customer_key"), ("dim_salesperson", "salesperson_key")):
        own = f"SELECT MIN({key}) AS k FROM fact_sales"
        text = f"SELECT MIN(first_sale_date), MAX(last_sale_date) FROM {table} WHERE {key} IN ({own})"
        ((first, last),) = (row.values() for row in run(warehouse, text, MANAGER).rows.to_pylist())
        sold = f"SELECT MIN(sale_date), MAX(sale_date) FROM fact_sales WHERE is_active AND {key} IN ({own})"
        assert (first, last) == tuple(run(warehouse, sold, MANAGER).rows.to_pylist()[0].values())


@pytest.mark.parametrize("table", ["dim_customer", "dim_salesperson", "dim_store", "fact_sales"])
def test_a_scope_of_every_region_has_the_rows_of_the_whole(warehouse: DuckDBWarehouse, table: str) -> None:
    every = scope_of(Role.MANAGER, ("IN", "UK"))
    text = f"SELECT * FROM {table}"
    restricted, whole = (run(warehouse, text, one).rows for one in (every, UNRESTRICTED))
    assert restricted.schema == whole.schema
    assert sorted(map(repr, restricted.to_pylist())) == sorted(map(repr, whole.to_pylist()))


def _literal(text: str) -> str:
    """A text in GoogleSQL, each character as it stands or escaped."""
    escaped = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r"}
    return "'" + "".join(escaped.get(one, one) for one in text) + "'"


REPEATING = (
    *(
        "SAFE_DIVIDE(1, x)",
        "1 / (x)",
        "LAST_DAY(x)",
        "DATE_TRUNC(x, WEEK)",
        "LOG(x, 2)",
        "STRPOS(x, 'a')",
    ),
    *(
        "CASE x WHEN 1 THEN 2 WHEN 3 THEN 4 END",
        "NULLIF(x, 0)",
        "LEFT(x, 2)",
        "TRUNC(x, 2)",
        "COUNTIF(x)",
        "SUBSTR(x, 2)",
    ),
)
AWKWARD = st.text(st.sampled_from("a'\"\\`-/*;$@{}%\n#é "), max_size=12)


@given(AWKWARD)
def test_a_text_stays_the_same_text(text: str) -> None:
    statement = scope_statement(f"SELECT {_literal(text)} AS a, 1 AS b", scoped_tables.offered_tables(MANAGER)).sql
    (again,) = sqlglot.parse(statement, read="bigquery")
    assert again is not None
    first, second = again.selects
    assert (first.alias, first.this.is_string, second.alias) == ("a", True, "b")


@pytest.mark.parametrize("form", REPEATING)
def test_functions_within_each_other_stay_short(form: str) -> None:
    text = "c"
    for _ in range(statement_forms.MAX_DEPTH):
        text = form.replace("x", text)
    statement = scope_statement(f"SELECT {text} FROM (SELECT 1 AS c)", scoped_tables.offered_tables(MANAGER)).sql
    assert len(to_duckdb_freely(statement)) < 500_000


def test_growing_texts_are_cut(warehouse: DuckDBWarehouse) -> None:
    doubled = "".join(f", a{n} AS (SELECT CONCAT(v, v) AS v FROM a{n - 1})" for n in range(1, 40))
    (row,) = run(
        warehouse, f"WITH a0 AS (SELECT 'x' AS v){doubled} SELECT LENGTH(v) AS n FROM a39", MANAGER
    ).rows.to_pylist()
    assert row == {"n": statement_forms.MAX_TEXT}


def test_a_chain_of_doubled_conditions_is_planned_at_once(warehouse: DuckDBWarehouse) -> None:
    chain = "".join(f", a{n} AS (SELECT v FROM a{n - 1} WHERE v IN (SELECT v FROM a{n - 1}))" for n in range(1, 25))
    rows = run(warehouse, f"WITH a0 AS (SELECT 1 AS v){chain} SELECT v FROM a24", MANAGER, seconds=30).rows
    assert rows.num_rows == 1
