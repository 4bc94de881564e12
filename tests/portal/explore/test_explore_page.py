"""The page to explore: any measures by any dimensions, compared, across columns, sorted, exported and saved."""

import csv
import html
import io
import re

import pytest
from explored_table import explore_figure, rows_of
from visitor import People, Visitor, Work, indian_file, indian_sale, page_words

from tillstream.model.permissions import Role

SHARED = True
MAY_AND_JUNE = "from=2026-05-01&to=2026-06-30&preset=own"
JUNE = "from=2026-06-01&to=2026-06-30&preset=own"


def sell(admin: Visitor, work: Work) -> None:
    """May and June 2026."""
    rows = [
        indian_sale("1", "10.00", date="01-05-2026 10:00"),
        indian_sale("2", "14.00", date="30-06-2026 10:00"),
        indian_sale("3", "6.00", date="29-06-2026 10:00"),
    ]
    admin.upload(indian_file(*rows))
    work()


def test_it_begins_with_revenue_and_orders_by_category(sold: Visitor) -> None:
    page = sold.get(f"/explore?{JUNE}").text
    ((_, revenue, orders),) = rows_of(page)
    assert (revenue, orders) == ("20.00", "2")


def test_measures_by_month_are_in_order_and_drawn(sold: Visitor) -> None:
    page = sold.get(f"/explore?measure=revenue&measure=orders&by=month&{MAY_AND_JUNE}").text
    assert rows_of(page) == [["May 2026", "10.00", "1"], ["Jun 2026", "20.00", "2"]]
    figure = explore_figure(page)
    assert (figure["kind"], figure["period"]) == ("columns", "monthly")
    assert (figure["labels"], figure["values"]) == (["2026-05-01", "2026-06-01"], [10.0, 20.0])


def test_rows_are_sorted_by_any_column(sold: Visitor) -> None:
    page = sold.get(f"/explore?measure=revenue&by=month&sort=-month&{MAY_AND_JUNE}").text
    assert [row[0] for row in rows_of(page)] == ["Jun 2026", "May 2026"]


def test_a_period_is_compared_with_the_one_before(sold: Visitor) -> None:
    page = sold.get(f"/explore?measure=revenue&by=region&against=previous&{JUNE}").text
    assert rows_of(page) == [["IN", "20.00", "10.00", "10.00", "▲ up 100.0%"]]
    assert [one["values"] for one in explore_figure(page)["series"]] == [[20.0], [10.0]]
    assert "compared with 1 – 31 May 2026" in page_words(page)


@pytest.mark.parametrize(
    ("query", "note"),
    [
        (f"by=month&against=previous&{JUNE}", "Use the page Compare"),
        ("by=region&against=previous&preset=all", "Choose a period with a first and a last day"),
        (f"by=region&against=year&{JUNE}", "no reported previous period"),
        (f"across=month&by=region&against=previous&{JUNE}", "across columns are not compared"),
    ],
)
def test_what_cannot_be_compared_is_explained(sold: Visitor, query: str, note: str) -> None:
    assert note in page_words(sold.get(f"/explore?measure=revenue&{query}").text)


def test_values_of_a_dimension_become_columns(sold: Visitor) -> None:
    page = sold.get(f"/explore?measure=revenue&by=region&across=month&{MAY_AND_JUNE}").text
    assert rows_of(page) == [["IN", "10.00", "20.00"]]
    assert "May 2026 INR ↕ Jun 2026" in page_words(page.partition("<thead>")[2].partition("</thead>")[0]).replace(
        "↓", "↕"
    )
    assert [one["name"] for one in explore_figure(page)["series"]] == ["May 2026", "Jun 2026"]


def test_a_total_without_groups(sold: Visitor) -> None:
    assert rows_of(sold.get(f"/explore?measure=revenue&by=&{MAY_AND_JUNE}").text) == [["30.00"]]


def test_a_chart_of_orders_does_not_add_up_what_cannot_be_added(sold: Visitor) -> None:
    """The chart has groups of its own: regions and days, not the categories in them."""
    page = sold.get(f"/explore?measure=orders&by=region&by=day&by=category&{MAY_AND_JUNE}").text
    assert sum(sum(filter(None, one["values"])) for one in explore_figure(page)["series"]) == 3


def test_a_group_leads_to_its_sale_lines(sold: Visitor) -> None:
    page = sold.get(f"/explore?measure=revenue&by=month&by=region&{MAY_AND_JUNE}").text
    link = re.search(r'href="(/lines[^"]*|/sale-lines[^"]*)" title="Show the sale lines"', page)
    assert link
    lines = sold.get(html.unescape(link[1]))
    assert (lines.status_code, "1 sale line" in page_words(lines.text)) == (200, True)


