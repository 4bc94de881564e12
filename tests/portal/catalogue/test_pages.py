"""The catalogue's pages: lists, forms, history, concurrent edits, import with a preview, export, and roles."""

import io
import re
from typing import Any

import pytest
from visitor import People, Visitor
from werkzeug.test import TestResponse

from tillstream.app import App
from tillstream.catalogue import stored_entries
from tillstream.model.permissions import Role

KETTLE = {"code": "KET/1", "name": "Kettle", "category": "Kitchen", "active": "yes", "version": "0"}
ENTRY = "/catalogue/products/entry?code=KET/1"


@pytest.fixture
def boss(person: People) -> Visitor:
    return person()


def text(response: TestResponse) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", response.text).split())


def version(visitor: Visitor, page: str = ENTRY) -> str:
    match = re.search(r'name="version" value="(\d+)"', visitor.get(page).text)
    assert match
    return match[1]


def send(visitor: Visitor, content: str, kind: str = "products", tab: str = "products") -> TestResponse:
    data: dict[str, Any] = {"kind": kind, "file": (io.BytesIO(content.encode()), "list.csv")}
    return visitor.post(f"/catalogue/{tab}/import", data, content_type="multipart/form-data")


def hidden(page: TestResponse) -> dict[str, str]:
    form = page.text.partition("/import/apply")[2].partition("</form>")[0]
    return dict(re.findall(r'name="(\w+)" value="([^"]*)"', form)) | {"csrf_token": ""}


def confirm(visitor: Visitor, page: TestResponse) -> TestResponse:
    values = {name: value for name, value in hidden(page).items() if name != "csrf_token"}
    return visitor.post("/catalogue/products/import/apply", values)


def test_a_product_is_created_listed_and_has_a_history(boss: Visitor, app: App) -> None:
    assert "No products yet" in text(boss.get("/catalogue"))
    response = boss.post("/catalogue/products/save", KETTLE)
    assert (response.status_code, response.location) == (303, ENTRY)
    boss.post("/catalogue/products/save", KETTLE | {"name": "Tea kettle", "version": "1"})
    page = text(boss.get(ENTRY))
    assert "Name Kettle Tea kettle" in page
    assert "admin-all" in page
    assert "Tea kettle KET/1 Kitchen" in text(boss.get("/catalogue?q=tea"))
    assert "No results" in text(boss.get("/catalogue?q=pan"))
    rows = app.ports.warehouse.query(
        "SELECT name, valid_to IS NULL AS open_end FROM catalogue_products ORDER BY open_end"
    )
    assert [tuple(row.values()) for row in rows.to_pylist()] == [("Kettle", False), ("Tea kettle", True)]


def test_a_wrong_value_is_shown_at_its_field_and_nothing_is_lost(boss: Visitor) -> None:
    response = boss.post("/catalogue/products/save", KETTLE | {"pack_size": "many", "supplier": "ACME"})
    assert response.status_code == 422
    assert "Pack size is “many”, which is not a number. Write it as 1234.50." in text(response)
    assert 'value="ACME"' in response.text


def test_a_concurrent_edit_shows_both_values_and_overwrites_nothing(boss: Visitor, app: App) -> None:
    boss.post("/catalogue/products/save", KETTLE)
    boss.post("/catalogue/products/save", KETTLE | {"name": "Tea kettle", "version": "1"})
    response = boss.post("/catalogue/products/save", KETTLE | {"name": "Water kettle", "version": "1"})
    assert response.status_code == 409
    assert 'value="Water kettle"' in response.text
    assert "Stored now: Tea kettle" in text(response)
    product = stored_entries.get_product(app.ports, "KET/1")
    assert product
    assert product.name == "Tea kettle"
    again = re.search(r'name="version" value="(\d+)"', response.text)
    assert again
    boss.post("/catalogue/products/save", KETTLE | {"name": "Water kettle", "version": again[1]})
    assert "Tea kettle Water kettle" in text(boss.get(ENTRY))


