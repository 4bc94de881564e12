"""What concerns a region is changed only by people who see all of it, although people of its stores see it, too."""

import csv
from dataclasses import replace
from io import BytesIO, StringIO

from shop_steps import Shop, alert
from visitor import People, Visitor, indian_file, indian_sale

from tillstream.alerts import records as alerts
from tillstream.alerts.alert import AlertMember
from tillstream.explore import annotations
from tillstream.model.people import UNRESTRICTED
from tillstream.model.permissions import Role
from tillstream.people import accounts

DAY = {"day": "2026-06-01", "text": "Strike"}
MIXED = indian_file(indian_sale("1"), indian_sale("2").replace("MUM01", "PNQ1"))


def region_alert(shop: Shop, store: str | None = None) -> str:
    """An alert about the region IN, or about one of its stores."""
    id_ = alert(shop)
    stored = alerts.stored_alert(shop.app.ports, id_)
    assert stored is not None
    kind = stored.alert.kind
    member = AlertMember(**{**vars(stored.alert.members[0]), "region": "IN", "store": store})
    alerts.save_alert(shop.app.ports, stored, replace(stored.alert, members=(member,), kind=kind), None)
    return id_


def tries_of_alert(shop: Shop, visitor: Visitor, id_: str) -> list[int]:
    form = {"hours": "4"}
    return [visitor.post(f"/alerts/{id_}/{one}", form).status_code for one in ("acknowledge", "snooze")]


def test_an_alert_of_the_region_is_not_changed_for_a_store(shop: Shop, person: People) -> None:
    id_ = region_alert(shop)
    bound, manager = person(Role.MANAGER, "IN", stores=("MUM01",)), person(Role.MANAGER, "IN")
    page = bound.get(f"/alerts/{id_}")
    assert (page.status_code, "Snooze" in page.text) == (200, False)
    assert tries_of_alert(shop, bound, id_) == [403, 403]
    assert "Snooze" in manager.get(f"/alerts/{id_}").text
    assert tries_of_alert(shop, manager, id_) == [303, 303]


def test_an_alert_of_a_store_is_changed_by_its_manager(shop: Shop, person: People) -> None:
    id_ = region_alert(shop, "MUM01")
    assert tries_of_alert(shop, person(Role.MANAGER, "IN", stores=("PNQ1",)), id_) == [404, 404]
    assert tries_of_alert(shop, person(Role.MANAGER, "IN", stores=("MUM01",)), id_) == [303, 303]


def test_an_annotation_of_the_region_is_not_deleted_for_a_store(shop: Shop, person: People) -> None:
    shop.boss.post("/annotations", DAY | {"region": "IN"})
    (one,) = annotations.annotations_between(shop.app.ports, UNRESTRICTED)
    bound = person(Role.MANAGER, "IN", stores=("MUM01",))
    page = bound.get("/annotations").text
    assert ("Strike" in page, "/delete" in page) == (True, False)
    assert bound.post(f"/annotations/{one.id}/delete").status_code == 403
    assert annotations.annotations_between(shop.app.ports, UNRESTRICTED) == [one]
    assert person(Role.MANAGER, "IN").post(f"/annotations/{one.id}/delete").status_code == 303


def test_a_person_of_stores_annotates_these(shop: Shop, person: People) -> None:
    bound, clerk = person(Role.MANAGER, "IN", stores=("MUM01",)), person(Role.CLERK, "IN", stores=("PNQ1",))
    for form in ({"region": "IN"}, {"region": ""}, {"store": "IN/PNQ1"}, {"store": "UK/MUM01"}):
        assert bound.post("/annotations", DAY | form).status_code == 422, form
    assert bound.post("/annotations", DAY | {"store": "IN/MUM01"}).status_code == 303
    (one,) = annotations.annotations_between(shop.app.ports, UNRESTRICTED)
    assert (one.region, one.store) == ("IN", "MUM01")
    assert "Strike" not in clerk.get("/annotations").text
    assert clerk.post(f"/annotations/{one.id}/delete").status_code == 404
    assert bound.post(f"/annotations/{one.id}/delete").status_code == 303


def test_who_is_bound_later_does_not_undo_sales_of_other_stores(shop: Shop, person: People) -> None:
    """The person sees the own file, but no longer decides about it."""
    manager = person(Role.MANAGER, "IN", login="ravi")
    batch = manager.upload(MIXED)
    shop.work()
    accounts.assign_account(shop.app.ports, "ravi", stores=("MUM01",), by="boss")
    page = manager.get(f"/uploads/{batch}")
    assert (page.status_code, f"/uploads/{batch}/undo" in page.text) == (200, False)
    for path in ("undo", "replay", "cancel", "reject", "confirm"):
        assert manager.post(f"/uploads/{batch}/{path}").status_code == 403, path
    assert shop.boss.post(f"/uploads/{batch}/undo").status_code == 303


def test_who_is_bound_does_not_undo_an_accepted_row_of_another_store(shop: Shop, person: People) -> None:
    manager = person(Role.MANAGER, "IN", stores=("MUM01",))
    batch = manager.upload(MIXED)
    shop.work()
    header, row = csv.reader(shop.boss.get(f"/uploads/{batch}/refused.csv").data.decode("utf-8-sig").splitlines())
    row[header.index("_accept")] = "yes"
    accepted = StringIO()
    csv.writer(accepted).writerows([header, row])
    file = (BytesIO(accepted.getvalue().encode()), "refused.csv")
    assert shop.boss.post(f"/uploads/{batch}/fix", {"file": file}).status_code == 303
    shop.work()
    assert manager.post(f"/uploads/{batch}/undo").status_code == 403
    assert shop.boss.post(f"/uploads/{batch}/undo").status_code == 303
