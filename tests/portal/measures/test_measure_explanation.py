"""Why a number is what it is: its words, the uploads in it, what is missing, and nothing of anybody else's."""

import re

import pytest
from visitor import People, Visitor, Work, indian_file, indian_sale

from tillstream.analytics import queries
from tillstream.analytics.measures.definitions import all_measures
from tillstream.app import App
from tillstream.model.people import UNRESTRICTED
from tillstream.model.permissions import Role

NO_FIGURES = {"currency", "as_of"}
SHARED = True


def sell(admin: Visitor, work: Work) -> None:
    june = indian_file(indian_sale("1", "100.10"), indian_sale("2", "two"), indian_sale("3", "3.00"))
    held = admin.upload(june, "june.csv")
    work()
    admin.post(f"/uploads/{held}/confirm")  # held, as so many of its rows are refused
    work()
    admin.upload(indian_file(indian_sale("3", "30.00"), indian_sale("4", "5.00", date="04-06-2026 10:00")), "more.csv")
    work()


def test_every_number_of_the_headline_is_a_measure(app: App) -> None:
    queries_of: dict[str, set[str]] = {}
    for name in ("headline", "customer-counts", "kpis"):
        for column in queries.run_query(app.ports.warehouse, name, UNRESTRICTED).column_names:
            queries_of.setdefault(column, set()).add(name)
    assert set(queries_of) - NO_FIGURES <= set(all_measures())
    for one in all_measures().values():
        assert one.has_query_only or one.query in {"", "growth"} | queries_of.get(one.name, set())
        assert one.query or one.name not in queries_of


@pytest.mark.parametrize("name", all_measures())
def test_each_metric_has_a_definition(sold: Visitor, name: str) -> None:
    page = sold.get(f"/why/{name}?from=2026-06-01&to=2026-06-30")
    assert page.status_code == 200
    one = all_measures()[name]
    assert one.description.endswith(".")
    explanation = sold.get(f"/api/why/{name}").get_json()
    assert explanation["figure"]["definition"] == one.description


def test_the_uploads_of_a_number_add_up_to_it(sold: Visitor) -> None:
    explanation = sold.get("/api/why/revenue").get_json()
    assert explanation["value"] == "135.1"
    by_file = {one["file"]: (one["lines"], one["revenue"]) for one in explanation["uploads"]}
    assert by_file == {"june.csv": (1, "100.1"), "more.csv": (2, "35")}  # more.csv tells sale 3 anew
    page = sold.get("/why/revenue").text
    assert "june.csv" in page
    assert "135.10" in page


def test_filters_and_paging_narrow_the_uploads(sold: Visitor) -> None:
    explanation = sold.get("/api/why/revenue?from=2026-06-04").get_json()
    assert [(one["file"], one["lines"]) for one in explanation["uploads"]] == [("more.csv", 1)]
    assert sold.get("/api/why/revenue?page=2").get_json()["uploads"] == []


def test_held_files_are_shown_as_missing(sold: Visitor) -> None:
    explanation = sold.get("/api/why/revenue").get_json()
    assert [(one["region"], one["refused_rows"]) for one in explanation["missing"]["refused"]] == [("IN", 1)]
    assert "1 row to fix" in " ".join(sold.get("/why/revenue").text.split())
    # its day was read: it is missing in June only
    assert sold.get("/api/why/revenue?from=2026-07-01").get_json()["missing"]["refused"] == []


@pytest.mark.own_home
def test_a_held_file_and_a_late_store_are_shown_as_missing(sold: Visitor, work: Work) -> None:
    sold.upload(indian_file(indian_sale("7", "none"), indian_sale("8", "3.00")), "half.csv")
    later = indian_sale("9", "1.00", date="20-06-2026 10:00").replace("MUM01", "DEL01")
    sold.upload(indian_file(later), "delhi.csv")
    work()
    explanation = sold.get("/api/why/revenue").get_json()
    assert explanation["missing"]["through"] == "2026-06-20"
    assert [(one["name"], one["last_day"]) for one in explanation["missing"]["late"]] == [("MUM01", "2026-06-04")]
    assert explanation["waiting"] == [{"state": "held", "files": 1}]
    assert "half.csv" in sold.get("/why/revenue").text
    assert "1 file to review" in " ".join(sold.get("/why/revenue?region=IN").text.split())


@pytest.mark.own_home
def test_a_margin_names_the_part_of_the_revenue_without_cost(sold: Visitor, work: Work) -> None:
    header = (
        "Sale,Sale Date,Store Code,Operator,Customer No,Customer,SKU,Description,Department,Channel,State,Country,"
        "Units,Price,Cost,Discount,Net,VAT,Gross,Credit For"
    )
    row = "{},0{}/06/2026,LON1,T1,9,Ann Lee,P9,Tea,Food,store,,United Kingdom,1,{},{},0.00,{},0.00,{},"
    sold.upload(
        "\n".join([header, row.format(1, 2, 10, "", 10, 10), row.format(2, 5, 30, 20, 30, 30), ""]).encode(),
        name="UK.csv",
        contract="UK",
    )
    work()
    page = " ".join(re.sub(r"<[^>]+>", "", sold.get("/why/margin?region=UK").text).split())
    assert "The cost of 25.0% of the revenue is not known. This figure includes only the other 75.0%." in page
    assert "is not known" not in sold.get("/why/margin?region=UK&from=2026-06-05").text
    assert "is not known" not in sold.get("/why/revenue?region=UK").text


def test_others_see_their_own_region_only_and_analysts_no_upload(sold: Visitor, person: People) -> None:
    clerk = person(Role.CLERK, "UK")
    explanation = clerk.get("/api/why/revenue").get_json()
    assert (explanation["value"], explanation["uploads"], explanation["missing"]["refused"]) == ("0", [], [])
    analyst = person(Role.ANALYST)
    explanation = analyst.get("/api/why/revenue").get_json()
    assert (explanation["value"], explanation["uploads"]) == ("135.1", None)
    page = analyst.get("/why/revenue").text
    assert "june.csv" not in page
    assert "/uploads/" not in page


def test_an_unknown_figure_is_not_there(sold: Visitor) -> None:
    assert sold.get("/why/profit").status_code == 404


@pytest.mark.parametrize("page", ["0", "-1", "1000001", "2.5", "next", ""])
def test_a_page_that_cannot_be_is_refused_and_not_taken_for_the_first(sold: Visitor, page: str) -> None:
    refused = sold.get(f"/api/why/revenue?page={page}")
    assert refused.status_code == 422
    assert "from 1 to 1000000" in refused.get_json()["detail"]
