"""Read copies in PostgreSQL have the totals of the ledger, and only changed months are replaced."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa

from tests.e2e.marts.copied_shop import FIRST, Copies, copies, database, postgresql_server
from tests.e2e.marts.exported_shop import line, set_rates
from tillstream.analytics import queries
from tillstream.commands.registry import COMMANDS
from tillstream.commands.result import quiet
from tillstream.marts.copy import copy_to_database
from tillstream.marts.tables import TABLES
from tillstream.model.people import UNRESTRICTED

__all__ = ["copies", "database", "postgresql_server"]
VERSIONS = "SELECT to_char(sale_date, 'YYYY-MM'), MIN(xmin::text) FROM tillstream.fact_sales GROUP BY 1"
"""Month → the transaction that wrote its rows."""


class LiveWarehouse:
    """A warehouse whose queries have no common state, in which a sale is settled before the second table is read."""

    def __init__(self, copies: Copies) -> None:
        self._copies, self._warehouse = copies, copies.app.ports.warehouse
        self.reads = 0

    def snapshot(self) -> Any:
        return nullcontext(self)

    def query(self, text: str, params: Mapping[str, Any] | None = None) -> pa.Table:
        return self._warehouse.query(text, params)

    def stream(self, text: str, params: Mapping[str, Any] | None = None) -> Iterator[pa.RecordBatch]:
        self.reads += 1
        if self.reads == 3:
            self._copies.sell(line(7, "20-06-2026", 70), line(8, "01-08-2026", 80))
        return self._warehouse.stream(text, params)


def test_a_copy_has_the_totals_of_the_product(copies: Copies) -> None:
    result = copies.copy()
    (row,) = queries.run_query(copies.app.ports.warehouse, "kpis", UNRESTRICTED).to_pylist()
    (facts,) = copies.rows(
        "SELECT COUNT(*), SUM(revenue)::numeric(38, 9), COUNT(DISTINCT order_id) FILTER (WHERE counts_as_order)"
        " FROM tillstream.fact_sales"
        " JOIN tillstream.dim_store USING (store_key) JOIN tillstream.dim_product USING (product_key)"
        " JOIN tillstream.dim_customer USING (customer_key) JOIN tillstream.dim_date USING (sale_date)"
    )
    assert facts == (row["lines"], row["revenue"], row["orders"]) == (3, Decimal(390), 3)
    assert [table["name"] for table in result["tables"]] == [table.name for table in TABLES]
    assert copies.rows("SELECT settlement_no FROM tillstream.copied_state") == [(result["settlement_no"],)] == [(1,)]
    assert copies.check()["differences"] == []


def test_only_months_that_changed_are_replaced(copies: Copies) -> None:
    copies.copy()
    before = dict(copies.rows(VERSIONS))
    assert copies.copy()["written"] == 0
    copies.sell(line(4, "12-06-2026"), line(5, "01-07-2026"))
    assert copies.copy()["written"] == 4, "two months, and the last days of the customer and the salesperson"
    after = dict(copies.rows(VERSIONS))
    assert after["2026-05"] == before["2026-05"]
    assert after["2026-06"] != before["2026-06"]
    assert copies.count() == 5
    assert copies.check()["differences"] == []


def test_an_undo_removes_its_month(copies: Copies) -> None:
    copies.sell(line(4, "12-08-2026"))
    copies.copy()
    (row,) = copies.app.ports.warehouse.query("SELECT batch_id FROM batches WHERE settlement_no = 2").to_pylist()
    COMMANDS["undo"](copies.app, quiet, batch=row["batch_id"])
    assert copies.copy()["removed"] == 1
    assert copies.count() == 3
    assert copies.check()["differences"] == []


def test_a_restored_ledger_replaces_what_came_after_it(copies: Copies) -> None:
    home, saved = copies.folder / "home", copies.folder / "saved"
    copies.close_then(lambda: shutil.copytree(home, saved))
    copies.sell(line(4, "12-06-2026"), line(5, "01-07-2026"))
    assert copies.copy()["settlement_no"] == 2
    copies.close_then(lambda: (shutil.rmtree(home), saved.rename(home)))
    result = copies.copy()
    assert (result["settlement_no"], result["removed"]) == (1, 1)
    assert copies.count() == 3
    copies.sell(line(6, "13-06-2026", 60))
    copies.copy()
    assert copies.rows("SELECT SUM(net_amount) FROM tillstream.fact_sales") == [(450,)]
    assert copies.check()["differences"] == []


def test_changed_rates_replace_the_months_whose_rows_differ(copies: Copies) -> None:
    copies.copy()
    warehouse = copies.app.ports.warehouse
    warehouse.replace_table("reporting", pa.table({"currency": ["USD"]}))
    factor = pa.array([Decimal("0.5")], pa.decimal128(38, 9))
    rate = pa.table({"sale_date": [date(2026, 5, 3)], "currency": ["INR"], "factor": factor})
    warehouse.replace_table("reporting_rates", rate)
    copies.copy()
    before = dict(copies.rows(VERSIONS))
    more = pa.table({"sale_date": [date(2026, 6, 10)], "currency": ["INR"], "factor": factor})
    warehouse.replace_table("reporting_rates", pa.concat_tables([rate, more]))
    copies.copy()
    after = dict(copies.rows(VERSIONS))
    assert [month for month in after if after[month] != before[month]] == ["2026-06"]
    assert copies.rows("SELECT SUM(revenue) FROM tillstream.fact_sales") == [(70,)]


def test_exchanged_rates_are_followed(copies: Copies) -> None:
    set_rates(copies.app, INR=("0.5", "0.25"), GBP=("1.5", "1.25"))
    copies.copy()
    set_rates(copies.app, INR=("1.5", "1.25"), GBP=("0.5", "0.25"))
    assert copies.check()["changed_months"] == ["2026-05", "2026-06"]
    copies.copy()
    assert copies.rows("SELECT SUM(revenue) FROM tillstream.fact_sales") == [(200,)]
    assert copies.check()["differences"] == []


def test_settlements_during_a_copy_are_in_it_where_queries_have_no_common_state(copies: Copies) -> None:
    warehouse: Any = LiveWarehouse(copies)
    copied = copy_to_database(warehouse, copies.target())
    assert copied.record.state.settlement_no == 2
    assert copied.rows("fact_sales") == copies.count() == len(FIRST) + 2
    assert copies.check()["differences"] == []


def test_everything_is_replaced_on_demand(copies: Copies) -> None:
    copies.copy()
    assert copies.copy(full=True)["written"] == len(TABLES) + 1, "two months of facts"
    assert copies.count() == 3


def test_tables_have_comments_and_indexes(copies: Copies) -> None:
    copies.copy()
    ((comment,),) = copies.rows("SELECT obj_description('tillstream.fact_sales'::regclass)")
    assert comment.startswith("Read copy of Tillstream. One row per current sale line")
    (described,) = copies.rows("SELECT col_description('tillstream.fact_sales'::regclass, 1)")
    assert described == ("Business day of the line; the key of dim_date",)
    indexed = copies.rows("SELECT indexdef FROM pg_indexes WHERE tablename = 'fact_sales'")
    columns = {row[0].partition("(")[2] for row in indexed}
    assert columns == {"sale_date, order_id, line_key)", "store_key, sale_date)", "product_key, sale_date)"}
