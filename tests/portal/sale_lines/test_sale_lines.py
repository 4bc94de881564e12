"""Sale lines: searched, sorted, paged and taken along within what the person may see; and the way to the file."""

import csv
import io
import json
import re
from decimal import Decimal
from urllib.parse import urlencode

import pyarrow.parquet as pq
import pytest
from sample_parameters import QUERY_PARAMETERS
from visitor import People, Visitor, Work, indian_file, indian_sale

from portal.file_responses import TABLES
from portal.list_view import PER_PAGE
from tillstream.analytics import queries, query_catalogue
from tillstream.analytics.filters import Filters
from tillstream.app import App
from tillstream.model.columns import PERSONAL
from tillstream.model.people import UNRESTRICTED
from tillstream.model.permissions import Role

SHARED = True


def sell(admin: Visitor, work: Work) -> None:
    admin.upload(
        indian_file(
            indian_sale("1", "100.10", date="03-05-2026 10:00"),
            indian_sale("2", "20.00", date="03-06-2026 10:00", customer="C2").replace("Kettle", "=HYPERLINK()"),
            indian_sale("3", "300.30", date="04-06-2026 10:00").replace("Completed", "Cancelled"),
        )
    )
    work()


def order(page: str) -> list[str]:
    """The sales in the order in which they stand."""
    return re.findall(r'<th scope="row"[^>]*><a [^>]+>(MUM01/\d+)</a></th>', page)


def exported(visitor: Visitor, query: str = "") -> list[dict[str, str]]:
    answer = visitor.get(f"/sale-lines/export?{query}")
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"), newline="")))


def test_the_list_is_newest_first_and_shows_its_total(sold: Visitor) -> None:
    page = sold.get("/sale-lines").text
    assert order(page) == ["MUM01/3", "MUM01/2", "MUM01/1"]
    assert "3 sale lines" in page
    assert "120.10" in page  # the cancelled one is in no sum


@pytest.mark.parametrize(
    ("query", "sales"),
    [
        ("sort=net_amount", ["2", "1", "3"]),
        ("sort=-net_amount", ["3", "1", "2"]),
        ("sort=sale_date", ["1", "2", "3"]),
        ("sort=sale_id", ["1", "2", "3"]),
        ("sort=-sale_id", ["3", "2", "1"]),
        ("sort=nonsense", ["3", "2", "1"]),
        ("q=hyperlink", ["2"]),
        ("q=MUM01%2F3", ["3"]),
        ("q=C2", ["2"]),
        ("status=completed&sort=sale_id", ["1", "2"]),
        ("from=2026-06-01&to=2026-06-03", ["2"]),
        ("preset=last-month", ["3", "2"]),
        ("q=nothing+like+it", []),
    ],
)
def test_sort_search_and_filters_are_in_the_address(sold: Visitor, query: str, sales: list[str]) -> None:
    page = sold.get(f"/sale-lines?{query}")
    assert page.status_code == 200
    assert order(page.text) == [f"MUM01/{number}" for number in sales]
    if "sort" not in query:
        assert {row["sale_id"] for row in exported(sold, query)} == {f"MUM01/{number}" for number in sales}


def test_pages_follow_each_other_without_gap(person: People, work: Work) -> None:
    admin = person(Role.ADMIN)
    count = PER_PAGE + 7
    admin.upload(indian_file(*(indian_sale(f"{number:03}", f"{number % 5}.50") for number in range(count))))
    work()
    for sort in ("sale_id", "-net_amount", "-sale_date", "product_name"):
        first, second = (order(admin.get(f"/sale-lines?sort={sort}&page={page}").text) for page in (1, 2))
        assert (len(first), len(second)) == (PER_PAGE, 7)
        assert len({*first, *second}) == count


def test_columns_are_chosen_in_the_address(sold: Visitor) -> None:
    page = sold.get("/sale-lines?column=discount&column=tax&column=no-such").text
    heads = page.split('aria-label="Sale lines"')[-1].split("<thead>")[1].split("</thead>")[0]
    assert "Discount" in heads
    assert "Tax" in heads
    assert "Product" not in heads


def test_an_export_holds_every_column_and_no_formula(sold: Visitor) -> None:
    rows = exported(sold)
    by_sale = {row["sale_id"]: row for row in rows}
    assert by_sale["MUM01/2"]["product_name"] == "'=HYPERLINK()"
    assert (by_sale["MUM01/2"]["net_amount"], by_sale["MUM01/1"]["discount"]) == ("20", "0")
    assert by_sale["MUM01/1"]["line_number"] == "2"
    assert by_sale["MUM01/1"]["customer_name"] == "Asha Rao"
    lines = [json.loads(line) for line in sold.get("/sale-lines/export?format=jsonl").text.splitlines()]
    assert sorted(line["net_amount"] for line in lines) == ["100.1", "20", "300.3"]
    table = pq.read_table(io.BytesIO(sold.get("/sale-lines/export?format=parquet").data))
    assert sum(table.column("net_amount").to_pylist()) == Decimal("420.4")
    assert table.column_names == list(rows[0])


