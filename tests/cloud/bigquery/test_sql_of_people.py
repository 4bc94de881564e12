"""Statements of people on BigQuery's emulator: the rows of their scope, limits, errors and cancelling."""

from collections.abc import Iterator

import pytest
from sample_warehouse import sample_warehouse

from devtools.emulators import Emulator
from tillstream.ad_hoc import tables
from tillstream.ad_hoc.engines import Answer, Run, WarehouseEngine
from tillstream.adapters.google.bigquery.warehouse import BigQueryWarehouse
from tillstream.adapters.local.query_processes.processes import LocalQueryProcesses
from tillstream.domain.errors import Rejected
from tillstream.domain.people import UNRESTRICTED, Role, Scope, scope_of

pytestmark = pytest.mark.long  # a dataset with all tables and views is filled for it
MANAGER = scope_of(Role.MANAGER, ("IN",), ("S1",))
STORES = "SELECT region, store_id FROM dim_store ORDER BY region, store_id"
AWKWARD = ("it's", 'a"b`c', "a\\b", "line\nbreak", "é€", "--x", "/*", "@scope_regions")


@pytest.fixture(scope="module")
def warehouse(bigquery: Emulator) -> Iterator[BigQueryWarehouse]:
    with sample_warehouse(bigquery, "sql_of_people") as warehouse:
        yield warehouse


def _run(warehouse: BigQueryWarehouse, run: Run) -> Answer:
    return WarehouseEngine(LocalQueryProcesses(), warehouse).run(run)


def _rows(warehouse: BigQueryWarehouse, text: str, scope: Scope = MANAGER) -> list[tuple[object, ...]]:
    return [tuple(row.values()) for row in _run(warehouse, Run(text, scope)).rows.to_pylist()]


def test_rows_are_those_of_the_scope(warehouse: BigQueryWarehouse) -> None:
    assert _rows(warehouse, STORES) == [("IN", "S1")]
    assert {region for region, _ in _rows(warehouse, STORES, UNRESTRICTED)} > {"IN"}
    orders = {order for (order,) in _rows(warehouse, "SELECT order_id FROM fact_sales")}
    assert orders
    assert all(str(order).startswith("IN|S1/") for order in orders)


@pytest.mark.parametrize("table", list(tables.offered(MANAGER)))
def test_every_table_can_be_read(warehouse: BigQueryWarehouse, table: str) -> None:
    rows = _run(warehouse, Run(f"SELECT * FROM {table}", MANAGER)).rows
    assert rows.schema.names == [column.name for column in tables.offered(MANAGER)[table].columns]


def test_rows_are_limited(warehouse: BigQueryWarehouse) -> None:
    answer = _run(warehouse, Run("SELECT * FROM dim_date", UNRESTRICTED, limit=3))
    assert (answer.rows.num_rows, answer.is_cut) == (3, True)


def test_divisions_and_conversions_that_fail_are_null(warehouse: BigQueryWarehouse) -> None:
    text = "SELECT 1 / (LENGTH(region) - 2), DIV(1, 0), MOD(1, 0), CAST(region AS INT64) FROM dim_store LIMIT 1"
    assert _rows(warehouse, text) == [(None, None, None, None)]


def test_texts_stay_the_same(warehouse: BigQueryWarehouse) -> None:
    quoted = [f"'{one}'".replace("\\", "\\\\").replace("\n", "\\n").replace("it's", "it\\'s") for one in AWKWARD]
    assert _rows(warehouse, f"SELECT {', '.join(quoted)}") == [AWKWARD]


def test_an_unknown_column_is_named_with_its_place(warehouse: BigQueryWarehouse) -> None:
    with pytest.raises(Rejected, match=r"^Line 2, column 3: There is no column regionn\. Did you mean region\?$"):
        _rows(warehouse, "SELECT\n  regionn FROM fact_sales")


def test_a_message_about_a_value_has_no_value(warehouse: BigQueryWarehouse) -> None:
    with pytest.raises(Rejected, match="A value of a row cannot be computed"):
        _rows(warehouse, "SELECT 9223372036854775807 + LENGTH(name) FROM dim_store")


def test_a_cancelled_query_ends(warehouse: BigQueryWarehouse) -> None:
    slow = "SELECT COUNT(*) FROM dim_date AS a CROSS JOIN dim_date AS b CROSS JOIN fact_sales"
    with pytest.raises(Rejected, match="was cancelled"):
        _run(warehouse, Run(slow, UNRESTRICTED, is_cancelled=lambda: True))
    assert _rows(warehouse, "SELECT 1 AS one") == [(1,)]