def test_a_retired_product_leaves_the_list_of_active_ones(boss: Visitor) -> None:
    boss.post("/catalogue/products/save", KETTLE)
    boss.post("/catalogue/products/save", KETTLE | {"active": "no", "version": "1"})
    assert "KET/1 is saved." in text(boss.get(ENTRY))
    assert "KET/1" not in text(boss.get("/catalogue"))
    assert "Kettle KET/1 Retired" in text(boss.get("/catalogue?state=retired"))


def test_prices_are_added_and_removed(boss: Visitor, app: App) -> None:
    boss.post("/catalogue/products/save", KETTLE)
    row = {"code": "KET/1", "list": "prices", "region": "IN", "amount": "999", "currency": "INR", "version": "1"}
    assert boss.post("/catalogue/products/amounts", row).status_code == 303
    assert "IN from the beginning 999.00 INR" in text(boss.get(ENTRY))
    wrong = boss.post("/catalogue/products/amounts", row | {"amount": "-1", "version": "2"})
    assert wrong.status_code == 422
    assert "Amount is -1; it cannot be below 0." in text(wrong)
    stale = boss.post("/catalogue/products/amounts", {"code": "KET/1", "list": "prices", "remove": "0", "version": "1"})
    assert stale.status_code == 409
    boss.post("/catalogue/products/amounts", {"code": "KET/1", "list": "prices", "remove": "0", "version": "2"})
    product = stored_entries.get_product(app.ports, "KET/1")
    assert product
    assert product.prices == ()


def test_an_import_shows_its_changes_before_it_changes_anything(boss: Visitor, app: App) -> None:
    boss.post("/catalogue/products/save", KETTLE)
    page = send(boss, "code,name,colour\nKET/1,Tea kettle,red\nPAN,Pan,\n")
    assert page.status_code == 200
    shown = text(page)
    assert "1 to add, 1 to change, of 2 rows." in shown
    assert "2 KET/1 Name Kettle Tea kettle" in shown
    assert "Columns that are not read: colour" in shown
    assert stored_entries.get_product(app.ports, "PAN") is None
    assert confirm(boss, page).status_code == 303
    assert stored_entries.get_product(app.ports, "PAN") is not None
    assert "import" in text(boss.get(ENTRY))


def test_an_import_with_mistakes_lists_them_and_cannot_be_applied(boss: Visitor) -> None:
    page = send(boss, "code,name,pack_size\nKET/1,,1\nPAN,Pan,many\n")
    assert page.status_code == 422
    assert "2 problems : nothing can be imported" in text(page)
    assert "2 Name is empty. Enter a value." in text(page)
    assert "Import the file" not in page.text
    assert "no column code" in text(send(boss, "colour\nred\n"))
    assert "Choose a file." in text(boss.post("/catalogue/products/import", {"kind": "products"}))


def test_a_preview_of_an_older_catalogue_is_shown_again(boss: Visitor) -> None:
    page = send(boss, "code,name\nPAN,Pan\n")
    boss.post("/catalogue/products/save", KETTLE)
    again = confirm(boss, page)
    assert again.status_code == 409
    assert "The catalogue was changed since the preview." in text(again)
    assert confirm(boss, again).status_code == 303


def test_a_preview_belongs_to_the_person_who_uploaded_the_file(boss: Visitor, person: People) -> None:
    page = send(boss, "code,name\nPAN,Pan\n")
    other = confirm(person(login="other"), page)
    assert other.status_code == 422
    assert "Upload it again." in text(other)
    assert boss.post("/catalogue/products/import/apply", {"kind": "products", "preview": "../x"}).status_code == 422


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_an_export_is_imported_again_without_changes(boss: Visitor, form: str) -> None:
    boss.post("/catalogue/products/save", KETTLE)
    exported = boss.get(f"/catalogue/products/export/products?format={form}")
    data = {"kind": "products", "file": (io.BytesIO(exported.data), f"products.{form}")}
    page = boss.post("/catalogue/products/import", data, content_type="multipart/form-data")
    assert "The file contains nothing new." in text(page)
    assert boss.get("/catalogue/products/export/products?format=pdf").status_code == 422


