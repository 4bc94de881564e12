"""A filter on what does not exist is a slip to be told, not a number of zero."""

import re

import pytest
from visitor import People, Visitor, Work, indian_file, indian_sale

from portal.api.queries import LISTS
from tillstream.model.permissions import Role

SHARED = True


def sell(admin: Visitor, work: Work) -> None:
    second = indian_sale("2", "5.00").replace(",MUM01,", ",DEL01,").replace(",Kitchen,", ",Garden & Yard,")
    admin.upload(indian_file(indian_sale("1", "100.00"), second))
    work()


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("region=Atlantis", "There is no region “Atlantis”; there is IN."),
        ("store=MUM1", "There is no store “MUM1”; there are MUM01, DEL01."),
        ("category=kitchen", "There is no category “kitchen”; there are Kitchen, Garden & Yard."),
        ("country=Nowhere", "There is no country “Nowhere”;"),
        ("channel=fax", "There is no channel “fax”; there is store."),
        ("store=MUM01&store=X1&store=X2", "There is no store “X1”, “X2”; there are"),
    ],
)
def test_the_api_names_the_unknown_value_and_the_known_ones(sold: Visitor, query: str, says: str) -> None:
    for path in ("kpis", *LISTS):
        answer = sold.get(f"/api/{path}?{query}")
        assert (answer.status_code, answer.mimetype) == (400, "application/problem+json")
    assert says in answer.get_json()["detail"]
    assert answer.get_json()["problems"][0].startswith("There is no ")


def test_known_filter_values_are_accepted(sold: Visitor) -> None:
    for query, lines in (("store=MUM01&category=Kitchen&channel=store", 1), ("region=UK", 0), ("product=none", 0)):
        answer = sold.get(f"/api/kpis?{query}")
        assert (answer.status_code, answer.get_json()["lines"]) == (200, lines)


def test_the_page_shows_it_and_links_to_itself_without_the_filter(sold: Visitor) -> None:
    answer = sold.get("/dashboard?preset=last-month&store=MUM01&store=NOWHERE&category=Kitchen")
    assert answer.status_code == 400
    assert "There is no store “NOWHERE”; there are DEL01, MUM01." in answer.text
    match = re.search(r'href="(/dashboard\?[^"]+)">Show without this store<', answer.text)
    assert match
    link = match[1].replace("&amp;", "&")
    assert set(link.partition("?")[2].split("&")) == {"preset=last-month", "store=MUM01", "category=Kitchen"}
    assert sold.get(link).status_code == 200
    alone = sold.get("/dashboard?region=Atlantis").text
    assert re.search(r'href="/dashboard">Show without this region<', alone)


def test_errors_name_no_values_outside_the_scope(sold: Visitor, person: People) -> None:
    manager = person(Role.MANAGER, "UK")
    for query in ("region=IN", "store=MUM01", "category=Kitchen"):
        answer = manager.get(f"/api/kpis?{query}")
        assert answer.status_code == 400
        for secret in ("MUM01,", "DEL01", "Garden", " IN"):
            assert secret not in answer.get_json()["detail"]
    assert "there is UK." in manager.get("/api/kpis?region=IN").get_json()["detail"]


def test_of_many_known_values_the_most_similar_are_listed(person: People, work: Work) -> None:
    admin = person(Role.ADMIN)
    rows = [indian_sale(str(n), "1.00").replace(",Kitchen,", f",Shelf {n:02},") for n in range(1, 31)]
    admin.upload(indian_file(*rows))
    work()
    detail = admin.get("/api/kpis?category=shelf%2027").get_json()["detail"]
    assert "there are Shelf 27, " in detail
    assert detail.endswith("and 22 more.")
