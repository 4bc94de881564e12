"""Stock in reports: days out of stock with the revenue that they missed, and stock at cost on a past day."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from duck import Duck, exact
from googlesql import Judge
from table_text import parse_tables

from tillstream.analytics.filters import Filters, ReportedDays
from tillstream.analytics.queries import compose_query
from tillstream.analytics.row_scope.row_selection import QueryContext
from tillstream.model.people import UNRESTRICTED, Scope
from tillstream.model.permissions import Role

# A in S1: 3 counted on 1 January, sold on the 2nd and the 4th, delivered on the 9th; B never ends; C is not counted
TABLES = parse_tables(
    {
        "reporting": """
            currency
            USD
        """,
        "reporting_rates": """
            sale_date   currency  factor
            2024-01-01  GBP       1.25
        """,
        "settlements": """
            settlement_no  settled_at           request_id  added  corrected  removed  only_adds
            1              2024-01-12T10:00:00  a           6      0          0        yes
        """,
        "sale_versions": """
            key  content  is_current  sale  leads  region  sale_id  line_key  sale_date   store_id  product_id  product_name  category  status     quantity  net_amount  currency  settlement_no
            1    1        yes         1     1      UK      s1       1         2024-01-02  S1        A           Apple         Fruit     completed  1         10          USD       1
            2    2        yes         2     1      UK      s2       1         2024-01-04  S1        A           Apple         Fruit     completed  2         20          USD       1
            3    3        yes         3     1      UK      s3       1         2024-01-10  S1        A           Apple         Fruit     completed  1         12          USD       1
            4    4        yes         4     1      UK      s4       1         2024-01-10  S1        B           Beet          Veg       completed  1         5           USD       1
            5    5        yes         5     1      UK      s5       1         2024-01-03  S2        A           Apple         Fruit     completed  1         10          USD       1
            6    6        yes         6     1      UK      s6       1         2024-01-10  S1        C           Chive         Veg       completed  1         5           USD       1
        """,
        "day_sums": """
            sale_date   region  store_id  status     currency  lines
            2024-01-02  UK      S1        completed  USD       1
            2024-01-10  UK      S1        completed  USD       3
            2024-01-03  UK      S2        completed  USD       1
        """,
        "stock_movements": """
            movement_id  line_no  kind     region  store_id  product_id  quantity  stock_date  occurred_at  reason  reference  other_store
            m1           1        count    UK      S1        A           3         2024-01-01  -            -       -          -
            m2           1        count    UK      S1        B           9         2024-01-01  -            -       -          -
            m3           1        receipt  UK      S1        A           4         2024-01-09  -            -       -          -
        """,
        "stock_levels": """
            region  store_id  product  counted  counted_on  counted_at  moved  sold  on_hand  in_transit  recent_units  product_name  category
            UK      S1        A        3        2024-01-01  -           4      4     3        0           4             Apple         Fruit
            UK      S1        B        9        2024-01-01  -           0      1     8        0           1             Beet          Veg
            UK      S1        C        -        -           -           0      -     -        0           1             Chive         Veg
        """,
        "dim_product_cost": """
            product_id  region  currency  amount  valid_from  valid_to
            A           *       GBP       2       -           2024-01-10
            A           *       GBP       3       2024-01-10  -
            B           UK      USD       1       -           -
        """,
    }
)
BASIS = QueryContext(ReportedDays(date(2024, 1, 2), date(2024, 1, 10)), "USD")
JANUARY = {"first_day": date(2024, 1, 1), "last_day": date(2024, 1, 31)}


@pytest.fixture(scope="module")
def filled(duck: Duck) -> Duck:
    duck.fill(TABLES)
    return duck


def rows(duck: Duck, name: str, scope: Scope = UNRESTRICTED, **params: Any) -> list[dict[str, Any]]:
    answer: list[dict[str, Any]] = duck.query(*compose_query(name, scope, Filters(), BASIS, **params)).to_pylist()
    return answer


def test_days_out_of_stock_end_with_the_last_day_with_sales(filled: Duck) -> None:
    (row,) = rows(filled, "out-of-stock", **JANUARY)
    assert (row["product"], row["days"], row["days_out"], row["is_out"]) == ("A", 10, 4, False)
    assert row["missed_revenue"] == Decimal(42) * 4 / 6, "four times the mean of six days"
    (row,) = rows(filled, "out-of-stock", first_day=date(2024, 1, 6), last_day=date(2024, 1, 8))
    assert (row["days"], row["days_out"], row["is_out"], row["missed_revenue"]) == (3, 3, True, None)


@pytest.mark.parametrize(
    ("day", "value"),
    [
        (date(2024, 1, 1), 3 * 2 * Decimal("1.25") + 9),
        (date(2024, 1, 5), Decimal(9)),
        (date(2024, 1, 10), 3 * 3 * Decimal("1.25") + 8),
    ],
)
def test_stock_at_cost_is_that_of_the_day_at_its_costs(filled: Duck, day: date, value: Decimal) -> None:
    (region,) = rows(filled, "stock-values", day=day)
    assert (region["item"], region["levels"], exact(region["stock_cost"])) == ("UK", 2, exact(value))
    categories = rows(filled, "stock-values", day=day, dimension="category")
    assert {row["item"] for row in categories} == {"Fruit", "Veg"}
    assert sum(row["stock_cost"] for row in categories) == value


def test_a_manager_has_the_stock_of_own_stores(filled: Duck) -> None:
    other = Scope(Role.MANAGER, ("UK",), ("S2",))
    assert rows(filled, "stock-values", other, day=date(2024, 1, 10)) == []
    assert rows(filled, "out-of-stock", other, **JANUARY) == []


@pytest.mark.parametrize(("name", "params"), [("out-of-stock", JANUARY), ("stock-values", {"day": date(2024, 1, 10)})])
def test_stock_of_reports_is_the_same_on_both_engines(
    judge: Judge, filled: Duck, name: str, params: dict[str, Any]
) -> None:
    text, values = compose_query(name, UNRESTRICTED, Filters(), BASIS, **params)
    columns, google_rows = judge.answer(text, values, judge.with_views(TABLES, judge.views_of(text)))
    kinds, duckdb_rows = filled.answer(text, values)
    assert kinds == list(columns)
    assert [[exact(one) for one in row] for row in duckdb_rows] == [[exact(one) for one in row] for row in google_rows]