def test_regions_are_those_of_the_data_sources_in_use(boss: Visitor) -> None:
    for name in ("IN", "UK"):
        boss.app.contracts.pin(name)
    page = boss.get("/catalogue/regions")
    assert 'href="/data-sources#IN">IN</a>' in page.text
    assert 'id="IN"' in boss.get("/data-sources").text
    assert "upload its first file" in text(page)
    listed = text(boss.get("/catalogue/regions?q=europe/london"))
    assert "UK UK GBP Europe/London" in listed
    assert "Asia/Kolkata" not in listed
    assert "No results" in text(boss.get("/catalogue/regions?q=nowhere"))


@pytest.mark.parametrize("role", [Role.CLERK, Role.SALESPERSON, Role.ANALYST])
def test_other_roles_do_not_see_the_catalogue(person: People, role: Role) -> None:
    visitor = person(role)
    for path in ("/catalogue", "/catalogue/stores", "/catalogue/regions", "/catalogue/products/export/costs"):
        assert visitor.get(path).status_code == 403, path
    assert visitor.post("/catalogue/products/save", KETTLE).status_code == 403
    assert "/catalogue" not in visitor.get("/dashboard").text


def test_a_manager_edits_stores_and_prices_of_own_regions_only(boss: Visitor, person: People, app: App) -> None:
    boss.post("/catalogue/products/save", KETTLE)
    for region, amount in (("*", "4"), ("UK", "5")):
        row = {"code": "KET/1", "list": "costs", "region": region, "amount": amount, "currency": "GBP"}
        assert boss.post("/catalogue/products/amounts", row | {"version": version(boss)}).status_code == 303
    manager = person(Role.MANAGER, "IN")
    page = manager.get(ENTRY)
    assert "An administrator can change these values." in text(page)
    assert "UK from the beginning 5" not in text(page)
    assert b"UK" not in manager.get("/catalogue/products/export/costs").data
    assert manager.post("/catalogue/products/save", KETTLE | {"name": "Mine", "version": "3"}).status_code == 403
    for region, status in (("IN", 303), ("UK", 403), ("*", 403)):
        row = {"code": "KET/1", "list": "prices", "region": region, "amount": "9", "currency": "INR"}
        response = manager.post("/catalogue/products/amounts", row | {"version": version(manager)})
        assert response.status_code == status, region
    store = {"store_id": "S1", "name": "Shop", "active": "yes", "version": "0"}
    assert manager.post("/catalogue/stores/save", store | {"region": "IN"}).status_code == 303
    assert manager.post("/catalogue/stores/save", store | {"region": "UK"}).status_code == 403
    assert boss.post("/catalogue/stores/save", store | {"region": "UK", "store_id": "LON"}).status_code == 303
    assert manager.get("/catalogue/stores/entry?region=UK&store_id=LON").status_code == 404
    assert "LON" not in text(manager.get("/catalogue/stores"))
    assert "You cannot change PAN." in text(send(manager, "code,name\nPAN,Pan\n"))


def test_what_orders_need_is_edited_listed_and_written_to_the_warehouse(boss: Visitor, app: App) -> None:
    needs = {"pack_size": "6", "minimum_order": "12", "shelf_life_days": "30", "minimum_stock": "4"}
    boss.post("/catalogue/products/save", KETTLE | needs)
    boss.post("/catalogue/products/save", KETTLE | needs | {"minimum_stock": "5", "version": "1"})
    assert "Minimum stock 4 5" in text(boss.get(ENTRY))
    supplier = {"code": "ACME", "name": "Acme", "lead_time_days": "3", "review_days": "7", "version": "0"}
    boss.post("/catalogue/suppliers/save", supplier | {"active": "yes"})
    assert "Acme ACME 3 7" in text(boss.get("/catalogue/suppliers"))
    (product,) = app.ports.warehouse.query("SELECT * FROM catalogue_products").to_pylist()
    assert [product[name] for name in needs] == [6, 12, 30, 5]
    (stored,) = app.ports.warehouse.query("SELECT * FROM catalogue_suppliers").to_pylist()
    assert (stored["lead_time_days"], stored["review_days"]) == (3, 7)
    response = send(boss, "code,name,lead_time_days\nACME,Acme,soon\n", "suppliers", "suppliers")
    assert "is “soon”, which is not a number" in text(response)
