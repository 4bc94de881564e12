"""Groups compared with the previous period and year, and the key figures by period, over small tables of text."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from duck import Duck
from table_text import parse_tables

from tillstream.analytics.filters import Filters, ReportedDays
from tillstream.analytics.queries import Forbidden, compose_query
from tillstream.analytics.row_scope.row_selection import QueryContext
from tillstream.model.people import UNRESTRICTED, Scope
from tillstream.model.permissions import Role

LINES = """
    key  content  is_current  sale  region  sale_id  line_key  store_id  salesperson_id  product_id  product_name  category  customer_id  customer_name  status     sale_date   country  quantity  unit_cost  net_amount  currency  leads
    1    1        yes         1     A       1        1         S1        E1              P1          Tea           Food      C1           Ann            completed  2023-06-10  X        1         4          10          USD       1
    2    2        yes         2     A       2        1         S1        E1              P1          Tea           Food      C2           Bea            completed  2024-05-20  X        2         -          30          USD       1
    3    3        yes         3     A       3        1         S2        E2              P2          Mug           Home      C1           Ann            completed  2024-05-21  X        2         -          50          USD       1
    4    4        yes         4     A       4        1         S1        E1              P1          Tea           Food      C1           Ann            completed  2024-06-03  X        3         5          40          USD       1
    5    5        yes         4     A       4        2         S1        E1              P3          Jam           Food      C1           Ann            completed  2024-06-03  X        1         -          10          USD       0
    6    6        yes         5     B       5        1         S1        E1              -           -             -         -            -              completed  2024-06-12  Y        1         -          20          USD       1
    7    7        yes         6     A       6        1         -         -               P1          Tea           Food      C2           Bea            returned   2024-06-12  X        -1        4          -10         USD       0
    8    8        yes         7     A       7        1         S1        E1              P1          Tea           Food      C2           Bea            cancelled  2024-06-12  X        1         4          99          USD       0
"""
SHOP = parse_tables(
    {
        "reporting": "currency\nUSD",
        "settlements": "settlement_no settled_at\n1 2024-06-30T08:00:00",
        "sale_versions": LINES,
    }
)
JUNE = Filters(date(2024, 6, 1), date(2024, 6, 30))
REPORTED = ReportedDays(date(2023, 1, 1), date(2024, 6, 30))


@pytest.fixture(scope="module")
def shop() -> Duck:
    duck = Duck()
    duck.fill(SHOP)
    return duck


def rows(
    duck: Duck, name: str, filters: Filters = JUNE, scope: Scope = UNRESTRICTED, **params: Any
) -> list[dict[str, Any]]:
    query = compose_query(name, scope, filters, QueryContext(REPORTED, "USD"), **params)
    result: list[dict[str, Any]] = duck.query(*query).to_pylist()
    return result


def groups(duck: Duck, dimension: str, *columns: str, **more: Any) -> list[tuple[Any, ...]]:
    result = rows(duck, "sales-by-dimension-compared", dimension=dimension, **more)
    return [tuple(row[column] for column in columns) for row in result]


def test_a_group_has_its_revenue_and_its_change(shop: Duck) -> None:
    columns = ("item", "revenue", "before", "change", "year_before", "year_change")
    assert groups(shop, "category", *columns) == [
        ("Food", 40, 30, 10, 10, 30),
        (None, 20, 0, 20, 0, 20),
        ("Home", 0, 50, -50, 0, 0),
    ]


def test_growth_share_and_total_are_of_all_groups(shop: Duck) -> None:
    food, unknown, home = rows(shop, "sales-by-dimension-compared", dimension="category")
    assert (food["revenue_share"], food["growth"]) == (Decimal("0.666666667"), Decimal("0.333333333"))
    assert (unknown["growth"], home["growth"]) == (None, -1)
    assert {row["total_change"] for row in (food, unknown, home)} == {-20}
    assert {row["year_total_change"] for row in (food, unknown, home)} == {50}


def test_the_same_store_in_two_regions_is_two_groups_and_unknown_ones_are_one(shop: Duck) -> None:
    assert groups(shop, "store", "item", "region", "revenue", "orders") == [
        ("S1", "A", 50, 1),
        ("S1", "B", 20, 1),
        ("S2", "A", 0, 0),
        (None, None, -10, 0),
    ]


def test_nothing_is_compared_without_a_period(shop: Duck) -> None:
    for row in rows(shop, "sales-by-dimension-compared", Filters(), dimension="region"):
        assert (row["before"], row["change"], row["growth"], row["total_change"], row["year_before"]) == (None,) * 5


def test_salespeople_are_no_groups_for_roles_without_personal_columns(shop: Duck) -> None:
    assert [item for (item,) in groups(shop, "salesperson", "item")] == ["E1", "E1", "E2", None]
    analyst = Scope(Role.ANALYST)
    assert groups(shop, "salesperson", "item", "revenue", scope=analyst, personal=1) == [(None, 60)]
    with pytest.raises(Forbidden):
        rows(shop, "customers-compared", scope=analyst)


def test_products_are_ranked_by_revenue_or_by_the_greatest_change(shop: Duck) -> None:
    by_revenue = rows(shop, "products-compared")
    assert [(row["product"], row["product_name"], row["revenue"], row["change"]) for row in by_revenue] == [
        ("P1", "Tea", 30, 0),
        (None, None, 20, 20),
        ("P3", "Jam", 10, 10),
        ("P2", "Mug", 0, -50),
    ]
    by_change = rows(shop, "products-compared", sort="change", limit=2)
    assert [row["product"] for row in by_change] == ["P2", None]
    assert {row["total_change"] for row in by_change} == {-20}, "of all products, whatever the limit"
    by_year_change = rows(shop, "products-compared", sort="year-change")
    assert [(row["product"], row["year_change"]) for row in by_year_change[:2]] == [(None, 20), ("P1", 20)]


def test_sales_without_a_customer_are_one_group(shop: Duck) -> None:
    customers = [
        (row["customer"], row["customer_name"], row["revenue"], row["change"], row["lines"])
        for row in rows(shop, "customers-compared")
    ]
    assert customers == [("C1", "Ann", 50, 0, 2), (None, None, 20, 20, 1), ("C2", "Bea", -10, -40, 2)]


def test_key_figures_of_a_period_are_those_of_its_days(shop: Duck) -> None:
    by_day = rows(shop, "figures-over-time", period="daily")
    assert [(row["period_start"].day, row["revenue"], row["orders"], row["customers"]) for row in by_day] == [
        (3, 50, 1, 1),
        (12, 10, 1, 1),
    ]
    (month,) = rows(shop, "figures-over-time")
    (headline,) = rows(shop, "headline")
    (kpis,) = rows(shop, "kpis")
    for figure in ("revenue", "orders", "units", "customers", "average_order_value"):
        assert month[figure] == kpis[figure], figure
    assert (month["margin"], month["returned_value"]) == (headline["margin"], headline["returned_value"])
