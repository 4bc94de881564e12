"""Measures of random sales: the same values on both engines, from the lines and from the daily totals."""

import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from duck import Duck, exact
from googlesql import Judge

from tillstream.analytics.filters import Filters, ReportedDays
from tillstream.analytics.measure_values import MeasureSelection, compose_measures
from tillstream.analytics.measures import composer
from tillstream.analytics.measures.definitions import DIMENSIONS, all_measures
from tillstream.analytics.queries import compose_query
from tillstream.analytics.row_scope.row_selection import QueryContext
from tillstream.model.people import UNRESTRICTED, Scope
from tillstream.model.permissions import Role
from tillstream.model.tables import daily_totals
from tillstream.model.tables.warehouse_tables import TABLES

pytestmark = pytest.mark.system
FIRST, LAST = date(2024, 1, 1), date(2024, 3, 31)
MARCH = (date(2024, 3, 1), LAST)
NAMED = ("abc-classes", "products-by-class", "rfm-segments", "customers-by-segment", "cohort-retention", "change")
READ = {"current_lines", "catalogue_codes", "catalogue_costs", "catalogue_names", "line_facts", "sale_facts"} | {
    "line_costs",
    "line_sums",
}
"""The views that queries of measures read."""
SCOPES = (UNRESTRICTED, Scope(Role.MANAGER, ("IN", "UK")), Scope(Role.SALESPERSON, ("IN",), salesperson="E1"))


def _amount(draw: random.Random) -> Decimal:
    return Decimal(draw.choice([0, 1, 999, 12_345, -2_500, 333_333_333])) / draw.choice([1, 100, 1_000_000_000])


def _line(draw: random.Random, number: int, sale: int, shared: dict[str, Any]) -> tuple[Any, ...]:
    row: dict[str, Any] = shared | {
        "key": number, "content": number, "is_current": True, "sale": sale, "sale_id": f"S/{sale}",
        "line_key": str(number), "product_id": draw.choice(["A", "B", "a", None]),
        "product_name": draw.choice(["Kettle", None]), "category": draw.choice(["Kitchen", "kitchen", "", None]),
        "status": draw.choice(["completed", "completed", "pending", "cancelled", "returned"]),
        "country": draw.choice(["India", None]), "quantity": draw.choice([Decimal(1), Decimal("2.5"), Decimal(-1), None]),
        "discount": draw.choice([Decimal("0.5"), None]), "net_amount": _amount(draw),
        "currency": draw.choice(["USD", "INR", "XXX"]), "unit_cost": draw.choice([Decimal("0.333333333"), None]),
        "settlement_no": 1,
    }  # fmt: skip
    return tuple(row.get(field.name) for field in TABLES["sale_versions"])


def _lines(draw: random.Random) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = []
    for sale in range(25):
        count = draw.choice([1, 1, 2, 3])
        shared = {
            "region": draw.choice(["IN", "UK"]), "store_id": draw.choice(["S1", "S2", None]),
            "salesperson_id": draw.choice(["E1", None]), "channel": draw.choice(["store", "online", None]),
            "customer_id": draw.choice(["C1", "C2", "C3", None]), "customer_name": draw.choice(["Ada", None]),
            "sale_date": FIRST + timedelta(days=draw.randrange((LAST - FIRST).days)), "leads": 1 if count == 1 else 2,
        }  # fmt: skip
        rows += [_line(draw, len(rows) + number + 1, sale, shared) for number in range(count)]
    return rows


def _ledger(draw: random.Random) -> dict[str, list[tuple[Any, ...]]]:
    days = [FIRST + timedelta(days=number) for number in range((LAST - FIRST).days)]
    rates = [(day, "INR", Decimal(draw.randrange(1, 10**7)) / 10**9) for day in days if draw.random() < 0.9]
    settled = datetime(2024, 4, 1, tzinfo=UTC)
    return {
        "reporting": [("USD",)],
        "reporting_rates": rates,
        "settlements": [(1, settled, "a", 1, 0, 0, True)],
        "sale_versions": _lines(draw),
    }


@pytest.mark.long
@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_measures_of_random_sales_are_the_same_on_both_engines(seed: int, judge: Judge) -> None:
    draw = random.Random(seed)
    ledger, duck = _ledger(draw), Duck()
    rows = judge.with_views(ledger, until=READ)
    days = sorted({row[17] for row in ledger["sale_versions"]})
    for table in daily_totals.ROLLUPS:
        ledger[table] = judge.answer(daily_totals.select_rollup(table), {"days": days}, rows)[1]
    duck.fill(ledger)
    truth = judge.with_views(rows | ledger, until={"product_totals"})
    for scope in SCOPES:
        for by in ((), *(tuple(draw.sample(list(DIMENSIONS), draw.choice([1, 2]))) for _ in range(4))):
            filters = draw.choice([Filters(), Filters(*MARCH), Filters(*MARCH, status=("completed", "returned"))])
            has_period = any(DIMENSIONS[name].is_period for name in by)
            possible = [
                one
                for one in all_measures().values()
                if not one.has_query_only and not (has_period and composer.compares_periods(one))
            ]
            chosen = tuple(draw.sample(possible, 8))
            query = compose_measures(MeasureSelection(chosen, tuple(DIMENSIONS[name] for name in by)))
            _check(judge, duck, truth, compose_query(query, scope, filters, _context(draw)))
        for name in NAMED:
            _check(judge, duck, truth, compose_query(name, scope, Filters(*MARCH), _context(draw)))


def _context(draw: random.Random) -> QueryContext:
    """The daily totals cover no day, all days, or all but one."""
    stale = draw.choice([None, (), (date(2024, 3, 5),)])
    return QueryContext(ReportedDays(FIRST, LAST), "USD", stale, has_catalogue=False)


def _check(judge: Judge, duck: Duck, truth: Any, query: tuple[str, dict[str, Any]]) -> None:
    columns, rows = duck.answer(*query)
    true_columns, true_rows = judge.answer(*query, truth)
    assert columns == list(true_columns)
    assert [tuple(map(exact, row)) for row in rows] == [tuple(map(exact, row)) for row in true_rows]
