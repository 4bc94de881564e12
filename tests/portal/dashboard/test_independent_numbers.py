"""Every number of the dashboards for the sample of scale-model orders, against the same file added up by hand."""

import json
import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from expected_numbers import (
    Line,
    between,
    customers,
    greatest_first,
    grouped,
    growth,
    lines_of,
    orders,
    ratio,
    revenue,
    start_before,
    start_of,
    sums,
    units,
)  # fmt: skip
from visitor import Visitor

from tillstream.analytics import queries
from tillstream.analytics.filters import Filters
from tillstream.app import App
from tillstream.model.people import UNRESTRICTED

pytestmark = pytest.mark.shared
Models = tuple[App, Visitor]
FIRST, LAST = date(2003, 1, 6), date(2005, 5, 31)
HALF = Filters(date(2004, 7, 1), date(2004, 12, 31))
CUT = Filters(date(2005, 4, 1), date(2005, 6, 30))
CHOSEN = {
    "everything": Filters(),
    "half a year": HALF,
    "some": Filters(date(2003, 3, 1), date(2005, 2, 10), status=("completed", "pending"), country=("USA", "France")),
    "one line of products": Filters(category=("Ships",)),
}
COMPARED = {
    "half a year": (HALF, (date(2004, 1, 1), date(2004, 6, 30)), (date(2003, 7, 1), date(2003, 12, 31))),
    # only reported days: two of three months
    "a quarter": (CUT, (date(2005, 1, 1), date(2005, 2, 28)), (date(2004, 4, 1), date(2004, 5, 31))),
}


@pytest.fixture(scope="module")
def every(shared_data: Path) -> list[Line]:
    return lines_of(shared_data / "classic-models" / "sales_data_sample.csv")


def chosen(lines: list[Line], filters: Filters) -> list[Line]:
    return [
        line
        for line in between(lines, filters.start or date.min, filters.end or date.max)
        if (filters.status is None or line.status in filters.status)
        and (filters.country is None or line.country in filters.country)
        and (filters.category is None or line.category in filters.category)
    ]