def test_the_file_name_of_an_export_contains_its_filters(sold: Visitor) -> None:
    answer = sold.get("/sale-lines/export?region=IN&from=2026-06-01&q=kettle")
    assert answer.headers["Content-Disposition"] == (
        "attachment; filename=sale-lines_region-IN_from-2026-06-01_search-kettle.csv"
    )
    assert sold.get("/sale-lines/export?format=exe").status_code == 422
    assert sold.get("/sale-lines/export?q=nothing-at-all").data.count(b"\n") == 1  # the names of the columns


def test_lists_and_searches_are_limited_to_the_scope(sold: Visitor, person: People) -> None:
    clerk = person(Role.CLERK, "UK")
    assert "No sales yet" in clerk.get("/sale-lines").text
    assert exported(clerk) == []
    own = person(Role.SALESPERSON, "IN", login="two", salesperson="S2")
    assert exported(own) == []
    analyst = person(Role.ANALYST)
    page = analyst.get("/sale-lines?column=customer_name&column=sale_id").text
    assert "Asha" not in page
    assert not set(exported(analyst)[0]) & PERSONAL
    for text in ("asha", "C2", "S1"):
        assert "No sale line matches" in analyst.get(f"/sale-lines?q={text}").text
        assert exported(analyst, f"q={text}&personal=1") == []


def test_a_line_leads_to_the_line_of_the_file(sold: Visitor) -> None:
    href = sold.get("/sale-lines?q=MUM01/2").text.partition("/lines/")[0].rpartition('"')[2]
    page = sold.get(f"{href}/lines/3").text
    assert "Exactly as in the file" in page
    assert "=HYPERLINK()" in page
    assert 'aria-current="true"' in page
    assert sold.get(f"{href}/lines/99").status_code == 404


def test_the_line_of_a_file_is_for_who_sees_its_uploads(sold: Visitor, person: People) -> None:
    batch = sold.get("/api/uploads").get_json()["uploads"][0]["batch_id"]
    assert sold.get(f"/uploads/{batch}/lines/2").status_code == 200
    assert person(Role.CLERK, "UK").get(f"/uploads/{batch}/lines/2").status_code == 404
    for role in (Role.ANALYST, Role.SALESPERSON):
        assert person(role).get(f"/uploads/{batch}/lines/2").status_code == 403
    assert "/lines/" not in person(Role.ANALYST, login="another").get("/sale-lines").text


@pytest.mark.parametrize("table", TABLES)
def test_every_table_of_the_dashboards_can_be_taken_along(app: App, sold: Visitor, table: str) -> None:
    needed = {
        one.name: QUERY_PARAMETERS[one.name]
        for one in query_catalogue.describe_query(table).parameters
        if one.default is None
    }
    answer = sold.get(f"/tables/{table}?{urlencode(needed)}&from=2026-06-01&to=2026-06-30")
    assert answer.status_code == 200
    name = answer.headers["Content-Disposition"]
    assert f"filename={table}_in-INR" in name
    assert all(part in name for part in ("from-2026-06-01", "to-2026-06-30"))
    june = Filters.parse({"from": "2026-06-01", "to": "2026-06-30"})
    expected = queries.run_query(app.ports.warehouse, table, UNRESTRICTED, june, **needed)
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"), newline="")))
    assert rows[0] == expected.column_names + ["on_order"] * (table == "stock-levels")
    assert len(rows) == expected.num_rows + 1
    if table in {"kpis", "headline"}:
        assert rows[1][rows[0].index("revenue")] == "20"


def test_a_table_accepts_the_parameters_of_its_query(sold: Visitor) -> None:
    answer = sold.get("/tables/sales-over-time?period=daily&region=IN")
    assert "sales-over-time_in-INR_period-daily_region-IN.csv" in answer.headers["Content-Disposition"]
    assert answer.data.count(b"\n") == 4
    assert sold.get("/tables/sales-over-time?period=hourly").status_code == 422
    assert sold.get("/tables/changes").status_code == 404


def test_an_analyst_takes_no_person_along(sold: Visitor, person: People) -> None:
    analyst = person(Role.ANALYST)
    assert analyst.get("/tables/salespeople").status_code == 403
    assert analyst.get("/tables/top-customers").status_code == 403
    assert analyst.get("/tables/country-shares").status_code == 200