def test_each_number_leads_to_its_sale_lines(sold: Visitor) -> None:
    compared = sold.get(f"/explore?measure=revenue&by=region&against=previous&{JUNE}").text
    across = sold.get(f"/explore?measure=revenue&by=region&across=month&{MAY_AND_JUNE}").text
    for page, counts in (
        (compared, ["2 sale lines", "2 sale lines", "1 sale line"]),
        (across, ["3 sale lines", "1 sale line", "2 sale lines"]),
    ):
        addresses = re.findall(r'href="([^"]*)" title="Show the sale lines"', page)
        assert len(addresses) == len(counts)
        for address, count in zip(addresses, counts, strict=True):
            assert f"{count} " in page_words(sold.get(html.unescape(address)).text)


def test_a_table_is_exported_as_it_is_shown(sold: Visitor) -> None:
    def file_of(query: str, form: str = "csv") -> list[dict[str, str]]:
        page = sold.get(f"/explore?measure=revenue&by=region&{query}").text
        link = re.search(r'href="(/explore/shown[^"]*format=csv[^"]*)"', page)
        assert link
        answer = sold.get(html.unescape(link[1]).replace("format=csv", f"format={form}"))
        assert answer.status_code == 200
        return list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff")))) if form == "csv" else []

    assert file_of(f"across=month&{MAY_AND_JUNE}") == [{"region": "IN", "May 2026": "10", "Jun 2026": "20"}]
    (row,) = file_of(f"against=previous&{JUNE}")
    assert row == {
        "region": "IN",
        "Revenue": "20",
        "Revenue, previous": "10",
        "Revenue, change": "10",
        "Revenue, change, %": "1",
    }
    for form in ("xlsx", "parquet", "jsonl"):
        file_of(f"across=month&{MAY_AND_JUNE}", form)
    nothing = sold.get("/explore/shown?measure=revenue&by=region&across=month&from=2020-01-01&to=2020-01-31&preset=own")
    assert nothing.text.removeprefix("\ufeff").splitlines() == ['"region"']


def test_the_groups_are_exported_in_each_format(sold: Visitor) -> None:
    page = sold.get(f"/explore?measure=revenue&by=month&{MAY_AND_JUNE}").text
    link = re.search(r'href="(/explore/file[^"]*format=csv[^"]*)"', page)
    assert link
    rows = list(csv.DictReader(io.StringIO(sold.get(html.unescape(link[1])).text.removeprefix("\ufeff"))))
    assert rows == [{"month": "2026-05-01", "revenue": "10"}, {"month": "2026-06-01", "revenue": "20"}]
    for form in ("xlsx", "parquet", "jsonl"):
        answer = sold.get(html.unescape(link[1]).replace("format=csv", f"format={form}"))
        assert (answer.status_code, len(answer.data) > 50) == (200, True)


def test_nothing_matches(sold: Visitor) -> None:
    page = sold.get("/explore?from=2020-01-01&to=2020-01-31&preset=own").text
    assert "No sales match" in page
    answer = sold.get("/explore/file?from=2020-01-01&to=2020-01-31&preset=own&format=csv")
    assert answer.text.removeprefix("\ufeff").splitlines() == ['"category","revenue","orders"']


@pytest.mark.parametrize("query", ["measure=nothing", "by=nothing", "across=nothing"])
def test_unknown_names_are_rejected_with_those_that_exist(sold: Visitor, query: str) -> None:
    answer = sold.get(f"/explore?{query}")
    assert (answer.status_code, "nothing cannot be chosen here" in answer.text) == (422, True)


@pytest.mark.usefixtures("sold")
def test_an_analyst_is_offered_neither_people_nor_costs(person: People) -> None:
    analyst = person(Role.ANALYST)
    page = analyst.get("/explore").text
    assert 'value="revenue"' in page
    assert 'value="customer"' not in page
    assert 'value="salesperson"' not in page
    assert analyst.get("/explore?by=customer").status_code == 422
    assert person(Role.SALESPERSON, "IN").get("/explore?measure=margin").status_code == 422


@pytest.mark.own_home
def test_an_exploration_is_kept_as_a_view(sold: Visitor) -> None:
    address = "/explore?measure=units&by=product&preset=all"
    assert sold.post("/views", {"name": "Units", "address": address}).status_code == 303
    assert html.escape(address) in sold.get("/views").text
