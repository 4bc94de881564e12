"""New codes of stores and salespeople, on pages over real sales."""

import re

from visitor import People, Visitor, Work, indian_file, indian_sale
from werkzeug.test import TestResponse

from tillstream.app import App
from tillstream.catalogue import stored_entries
from tillstream.model.permissions import Role
from tillstream.model.product_catalogue import EntryKind, Salesperson, Store

PAGE = "/catalogue/new-codes"
STORES, SELLERS = f"{PAGE}?kind=store", f"{PAGE}?kind=salesperson"


def text(response: TestResponse) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", response.text).split())


def sell(admin: Visitor, work: Work) -> None:
    admin.upload(indian_file(*(indian_sale(str(number)) for number in range(1, 4))))
    work()
    admin.post("/catalogue/stores/save", {"region": "UK", "store_id": "LON", "name": "London", "version": "0"})
    person = {"region": "UK", "salesperson_id": "ANN", "name": "Ann", "version": "0"}
    admin.post("/catalogue/salespeople/save", person)


def test_a_manager_of_the_region_accepts_a_store_and_undoes_it(sold: Visitor, person: People, app: App) -> None:
    manager = person(Role.MANAGER, "IN")
    page = manager.get(STORES)
    assert re.search(r"MUM01 MUM01 IN INR 1 3 ", text(page))
    assert "Merge" not in page.text
    assert manager.post(PAGE, {"answer": "accept store:IN:MUM01"}).location == STORES
    store = stored_entries.get_current_entry(app.ports, EntryKind.STORE, "IN", "MUM01")
    assert isinstance(store, Store)
    assert (store.name, store.currency) == ("MUM01", "INR")
    assert "MUM01 is accepted: the catalogue has it now." in text(manager.get(STORES))
    decided = manager.get(f"{STORES}&state=decided")
    assert "Accepted as MUM01" in text(decided)
    assert "/catalogue/stores/entry?region=IN&amp;store_id=MUM01" in decided.text
    manager.post(f"{PAGE}/undo", {"region": "IN", "code": "MUM01", "kind": "store"})
    assert stored_entries.get_current_entry(app.ports, EntryKind.STORE, "IN", "MUM01") is None
    assert "MUM01 MUM01 IN" in text(manager.get(STORES))


def test_a_salesperson_is_accepted_with_their_stores_or_ignored(sold: Visitor, app: App) -> None:
    (code,) = re.findall(r'name="code" value="(salesperson:[^"]+)"', sold.get(SELLERS).text)
    seller = code.rpartition(":")[2]
    sold.post(PAGE, {"answer": f"ignore {code}"})
    assert "No new codes" in text(sold.get(SELLERS))
    sold.post(f"{PAGE}/undo", {"region": "IN", "code": seller, "kind": "salesperson"})
    sold.post(PAGE, {"answer": "accept", "code": [code]})
    entry = stored_entries.get_current_entry(app.ports, EntryKind.SALESPERSON, "IN", seller)
    assert isinstance(entry, Salesperson)
    assert entry.stores == ("MUM01",)


def test_who_cannot_edit_a_store_does_not_decide_about_it(sold: Visitor, person: People) -> None:
    other = person(Role.MANAGER, "UK", login="uk")
    assert "MUM01" not in text(other.get(STORES))
    assert "These codes are no longer new" in text(other.post(PAGE, {"answer": "accept store:IN:MUM01"}))
    sold.post(PAGE, {"answer": "ignore store:IN:MUM01"})
    undo = {"region": "IN", "code": "MUM01", "kind": "store"}
    assert other.post(f"{PAGE}/undo", undo).status_code == 403
    assert "MUM01" not in text(other.get(f"{STORES}&state=decided"))
    assert "Ignored" in text(sold.get(f"{STORES}&state=decided"))
    assert sold.get(f"{PAGE}?kind=supplier").status_code == 404
    merged = sold.post(
        f"{PAGE}/merge", {"codes": re.findall(r'value="(salesperson:[^"]+)"', sold.get(SELLERS).text)[0]}
    )
    assert merged.status_code == 404


def test_needs_review_counts_codes_of_every_kind_and_leads_to_them(sold: Visitor) -> None:
    page = sold.get("/waiting")
    assert "2 new codes of the sales are not in the catalogue" in text(page)
    assert f'href="{STORES}"' in page.text or f'href="{SELLERS}"' in page.text
    assert "Stores (1) Salespeople (1)" in text(sold.get(PAGE))
    sold.post(PAGE, {"answer": "accept store:IN:MUM01"})
    assert "1 new code of the sales is not in the catalogue" in text(sold.get("/waiting"))
