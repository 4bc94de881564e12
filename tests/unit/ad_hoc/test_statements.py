"""Statements of people on the marts: what they read within a scope, their limits, and their history."""

import threading
from decimal import Decimal
from pathlib import Path

import pytest
from app_factory import build
from running_sql import run
from test_leaving_the_scope import MANAGER, warehouse

from tillstream.adapters.local.duckdb.warehouse import DuckDBWarehouse
from tillstream.analytics.queries import Forbidden
from tillstream.explore import scoped_tables, suggested_statements
from tillstream.model.errors import Rejected
from tillstream.model.people import UNRESTRICTED, Scope, scope_of
from tillstream.model.permissions import Action, Role
from tillstream.settings import Settings

__all__ = ["warehouse"]


def _rows(warehouse: DuckDBWarehouse, text: str, scope: Scope = UNRESTRICTED) -> list[tuple[object, ...]]:
    return [tuple(row.values()) for row in run(warehouse, text, scope).rows.to_pylist()]


def test_rows_are_those_of_the_scope(warehouse: DuckDBWarehouse) -> None:
    text = "SELECT region, COUNT(*) AS lines FROM fact_sales GROUP BY region ORDER BY region"
    everything = dict(_rows(warehouse, text))
    assert set(everything) > {"IN"}
    assert dict(_rows(warehouse, text, scope_of(Role.MANAGER, ("IN",)))) == {"IN": everything["IN"]}
    ((region, lines),) = _rows(warehouse, text, MANAGER)
    assert (region, lines < everything["IN"]) == ("IN", True)
    assert _rows(warehouse, text, scope_of(Role.MANAGER, ("FR",))) == []


def test_dimensions_have_only_what_the_scope_sold(warehouse: DuckDBWarehouse) -> None:
    stores = _rows(warehouse, "SELECT DISTINCT region FROM dim_store", MANAGER)
    assert stores == [("IN",)]
    customers = "SELECT COUNT(*) FROM dim_customer"
    ((own,),), ((all_,),) = _rows(warehouse, customers, MANAGER), _rows(warehouse, customers)
    assert own < all_


def test_a_statement_can_have_ctes_joins_windows_and_fractions(warehouse: DuckDBWarehouse) -> None:
    text = """
      WITH by_store AS (
        SELECT f.store_key, SUM(f.revenue) AS revenue, COUNT(DISTINCT f.order_id) AS orders
        FROM fact_sales AS f JOIN dim_date ON dim_date.sale_date = f.sale_date
        WHERE f.is_active GROUP BY f.store_key
      ), ranked AS (SELECT *, RANK() OVER (ORDER BY revenue DESC) AS place FROM by_store)
      SELECT place, revenue / orders AS average, ROUND(AVG(revenue) OVER (), 2) FROM ranked
      WHERE place <= 2 ORDER BY place -- the best
    """
    rows = _rows(warehouse, text)
    assert [row[0] for row in rows] == [1, 2]


def test_names_of_tables_ignore_case_and_columns_can_be_qualified(warehouse: DuckDBWarehouse) -> None:
    assert _rows(warehouse, "SELECT FACT_SALES.region FROM FACT_SALES LIMIT 1")


def test_an_analyst_sees_costs_only_if_the_role_does() -> None:
    assert "cost" in {one.name for one in scoped_tables.offered_tables(scope_of(Role.ANALYST))["fact_sales"].columns}
    without = Scope(Role.ANALYST, only=frozenset(scope_of(Role.ANALYST).only or ()) | {Action.RUN_SQL})
    assert "cost" not in {one.name for one in scoped_tables.offered_tables(without)["fact_sales"].columns}


def test_every_column_is_described() -> None:
    missing = [
        (table.name, column.name)
        for table in scoped_tables.offered_tables(UNRESTRICTED).values()
        for column in table.columns
        if not column.description
    ]
    assert missing == []


@pytest.mark.parametrize("role", [Role.CLERK, Role.SALESPERSON])
def test_other_roles_cannot_run_sql(warehouse: DuckDBWarehouse, role: Role) -> None:
    with pytest.raises(Forbidden):
        run(warehouse, "SELECT 1", scope_of(role, ("IN",)))


def test_rows_are_limited(warehouse: DuckDBWarehouse) -> None:
    answer = run(warehouse, "SELECT * FROM dim_date", UNRESTRICTED, limit=3)
    assert (answer.rows.num_rows, answer.is_cut) == (3, True)
    assert not run(warehouse, "SELECT 1 AS one", UNRESTRICTED, limit=3).is_cut


SLOW = "SELECT SUM(a.day_of_year * b.day_of_year) FROM dim_date a CROSS JOIN dim_date b CROSS JOIN dim_date c"


def test_a_query_that_takes_too_long_is_stopped(warehouse: DuckDBWarehouse) -> None:
    with pytest.raises(Rejected, match=r"took more than 0.2 seconds"):
        run(warehouse, f"{SLOW} CROSS JOIN dim_date d", UNRESTRICTED, seconds=0.2)


def test_a_query_is_cancelled(warehouse: DuckDBWarehouse) -> None:
    cancelled = threading.Event()
    timer = threading.Timer(0.2, cancelled.set)
    timer.start()
    with pytest.raises(Rejected, match="was cancelled"):
        run(warehouse, f"{SLOW} CROSS JOIN dim_date d", UNRESTRICTED, is_cancelled=cancelled.is_set)
    assert _rows(warehouse, "SELECT 1 AS one") == [(1,)], "the warehouse answers as before"


def test_an_error_of_the_engine_is_reported(warehouse: DuckDBWarehouse) -> None:
    with pytest.raises(Rejected, match="no_such_column"):
        run(warehouse, "SELECT no_such_column FROM fact_sales", UNRESTRICTED)


def test_money_is_exact(warehouse: DuckDBWarehouse) -> None:
    ((total,),) = _rows(warehouse, "SELECT SUM(net_amount) AS total FROM fact_sales")
    assert isinstance(total, Decimal)


def test_history_keeps_each_statement_once_for_its_account(tmp_path: Path) -> None:
    app = build(Settings(home=tmp_path, samples=False, threads=1))
    for number in range(suggested_statements.KEPT_STATEMENTS + 5):
        suggested_statements.record_statement(
            app.ports, "ana", "1", suggested_statements.PastStatement("2026-01-01T00:00:00", f"SELECT {number}", 1, 0.1)
        )
    suggested_statements.record_statement(
        app.ports, "ana", "1", suggested_statements.PastStatement("2026-01-02T00:00:00", "SELECT 50", 2, 0.1)
    )
    kept = suggested_statements.past_statements(app.ports, "ana", "1")
    assert (len(kept), kept[0].text, kept[0].rows) == (suggested_statements.KEPT_STATEMENTS, "SELECT 50", 2)
    assert len({one.text for one in kept}) == suggested_statements.KEPT_STATEMENTS
    assert suggested_statements.past_statements(app.ports, "ana", "2") == [], "an account that was created anew"
    app.close()
