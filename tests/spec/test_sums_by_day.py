"""Sums by day: every query answers the same whether it adds up lines, sums, or sums and the lines of stale days."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import date
from typing import Any

import pyarrow as pa
import pytest
from sample_parameters import QUERY_PARAMETERS
from test_query_layer import fill

from examples import in_long_proofs
from tillstream.adapters.local.duckdb.warehouse import DuckDBWarehouse
from tillstream.analytics import measure_values
from tillstream.analytics.filters import Filters
from tillstream.analytics.queries import run_query, totals_coverage
from tillstream.analytics.query_catalogue import describe_query, query_names
from tillstream.model.people import UNRESTRICTED, Scope, scope_of
from tillstream.model.permissions import Role
from tillstream.model.tables.daily_totals import ROLLUPS
from tillstream.ports.warehouse import Warehouse

CALLS = (
    (UNRESTRICTED, Filters()),
    (UNRESTRICTED, Filters(date(2024, 2, 1), date(2024, 2, 29))),
    (UNRESTRICTED, Filters(category=("Fruit",))),
    (UNRESTRICTED, Filters(product=("A",))),
    (UNRESTRICTED, Filters(country=("India", "France"), status=("completed", "pending"))),
    (scope_of(Role.MANAGER, ("IN",), ("S1",)), Filters()),
    (scope_of(Role.SALESPERSON, ("IN", "UK"), (), "P1"), Filters(channel=("store",))),
    (scope_of(Role.ANALYST), Filters(store=("S2",))),
)
IN_TURN = len(CALLS)
"""Each query answers one of the calls, the next query the next one."""
SUMMED = [name for name in query_names() if "_sums" in describe_query(name).text]


@pytest.fixture
def warehouse() -> Iterator[Warehouse]:
    with closing(DuckDBWarehouse(":memory:", threads=1)) as filled:
        fill(filled)
        yield filled


@pytest.fixture(scope="module", params=[IN_TURN, *in_long_proofs(1)], ids=["in turn", "all"])
def step(request: pytest.FixtureRequest) -> int:
    one: int = request.param
    return one


@pytest.fixture(scope="module")
def by_lines(step: int) -> dict[tuple[str, int], list[dict[str, Any]]]:
    with closing(DuckDBWarehouse(":memory:", threads=1)) as filled:
        fill(filled)
        assert totals_coverage(filled).stale is None
        return answers(filled, step)


def answers(warehouse: Warehouse, step: int) -> dict[tuple[str, int], list[dict[str, Any]]]:
    """Those of each query to one of `step` calls: which one depends on its place."""
    rows_by_query = {}
    for place, name in enumerate(SUMMED):
        query = describe_query(name)
        own = {p.name: QUERY_PARAMETERS[p.name] for p in query.parameters if p.name in QUERY_PARAMETERS}
        for number, (scope, filters) in enumerate(CALLS):
            if (place + number) % step == 0 and _may(name, scope):
                rows_by_query[name, number] = run_query(warehouse, name, scope, filters, **own).to_pylist()
    return rows_by_query


def empty(warehouse: Warehouse, table: str, days: Sequence[date]) -> None:
    kept = warehouse.query(f"SELECT * FROM {table} WHERE sale_date NOT IN UNNEST(@days)", {"days": days})
    warehouse.replace_table(table, kept)


def _may(name: str, scope: Scope) -> bool:
    needs = describe_query(name).needs
    return needs is None or scope.may(needs)


@pytest.mark.system
def test_sums_and_lines_give_the_same_answers(warehouse: Warehouse, step: int, by_lines: dict[Any, Any]) -> None:
    assert warehouse.refresh_totals() == 5
    assert totals_coverage(warehouse).stale == ()
    assert answers(warehouse, step) == by_lines
    assert len({name for name, _ in by_lines}) > len(SUMMED) / 2


@pytest.mark.system
def test_stale_days_are_read_from_their_lines(warehouse: Warehouse, step: int, by_lines: dict[Any, Any]) -> None:
    """What the sums hold of them, here nothing at all, does not matter."""
    warehouse.refresh_totals()
    warehouse.replace_table("summed", pa.table({"settlement_no": [2], "split_settlement_no": [2]}))
    stale = totals_coverage(warehouse).stale
    assert stale
    for table in ROLLUPS:
        empty(warehouse, table, stale)
    assert answers(warehouse, step) == by_lines
    assert warehouse.refresh_totals() == len(stale)
    again = answers(warehouse, IN_TURN)
    assert again == {call: by_lines[call] for call in again}


def test_the_sums_are_what_is_read(warehouse: Warehouse) -> None:
    """Else the tests above compare lines with lines."""
    warehouse.refresh_totals()
    days = warehouse.query("SELECT DISTINCT sale_date FROM day_sums").column("sale_date").to_pylist()
    for table in ROLLUPS:
        empty(warehouse, table, days)
    kpis = run_query(warehouse, "kpis", UNRESTRICTED).to_pylist()[0]
    assert (kpis["lines"], kpis["customers"]) == (0, 0)


def test_nothing_is_summed_again_where_nothing_changed(warehouse: Warehouse) -> None:
    assert warehouse.refresh_totals() > 0
    assert warehouse.refresh_totals() == 0


def test_totals_of_an_older_version_are_not_read_as_zero_orders(warehouse: Warehouse) -> None:
    """It adds the last settlement, and computes another day again, both without orders by category and product."""
    lines = orders_by(warehouse)
    warehouse.refresh_totals()
    assert orders_by(warehouse) == lines
    last = totals_coverage(warehouse).last_settlement
    own = last - 1
    warehouse.replace_table("summed", pa.table({"settlement_no": [last], "split_settlement_no": [own]}))
    added = warehouse.query(
        "SELECT DISTINCT sale_date FROM settlement_days WHERE settlement_no = @last", {"last": last}
    )
    days = warehouse.query("SELECT DISTINCT sale_date FROM day_sums ORDER BY sale_date").column("sale_date").to_pylist()
    other = next(day for day in days if day not in added.column("sale_date").to_pylist())
    without_orders(warehouse, [other, *added.column("sale_date").to_pylist()])
    stale = totals_coverage(warehouse).stale
    assert stale == tuple(sorted({other, *added.column("sale_date").to_pylist()}))
    assert orders_by(warehouse) == lines
    assert warehouse.refresh_totals() == len(stale) < len(days)
    assert totals_coverage(warehouse).stale == ()
    assert warehouse.query("SELECT COUNT(*) AS n FROM day_sums WHERE split_orders IS NULL").to_pylist() == [{"n": 0}]
    assert orders_by(warehouse) == lines


def orders_by(warehouse: Warehouse) -> list[list[dict[str, Any]]]:
    dimensions = ("category", "product", "customer")
    return [
        measure_values.query_measures(warehouse, ["orders"], [name], UNRESTRICTED).to_pylist() for name in dimensions
    ]


def without_orders(warehouse: Warehouse, days: Sequence[date]) -> None:
    for table in ROLLUPS:
        text = f"SELECT * REPLACE (IF(sale_date IN UNNEST(@days), NULL, split_orders) AS split_orders) FROM {table}"
        warehouse.replace_table(table, warehouse.query(text, {"days": days}))
