"""The search of everything: orders by their number, and stores by name or code, within the scope."""

from collections.abc import Callable

from order_pages import created
from visitor import Visitor, indian_file, indian_sale

from tillstream.domain.people import Role

People = Callable[..., Visitor]


def test_the_number_of_an_order_leads_to_it(manager: Visitor, person: People) -> None:
    number = created(manager)
    for text in (number, "po-1", "PO 1"):
        answer = manager.get("/search", query_string={"q": text})
        assert (answer.status_code, answer.location) == (302, f"/orders/{number}")
    assert "No results" in manager.get("/search?q=PO-2").text
    other = person(Role.MANAGER, "UK", login="uma")
    assert "No results" in other.get(f"/search?q={number}").text


def test_a_store_is_found_by_name_and_code(manager: Visitor, work: Callable[[], None]) -> None:
    link = 'href="/dashboard?store=MUM01&amp;region=IN"'
    assert link not in manager.get("/search?q=mumbai").text, "a store without sales has no numbers"
    manager.upload(indian_file(indian_sale("A1")), "first.csv")
    work()
    for text in ("mumbai", "MUM"):
        page = manager.get(f"/search?q={text}").text
        assert link in page
    assert manager.get("/dashboard?store=MUM01&region=IN").status_code == 200
