"""The queries other than kpis, each over small tables of text: margin, customers, growth, shares, heatmap, currencies."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from duck import Duck
from table_text import parse_tables

from tillstream.analytics.filters import Filters, ReportedDays
from tillstream.analytics.queries import compose_query
from tillstream.analytics.row_scope.row_selection import QueryContext
from tillstream.model.people import UNRESTRICTED, Scope
from tillstream.model.permissions import Role

LINES = """
    key  content  is_current  sale  region  sale_id  line_key  store_id  customer_id  customer_name  status     sale_date   country  quantity  unit_cost  net_amount  currency  leads
    1    1        yes         1     A       1        1         S1        C1           -              completed  2023-06-10  X        1         4          10          USD       1
    2    2        yes         2     A       2        1         S1        C2           -              completed  2024-05-20  X        2         -          30          USD       1
    3    3        yes         3     A       3        1         S1        C1           -              completed  2024-06-03  X        3         5          40          USD       1
    4    4        yes         3     A       3        2         S1        C1           -              completed  2024-06-03  X        1         -          10          USD       0
    5    5        yes         4     A       4        1         S1        C3           -              pending    2024-06-10  Y        1         2          20          EUR       1
    6    6        yes         5     A       5        1         S2        C3           -              completed  2024-06-11  X        -         2          5           USD       1
    7    7        yes         6     A       6        1         S2        -            Zoe            returned   2024-06-12  Y        -1        4          -10         USD       0
    8    8        yes         7     A       7        1         S2        C4           -              cancelled  2024-06-12  Y        1         4          99          USD       0
    9    9        yes         8     B       8        1         S3        C2           -              completed  2024-06-17  -        1         -          7           GBP       1
    10   10       yes         9     B       9        1         S3        -            -              completed  2024-06-17  X        1         -          15          USD       1
