"""An entry whose code exists is not added: the page says so, and the existing one cannot be overwritten."""

import re

import pytest
from flask import Flask
from test_new_codes import PAGE, sell, text
from visitor import PASSWORD, People, Visitor

from tillstream.app import App
from tillstream.catalogue import stored_entries
from tillstream.model.permissions import Role
from tillstream.model.product_catalogue import EntryKind
from tillstream.people import accounts

__all__ = ["sell"]  # the sales of the fixture `sold`
NEW = {"name": "First", "active": "yes", "version": "0"}
ENTRIES = [
    ("products", EntryKind.PRODUCT, {"code": "KET/1"}, "product KET/1"),
    ("stores", EntryKind.STORE, {"region": "IN", "store_id": "S1"}, "store IN S1"),
    ("salespeople", EntryKind.SALESPERSON, {"region": "IN", "salesperson_id": "E1"}, "salesperson IN E1"),
    ("promotions", EntryKind.PROMOTION, {"promotion_id": "P", "category": "Tea", "rate": "5%"}, "promotion P"),
    ("suppliers", EntryKind.SUPPLIER, {"code": "ACME"}, "supplier ACME"),
]


@pytest.mark.parametrize(("tab", "kind", "key", "words"), ENTRIES, ids=[one[0] for one in ENTRIES])
def test_an_entry_whose_code_exists_is_not_added_however_often_it_is_saved(
    person: People, app: App, tab: str, kind: EntryKind, key: dict[str, str], words: str
) -> None:
    boss = person()
    boss.post(f"/catalogue/{tab}/save", NEW | key)
    boss.post(f"/catalogue/{tab}/save", NEW | key | {"name": "Renamed", "version": "1"})
    page = boss.post(f"/catalogue/{tab}/save", NEW | key | {"name": "Another"})
    assert page.status_code == 409
    assert f"The catalogue already has the {words}, so nothing is saved." in text(page)
    assert "Somebody else" not in page.text
    assert "Renamed" not in page.text
    assert 'value="Another"' in page.text
    address = re.search(r'href="([^"]+)">Open it', page.text)
    assert address
    assert "Renamed" in boss.get(address[1].replace("&amp;", "&")).text
    again = dict(re.findall(r'name="(version)" value="(\d+)"', page.text))
    assert again == {"version": "0"}
    assert boss.post(f"/catalogue/{tab}/save", NEW | key | again | {"name": "Another"}).status_code == 409
    assert [one.entry.name for one in stored_entries.find_entries(app.ports, kind)] == ["Renamed"]


def test_an_existing_entry_of_other_stores_is_named_without_a_link(person: People, app: App, portal: Flask) -> None:
    accounts.add_account(app.ports, "mira", "Mira", Role.MANAGER, regions=("IN",), stores=("MUM01",), password=PASSWORD)
    boss, manager = person(), Visitor(portal.test_client())
    manager.sign_in("mira")
    seller = NEW | {"region": "IN", "salesperson_id": "E1"}
    boss.post("/catalogue/salespeople/save", seller | {"stores": "DEL01"})
    page = manager.post("/catalogue/salespeople/save", seller | {"stores": "MUM01"})
    assert page.status_code == 409
    assert "The catalogue already has the salesperson IN E1" in text(page)
    assert "Open it" not in page.text


def test_a_code_whose_acceptance_was_undone_can_be_added(sold: Visitor) -> None:
    sold.post(PAGE, {"answer": "accept IN:P1"})
    sold.post(f"{PAGE}/undo", {"region": "IN", "code": "P1"})
    assert sold.post("/catalogue/products/save", NEW | {"code": "P1"}).status_code == 303
    assert "First P1" in text(sold.get("/catalogue"))
