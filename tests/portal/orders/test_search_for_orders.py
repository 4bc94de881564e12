"""The search of everything: orders by their number, and stores by name or code, within the scope."""

from order_pages import created
from visitor import People, Visitor, Work, indian_file, indian_sale

from tillstream.catalogue import entry_saving, warehouse_mirror
from tillstream.model.permissions import Role
from tillstream.model.product_catalogue import EntryKind, Store


def test_the_number_of_an_order_leads_to_it(manager: Visitor, person: People) -> None:
    number = created(manager)
    for text in (number, "po-1", "PO 1"):
        answer = manager.get("/search", query_string={"q": text})
        assert (answer.status_code, answer.location) == (302, f"/orders/{number}")
    assert "No results" in manager.get("/search?q=PO-2").text
    other = person(Role.MANAGER, "UK", login="uma")
    assert "No results" in other.get(f"/search?q={number}").text


def test_a_store_is_found_by_name_and_code(manager: Visitor, work: Work) -> None:
    link = 'href="/dashboard?store=MUM01&amp;region=IN"'
    assert link not in manager.get("/search?q=mumbai").text, "a store without sales has no numbers"
    manager.upload(indian_file(indian_sale("A1")), "first.csv")
    work()
    for text in ("mumbai", "MUM"):
        page = manager.get(f"/search?q={text}").text
        assert link in page
    assert manager.get("/dashboard?store=MUM01&region=IN").status_code == 200


def test_an_order_is_listed_beside_a_sale_with_its_number(manager: Visitor, work: Work) -> None:
    number = created(manager)
    manager.upload(indian_file(indian_sale("A1").replace("A1", number), indian_sale("A2")), "first.csv")
    work()
    page = manager.get(f"/search?q={number}").text
    assert f'href="/orders/{number}"' in page
    assert f'href="/sales/MUM01/{number}?region=IN"' in page


def test_stores_are_found_that_the_catalogue_lacks_or_has_without_a_name(person: People, work: Work) -> None:
    boss = person(Role.ADMIN, login="boss")
    for store in (Store("IN", "MUM01"), Store("UK", "MUM02", "Northern")):
        entry_saving.save_entry(boss.app.ports, EntryKind.STORE, store, if_version=0, by="boss", regions=("IN", "UK"))
    warehouse_mirror.sync_mirror(boss.app.ports)
    boss.upload(indian_file(*(indian_sale(f"A{at}").replace("MUM01", f"MUM0{at}") for at in (1, 2))), "first.csv")
    work()
    link = 'href="/dashboard?store={}&amp;region={}"'.format
    page = boss.get("/search?q=mum").text
    assert link("MUM01", "IN") in page
    assert link("MUM02", "IN") in page, "it sold, and the catalogue lacks it"
    for text in ("none", "northern"):
        assert "store=MUM0" not in boss.get(f"/search?q={text}").text, "MUM02 of the UK has no sale"