def rows_of(models: Models, name: str, filters: Filters, **params: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = queries.run_query(
        models[0].ports.warehouse, name, UNRESTRICTED, filters, **params
    ).to_pylist()
    return rows


def only(rows: list[dict[str, Any]], *names: str) -> list[dict[str, Any]]:
    return [{name: row[name] for name in names} for row in rows]


@pytest.mark.parametrize("called", CHOSEN)
def test_the_cards(models: Models, every: list[Line], called: str) -> None:
    lines = chosen(every, CHOSEN[called])
    active = [line for line in lines if line.active]
    (kpis,) = rows_of(models, "kpis", CHOSEN[called])
    expected = {
        "lines": len(lines),
        "active_lines": len(active),
        "cancelled_lines": sum(line.status == "cancelled" for line in lines),
        "pending_lines": sum(line.status == "pending" for line in lines),
        "orders": orders(lines),
        "customers": len(customers(lines)),
        "countries": len({line.country for line in active}),
        "categories": len({line.category for line in active}),
        "units": units(lines),
        "revenue": revenue(lines),
        "average_order_value": ratio(revenue(lines), orders(lines)),
        "unconverted_lines": 0,
        "first_sale_date": min(line.day for line in active),
        "last_sale_date": max(line.day for line in active),
        "currency": "USD",
    }
    assert {name: kpis[name] for name in expected} == expected
    (headline,) = rows_of(models, "headline", CHOSEN[called])
    of = {status: [line for line in lines if line.status == status] for status in ("cancelled", "pending")}
    tiles = {
        "revenue": revenue(lines),
        "cancelled_value": sum((line.net for line in of["cancelled"]), Decimal(0)),
        "pending_value": revenue(of["pending"]),
        "returned_lines": 0,
        "margin": None,  # the file tells no cost
        "costed_lines": 0,
    }
    assert {name: headline[name] for name in tiles} == tiles
    (total,) = rows_of(models, "lines-total", CHOSEN[called])
    assert (total["lines"], total["revenue"]) == (len(lines), revenue(lines))


@pytest.mark.parametrize("called", CHOSEN)
def test_new_and_repeat_customers(models: Models, every: list[Line], called: str) -> None:
    filters = CHOSEN[called]
    lines = chosen(every, filters)
    earlier = customers(line for line in every if filters.start and line.day < filters.start)
    sales = grouped((line for line in lines if line.active), lambda line: line.customer)
    (row,) = rows_of(models, "customer-counts", filters)
    assert row == {
        "customers": len(customers(lines)),
        "new_customers": len(customers(lines) - earlier),
        "repeat_customers": sum(len({line.order for line in own}) > 1 for own in sales.values()),
        "anonymous_lines": 0,
    }


@pytest.mark.parametrize("period", ["daily", "weekly", "monthly", "quarterly", "yearly"])
@pytest.mark.parametrize("called", CHOSEN)
def test_the_chart_over_time(models: Models, every: list[Line], called: str, period: str) -> None:
    groups = grouped(chosen(every, CHOSEN[called]), lambda line: start_of(period, line.day))
    rows = rows_of(models, "sales-over-time", CHOSEN[called], period=period)
    assert [row["period_start"] for row in rows] == sorted(groups)
    for row in rows:
        assert {name: row[name] for name in sums([])} == sums(groups[row["period_start"]])
    whole_from = max(FIRST, CHOSEN[called].start or FIRST)
    for row in rows[:-1]:  # the last may be unfinished
        before = start_before(period, row["period_start"])
        compares = before in groups and before >= whole_from
        expected = growth(row["revenue"], revenue(groups[before])) if compares else None
        assert row["revenue_growth"] == expected, row["period_start"]


@pytest.mark.parametrize(
    ("query", "column"),
    [("sales-by-category", "category"), ("sales-by-country", "country"), ("sales-by-product", "product")],
)
@pytest.mark.parametrize("called", CHOSEN)
def test_the_rankings(models: Models, every: list[Line], called: str, query: str, column: str) -> None:
    lines = chosen(every, CHOSEN[called])
    groups = greatest_first(grouped(lines, lambda line: getattr(line, column)))
    limit = {"limit": 1000} if query == "sales-by-product" else {}
    rows = rows_of(models, query, CHOSEN[called], **limit)
    assert [row[column] for row in rows] == [name for name, _ in groups]
    for row, (_, own) in zip(rows, groups, strict=True):
        assert {name: row[name] for name in sums([]) if name in row} == {
            name: value for name, value in sums(own).items() if name in row
        }
        if "revenue_share" in row:
            assert row["revenue_share"] == ratio(revenue(own), revenue(lines))


@pytest.mark.parametrize(
    ("query", "value"), [("sales-by-region", "Classic Models"), ("sales-by-channel", None), ("sales-by-store", None)]
)
def test_the_rankings_that_have_one_row_here(models: Models, every: list[Line], query: str, value: str | None) -> None:
    (row,) = rows_of(models, query, Filters())
    column = {"sales-by-store": "store_id"}.get(query, query.removeprefix("sales-by-"))
    assert row[column] == value
    assert {name: row[name] for name in sums([])} == sums(every)
    assert rows_of(models, "salespeople", Filters()) == []


@pytest.mark.parametrize("called", CHOSEN)
@pytest.mark.parametrize("limit", [5, 10, 20])
def test_the_top_customers(models: Models, every: list[Line], called: str, limit: int) -> None:
    lines = chosen(every, CHOSEN[called])
    groups = greatest_first(grouped((line for line in lines if line.active), lambda line: line.customer))[:limit]
    rows = rows_of(models, "top-customers", CHOSEN[called], limit=limit)
    assert only(rows, "customer", "revenue", "orders", "units") == [
        {"customer": name, "revenue": revenue(own), "orders": orders(own), "units": units(own)} for name, own in groups
    ]


@pytest.mark.parametrize("called", CHOSEN)
def test_the_map_and_its_shares(models: Models, every: list[Line], called: str) -> None:
    filters = CHOSEN[called]
    lines = chosen(every, filters)
    earlier = customers(line for line in every if filters.start and line.day < filters.start)
    new = customers(lines) - earlier
    rows = {row["country"]: row for row in rows_of(models, "country-shares", filters)}
    groups = grouped(lines, lambda line: line.country)
    assert list(rows) == [name for name, _ in greatest_first(groups)]
    for country, own in groups.items():
        assert rows[country] == {
            "country": country,
            "revenue": revenue(own),
            "revenue_share": ratio(revenue(own), revenue(lines)),
            "customers": len(customers(own)),
            "customers_share": ratio(len(customers(own)), len(customers(lines))),
            "new_customers": len(customers(own) & new),
            "new_customers_share": ratio(len(customers(own) & new), len(new)),
            "lines": len(own),
            "unconverted_lines": 0,
        }


@pytest.mark.parametrize("called", CHOSEN)
def test_the_heatmap(models: Models, every: list[Line], called: str) -> None:
    groups = grouped(chosen(every, CHOSEN[called]), lambda line: (line.day.replace(day=1), line.day.isoweekday()))
    rows = rows_of(models, "sales-by-weekday", CHOSEN[called])
    assert rows == [
        {"month": month, "weekday": weekday, **sums(own), "days": len({line.day for line in own})}
        for (month, weekday), own in sorted(groups.items())
    ]


@pytest.mark.parametrize("called", COMPARED)
def test_growth_against_both_periods(models: Models, every: list[Line], called: str) -> None:
    filters, before, year_before = COMPARED[called]
    growth_rows = {row["figure"]: row for row in rows_of(models, "growth", filters)}
    sides = [chosen(every, filters), between(every, *before), between(every, *year_before)]
    for figure, of in {
        "revenue": revenue,
        "orders": orders,
        "units": units,
        "customers": lambda lines: len(customers(lines)),
        "average_order_value": lambda lines: ratio(revenue(lines), orders(lines)),
    }.items():
        now, then, year = (of(side) for side in sides)  # type: ignore[operator]
        row = growth_rows[figure]
        assert (row["value"], row["before"], row["year_before"]) == (now, then, year), figure
        assert (row["growth"], row["year_growth"]) == (growth(now, then), growth(now, year)), figure
    (kpis,) = rows_of(models, "kpis", filters)
    assert kpis["revenue_growth"] == growth_rows["revenue"]["growth"]
    rows = rows_of(models, "sales-over-time-compared", filters)
    for series, side in zip(("now", "before", "year-before"), sides, strict=True):
        months = grouped(side, lambda line: start_of("monthly", line.day))
        own = [row for row in rows if row["series"] == series]
        assert [(row["period_start"], row["revenue"], row["orders"]) for row in own] == [
            (month, revenue(lines), orders(lines)) for month, lines in sorted(months.items())
        ]


def test_the_months_and_their_growth(models: Models, every: list[Line]) -> None:
    months = grouped(every, lambda line: start_of("monthly", line.day))
    rows = rows_of(models, "monthly-trends", Filters())
    assert [row["month"] for row in rows] == sorted(months)
    for row in rows:
        own, month = months[row["month"]], row["month"]
        assert (row["revenue"], row["orders"]) == (revenue(own), orders(own))
        assert row["average_order_value"] == ratio(revenue(own), orders(own))
        for column, other in (
            ("revenue_growth", start_before("monthly", month)),
            ("revenue_growth_year", month.replace(year=month.year - 1)),
        ):
            compares = other in months and other >= FIRST
            assert row[column] == (growth(revenue(own), revenue(months[other])) if compares else None), (month, column)


def test_money_and_freshness(models: Models, every: list[Line]) -> None:
    (currency,) = rows_of(models, "by-currency", Filters())
    assert (currency["currency"], currency["net"], currency["revenue"]) == ("USD", revenue(every), revenue(every))
    (region,) = rows_of(models, "freshness", Filters())
    assert (region["lines"], region["first_sale_date"], region["last_sale_date"]) == (len(every), FIRST, LAST)
    everything = {(row["kind"], row["name"]): row for row in rows_of(models, "freshness-of-everything", Filters())}
    assert everything["region", "Classic Models"]["last_day"] == LAST
    assert everything["source", "classic-models"]["lines"] == len(every)


def test_the_pictures_and_the_page_show_these_numbers(models: Models, every: list[Line]) -> None:
    """What the charts are drawn from, as the page holds it."""
    months = sorted(grouped(every, lambda line: start_of("monthly", line.day)).items())
    html = models[1].get("/dashboard/tiles/over-time?preset=all").text
    (figure,) = [json.loads(text) for text in re.findall(r'<script type="application/json">(.*?)</script>', html)]
    assert figure["values"] == pytest.approx([float(revenue(own)) for _, own in months])
    html = models[1].get("/dashboard/tables/by-category?preset=all").text
    shown = re.findall(r'<td class="num" data-label="Revenue"><data value="([^"]+)"', html)
    categories = greatest_first(grouped(every, lambda line: line.category))
    assert [Decimal(value) for value in shown] == [revenue(own) for _, own in categories]
    page = models[1].get("/dashboard?preset=all").text
    assert f"{revenue(every):,.2f}" in page, "the exact value is the title of the rounded one"
    assert f"{orders(every):,}" in page
