"""Values that may be mistakes are saved with a notice, on the form and before an import."""

import io
import re

import pytest
from test_new_codes import text
from visitor import People, Visitor

NEW = {"name": "Name", "active": "yes", "version": "0"}
KETTLE = NEW | {"code": "KET", "category": "Kitchen"}


@pytest.fixture
def boss(person: People) -> Visitor:
    return person()


def saved(visitor: Visitor, tab: str, entry: dict[str, str]) -> str:
    """The messages on the page after saving."""
    response = visitor.post(f"/catalogue/{tab}/save", entry)
    assert response.status_code == 303
    page = visitor.get(response.location).text
    return " ".join(re.sub(r"<[^>]*>", " ", page.partition('id="messages"')[2].partition("</div>")[0]).split())


def test_a_supplier_that_the_catalogue_lacks_has_a_notice_if_there_are_suppliers(boss: Visitor) -> None:
    assert "supplier" not in saved(boss, "products", KETTLE | {"supplier": "ACNE"})
    saved(boss, "suppliers", NEW | {"code": "ACME"})
    assert "supplier" not in saved(boss, "products", KETTLE | {"supplier": "ACME", "version": "1"})
    change = KETTLE | {"supplier": "ACNE", "version": "2"}
    assert "The catalogue has no supplier ACNE." in saved(boss, "products", change)
    assert "supplier" not in saved(boss, "products", change | {"version": "3", "name": "Renamed"})


def test_a_promotion_of_an_unknown_category_has_a_notice(boss: Visitor) -> None:
    saved(boss, "products", KETTLE)
    promotion = NEW | {"promotion_id": "P", "category": "Kitchen", "rate": "5%"}
    assert "category" not in saved(boss, "promotions", promotion)
    other = promotion | {"promotion_id": "Q", "category": "Kichen"}
    assert "No product of the catalogue has the category Kichen." in saved(boss, "promotions", other)


def test_an_unknown_country_has_a_notice(boss: Visitor) -> None:
    store = NEW | {"region": "IN", "store_id": "S1"}
    assert "country" not in saved(boss, "stores", store | {"country": "India"})
    assert "country" not in saved(boss, "stores", store | {"country": "IN", "version": "1"})
    wrong = saved(boss, "stores", store | {"country": "Indja", "version": "2"})
    assert "Indja is not the name or code of a country." in wrong


def test_a_code_in_other_capitals_has_a_notice(boss: Visitor) -> None:
    assert "capital" not in saved(boss, "products", KETTLE)
    assert "KET and ket differ only in capital letters: they are two codes." in saved(
        boss, "products", KETTLE | {"code": "ket"}
    )
    assert "capital" not in saved(boss, "products", KETTLE | {"version": "1", "name": "Renamed"})


def test_the_preview_of_an_import_shows_each_notice_once(boss: Visitor) -> None:
    saved(boss, "suppliers", NEW | {"code": "ACME"})
    content = b"code,name,supplier\nKET,Kettle,ACNE\nket,Kettle,ACNE\nPOT,Pot,ACME\n"
    page = text(boss.post("/catalogue/products/import", {"file": (io.BytesIO(content), "a.csv"), "kind": "products"}))
    assert page.count("The catalogue has no supplier ACNE.") == 1
    assert page.count("KET and ket differ only in capital letters") == 1
    assert "Import the file" in page