"""
SHOP = parse_tables(
    {
        "reporting": "currency\nUSD",
        "reporting_rates": "sale_date currency factor\n2024-06-10 EUR 2",
        "fx_rates": "rate_date currency per_euro\n2024-06-07 USD 1.5\n2024-06-10 EUR 1",
        "settlements": "settlement_no settled_at\n1 2024-06-18T08:00:00\n2 2024-06-19T08:00:00",
        "batches": """
            batch_no  batch_id  kind      source  region  contract  root_no  rows_read  settlement_no  undone_no
            1         b1        upload    file    A       weekly    1        8          1              -
            2         b2        messages  till    B       -         2        2          2              -
            3         b3        upload    file    B       weekly    3        9          2              2
        """,
        "sale_versions": LINES,
    }
)
JUNE = Filters(date(2024, 6, 1), date(2024, 6, 30))
REPORTED = ReportedDays(date(2023, 1, 1), date(2024, 6, 17))


@pytest.fixture(scope="module")
def shop() -> Duck:
    duck = Duck()
    duck.fill(SHOP)
    return duck


def rows(
    duck: Duck,
    name: str,
    filters: Filters = JUNE,
    scope: Scope = UNRESTRICTED,
    reported: ReportedDays = REPORTED,
    **params: Any,
) -> list[dict[str, Any]]:
    result: list[dict[str, Any]] = duck.query(
        *compose_query(name, scope, filters, QueryContext(reported, "USD"), **params)
    ).to_pylist()
    return result


def number(text: str) -> Decimal:
    return Decimal(text).quantize(Decimal("1e-9"))


def test_margin_covers_lines_with_a_cost_and_shows_their_share_of_revenue(shop: Duck) -> None:
    (row,) = rows(shop, "headline")
    # lines 3, 5 and 7: 40 - 3 × 5, 2 × (20 - 2), -10 + 4
    assert (row["covered_revenue"], row["cost"], row["margin"]) == (70, 15 + 4 - 4, 55)
    assert row["margin_rate"] == number("0.785714286")
    assert row["revenue"] == 40 + 10 + 40 + 5 - 10 + 15
    assert row["cost_coverage"] == number("0.7")
    assert (row["costed_lines"], row["active_lines"], row["unconverted_lines"]) == (3, 7, 1)


def test_returned_cancelled_and_pending_amounts_are_separate(shop: Duck) -> None:
    (row,) = rows(shop, "headline")
    assert (row["returned_lines"], row["returned_value"]) == (1, -10)
    assert (row["cancelled_lines"], row["cancelled_value"]) == (1, 99)
    assert (row["pending_lines"], row["pending_value"]) == (1, 40)


def test_without_any_cost_there_is_no_margin_rather_than_a_whole_one(shop: Duck) -> None:
    (row,) = rows(shop, "headline", Filters(region=("B",)))
    assert (row["cost"], row["margin"], row["margin_rate"], row["cost_coverage"]) == (None, None, None, None)
    assert row["costed_lines"] == 0


def test_a_customer_is_new_if_the_first_visible_purchase_is_in_the_period(shop: Duck) -> None:
    (june,) = rows(shop, "customer-counts")
    # C1, C2, C3 and Zoe; C1 and C2 bought before; C3 came twice; C4 only cancelled
    assert june == {"customers": 4, "new_customers": 2, "repeat_customers": 1, "anonymous_lines": 1}
    (ever,) = rows(shop, "customer-counts", Filters())
    assert (ever["customers"], ever["new_customers"]) == (4, 4)


def test_a_filter_makes_no_customer_new_and_a_scope_hides_purchases_elsewhere(shop: Duck) -> None:
    filtered = Filters(JUNE.start, JUNE.end, region=("B",))
    assert rows(shop, "customer-counts", filtered)[0]["new_customers"] == 0
    counts = rows(shop, "customer-counts", scope=Scope(Role.MANAGER, ("B",)))[0]
    assert (counts["customers"], counts["new_customers"]) == (1, 1)


def test_growth_of_each_figure_against_the_period_before_and_the_year_before(shop: Duck) -> None:
    growth = {row["figure"]: row for row in rows(shop, "growth")}
    assert list(growth) == ["revenue", "orders", "average_order_value", "units", "customers"]
    assert [growth["revenue"][key] for key in ("value", "before", "year_before")] == [100, 0, 10]
    assert (growth["revenue"]["growth"], growth["revenue"]["year_growth"]) == (None, 9)
    assert [growth["orders"][key] for key in ("value", "before", "year_before")] == [5, 0, 1]
    assert growth["average_order_value"]["year_growth"] == number("1")
    assert growth["average_order_value"]["before"] is None
    assert [growth["customers"][key] for key in ("value", "year_before")] == [4, 1]


def test_growth_compares_reported_days_only(shop: Duck) -> None:
    whole = rows(shop, "growth", reported=ReportedDays(date(2023, 1, 1), date(2024, 6, 30)))
    assert whole[0]["before"] == 30  # all of May, with the 20th
    assert rows(shop, "growth", Filters()) == []
    assert rows(shop, "growth", reported=ReportedDays(date(2024, 5, 15), date(2024, 6, 17))) == []
    only_before = rows(shop, "growth", reported=ReportedDays(date(2024, 5, 1), date(2024, 6, 30)))
    assert (only_before[0]["before"], only_before[0]["year_before"]) == (30, None)


def test_the_periods_of_both_comparisons_lie_over_those_of_the_chosen_one(shop: Duck) -> None:
    whole = ReportedDays(date(2023, 1, 1), date(2024, 6, 30))
    days = rows(shop, "sales-over-time-compared", reported=whole, period="daily")
    assert {(row["series"], row["position"], row["period_start"]) for row in days} >= {
        ("now", 2, date(2024, 6, 3)),
        ("before", 19, date(2024, 5, 20)),
        ("year-before", 9, date(2023, 6, 10)),
    }
    weeks = rows(shop, "sales-over-time-compared", reported=whole, period="weekly")
    assert [(w["series"], w["position"], w["revenue"]) for w in weeks if w["series"] != "now"] == [
        ("year-before", 1, 10),
        ("before", 3, 30),
    ]
    months = rows(shop, "sales-over-time-compared", reported=whole)
    assert [(m["series"], m["position"], m["revenue"], m["orders"]) for m in months] == [
        ("before", 0, 30, 1),
        ("now", 0, 100, 5),
        ("year-before", 0, 10, 1),
    ]


def test_the_chosen_series_is_that_of_sales_over_time(shop: Duck) -> None:
    compared = rows(shop, "sales-over-time-compared", period="daily")
    plain = rows(shop, "sales-over-time", period="daily")
    same = ("period_start", "revenue", "orders", "units", "lines", "unconverted_lines")
    assert [[row[k] for k in same] for row in compared if row["series"] == "now"] == [
        [row[k] for k in same] for row in plain
    ]


def test_each_country_has_its_share_of_money_customers_and_new_ones(shop: Duck) -> None:
    shares = {row["country"]: row for row in rows(shop, "country-shares")}
    assert list(shares) == ["X", "Y", None]
    assert [shares["X"][k] for k in ("revenue", "customers", "new_customers")] == [70, 2, 1]
    assert [shares["Y"][k] for k in ("revenue", "customers", "new_customers")] == [30, 2, 2]
    assert [shares[None][k] for k in ("revenue", "customers", "unconverted_lines")] == [0, 1, 1]
    assert shares["X"]["customers_share"] == number("0.5")  # 2 of 4: C3 bought in both
    assert (shares["Y"]["revenue_share"], shares["Y"]["new_customers_share"]) == (number("0.3"), number("1"))


def test_a_weekday_of_a_month_has_its_days_and_its_money(shop: Duck) -> None:
    cells = {(row["month"], row["weekday"]): row for row in rows(shop, "sales-by-weekday", Filters())}
    mondays = cells[date(2024, 6, 1), 1]  # the 3rd, 10th and 17th
    assert (mondays["days"], mondays["revenue"], mondays["orders"], mondays["unconverted_lines"]) == (3, 105, 4, 1)
    assert cells[date(2023, 6, 1), 6]["revenue"] == 10  # a Saturday
    assert set(cells) == {(date(2023, 6, 1), 6), *((date(2024, m, 1), d) for m, d in ((5, 1), (6, 1), (6, 2), (6, 3)))}


def test_each_currency_has_its_own_total_and_the_converted_one(shop: Duck) -> None:
    totals = [(r["currency"], r["net"], r["revenue"], r["unconverted_lines"]) for r in rows(shop, "by-currency")]
    assert totals == [("USD", 60, 60, 0), ("EUR", 20, 40, 0), ("GBP", 7, None, 1)]


def test_how_fresh_regions_stores_sources_and_rates_are(shop: Duck) -> None:
    result = rows(shop, "freshness-of-everything", Filters())
    freshness = {(row["kind"], row["name"]): row for row in result}
    assert list(freshness) == [
        *(("rate", c) for c in ("EUR", "GBP")),
        *(("region", r) for r in "AB"),
        ("source", "weekly"),
        ("source", "till"),
        *(("store", s) for s in ("S1", "S2", "S3")),
    ]
    assert (freshness["rate", "EUR"]["last_day"], freshness["rate", "EUR"]["unconverted_lines"]) == (
        date(2024, 6, 10),
        0,
    )
    assert (freshness["rate", "GBP"]["last_day"], freshness["rate", "GBP"]["unconverted_lines"]) == (None, 1)
    assert (freshness["region", "B"]["last_day"], freshness["region", "B"]["batches"]) == (date(2024, 6, 17), 1)
    assert freshness["source", "weekly"]["batches"] == 1  # the other one was undone
    assert (freshness["store", "S2"]["first_day"], freshness["store", "S2"]["last_day"]) == (
        date(2024, 6, 11),
        date(2024, 6, 12),
    )
