"""Pages of orders: the form with its scanner, the list, sending, e-mail, documents, and who sees which order."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pypdfium2
import pytest
from order_pages import created, fields, filled, later, received, sent
from order_steps import KETTLE, LAMP, NOW, TODAY, lines
from pydantic import SecretStr
from visitor import People, Visitor

from portal.context import EXTENSION
from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App
from tillstream.model.permissions import Role
from tillstream.records import mail as records_mail
from tillstream.stock import purchase_orders
from tillstream.stock.purchase_orders import OrderLine, OrderState, PurchaseOrder

NEW = "/orders/new?supplier=ACME&place=IN/MUM01"


def stored(app: App, number: str = "PO-000001") -> PurchaseOrder:
    return purchase_orders.order_with_number(app.ports, number)


def test_a_new_order_offers_the_products_of_its_supplier(manager: Visitor, app: App) -> None:
    choices = manager.get("/orders/new").text
    assert "Acme Wholesale" in choices
    assert "Mumbai (IN MUM01)" in choices
    page = manager.get(NEW)
    assert "Packs of 6, at least 12" in page.text
    form = fields(page)
    assert (form["product"], form["unit_cost"]) == ([LAMP, KETTLE], ["10", "4.5"])
    assert manager.post("/orders/new", filled(page, {KETTLE: "12"}, note="Ring twice")).status_code == 303
    order = stored(app)
    assert order.lines == lines({KETTLE: 12})
    assert (order.supplier, order.store_id, order.currency, order.note) == ("ACME", "MUM01", "INR", "Ring twice")
    assert (order.created_by, order.expected_on) == ("mira", None)


def test_a_repeated_form_creates_one_order(manager: Visitor, app: App) -> None:
    form = filled(manager.get(NEW), {KETTLE: "12"})
    assert manager.post("/orders/new", form).location == manager.post("/orders/new", form).location
    assert len(purchase_orders.find_orders(app.ports)) == 1


def test_a_scan_adds_a_pack_and_a_search_offers_what_matches(manager: Visitor) -> None:
    page = manager.post("/orders/new", filled(manager.get(NEW), {}, scan="8900000000017"))
    assert fields(page)["units"] == ["", "6"]
    page = manager.post("/orders/new", filled(page, {}, scan="kettle"))
    assert fields(page)["units"] == ["", "12"]
    page = manager.post("/orders/new", filled(page, {}, scan="e"))
    assert page.text.count('name="add"') == 2
    page = manager.post("/orders/new", filled(page, {}, scan="e", add=LAMP))
    assert fields(page)["units"] == ["1", "12"]
    page = manager.post("/orders/new", filled(page, {}, scan="teapot"))
    assert "no product with the code, barcode or name “teapot”" in page.text
    assert fields(page)["units"] == ["1", "12"]


def test_a_product_of_another_supplier_is_added_with_its_minimum(manager: Visitor) -> None:
    page = manager.get("/orders/new?supplier=SUN&place=IN/MUM01")
    page = manager.post("/orders/new", fields(page) | {"scan": KETTLE})
    form = fields(page)
    assert (form["product"], form["units"], form["unit_cost"]) == ([KETTLE], ["12"], ["4.5"])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"units": ["", ""]}, "Enter the units of at least one product"),
        ({"units": ["many", "1"]}, "Desk lamp: “many” is not a number"),
        ({"units": ["-1", "1"]}, "Desk lamp: enter a number of units above 0"),
        ({"units": ["4006381333931", "1"]}, "Desk lamp: enter a number of units above 0 and below 10,000,000"),
        ({"units": ["1", ""], "unit_cost": ["-1", ""]}, "the unit cost must not be negative"),
        ({"units": ["1", ""], "expected_on": "soon"}, "“soon” is not a date"),
    ],
)
def test_mistakes_are_shown_with_what_was_entered(
    manager: Visitor, app: App, changes: dict[str, object], words: str
) -> None:
    form = fields(manager.get(NEW)) | changes
    answer = manager.post("/orders/new", form)
    assert answer.status_code == 422
    assert words in answer.text
    assert fields(answer)["units"] == form["units"]
    assert purchase_orders.find_orders(app.ports) == []


def test_units_that_are_no_packs_or_too_few_are_pointed_out(manager: Visitor) -> None:
    number = created(manager, {KETTLE: "7"})
    page = manager.get(f"/orders/{number}").text
    assert "Kettle: 7 units are no whole packs of 6." in page
    assert "Kettle: 7 units are fewer than the minimum order of 12." in page


def test_a_draft_is_edited_and_a_conflict_loses_nothing(manager: Visitor, app: App) -> None:
    number = created(manager)
    page = manager.get(f"/orders/{number}/edit")
    changed = filled(page, {KETTLE: "18", LAMP: ""}, expected_on="2026-07-20")
    assert manager.post(f"/orders/{number}/edit", changed).status_code == 303
    assert stored(app).lines == lines({KETTLE: 18})
    assert stored(app).expected_on == date(2026, 7, 20)
    answer = manager.post(f"/orders/{number}/edit", filled(page, {KETTLE: "24"}))
    assert answer.status_code == 409
    assert "Stored now: Kettle: 18." in answer.text
    assert fields(answer)["units"] == ["2", "24"]
    assert manager.post(f"/orders/{number}/edit", fields(answer)).status_code == 303
    assert stored(app).lines == lines({LAMP: 2, KETTLE: 24})


def test_a_sent_order_is_expected_after_the_lead_time(manager: Visitor, app: App) -> None:
    number = sent(manager)
    assert (stored(app).state, stored(app).expected_on) == (OrderState.SENT, date(2026, 7, 8))
    page = manager.get(f"/orders/{number}").text
    assert "Planned with 7 days, as usual." in page
    assert "Purchase order created" in page
    assert "State: draft → sent" in page
    assert manager.get(f"/orders/{number}/edit").status_code == 422
    assert sent(manager, expected_on="2026-07-03") == "PO-000002"
    assert stored(app, "PO-000002").expected_on == date(2026, 7, 3)


def test_the_lead_time_is_learned_from_what_arrived(manager: Visitor, clock: ManualClock) -> None:
    for _ in range(3):
        number = sent(manager, {KETTLE: "12"})
        later(manager, clock, days=4)
        assert received(manager, number).status_code == 303
    page = manager.get("/orders?state=all").text
    words = "Planned with 4 days, as learned from past orders. Past orders took 4 days; 9 of 10 came within 4 days"
    assert page.count(words) == 3


def test_an_order_is_mailed_to_its_supplier_once(manager: Visitor, app: App) -> None:
    flask = manager.client.application
    settings = app.settings.model_copy(update={"smtp_url": SecretStr("smtp://mail.example.com")})
    flask.extensions[EXTENSION] = replace(app, settings=settings)
    number = created(manager)
    assert "E-mail the order as PDF to orders@acme.example" in manager.get(f"/orders/{number}").text
    answers = [manager.post(f"/orders/{number}/send", {"email": "yes"}).status_code for _ in range(2)]
    assert answers == [303, 422]
    (mail,) = records_mail.list_mail(app.ports)
    assert (mail.to, mail.subject) == ("orders@acme.example", "Purchase order PO-000001")
    contents: list[bytes] = []
    records_mail.send_due_mail(app.ports, lambda _, content: contents.append(content))
    assert b'filename="PO-000001.pdf"' in contents[0]
    assert b"From: tillstream@mail.example.com" in contents[0]


def test_without_e_mail_an_order_is_only_marked_as_sent(manager: Visitor, app: App) -> None:
    number = created(manager)
    assert manager.post(f"/orders/{number}/send", {"email": "yes"}).status_code == 422
    assert stored(app).state is OrderState.DRAFT
    assert "E-mail the order" not in manager.get(f"/orders/{number}").text


def test_documents_are_downloaded(manager: Visitor) -> None:
    number = sent(manager)
    csv = manager.get(f"/orders/{number}/document.csv")
    assert csv.text.splitlines()[2] == "KET,Kettle,12,6,2,4.5,54"
    assert csv.headers["Content-Disposition"] == "attachment; filename=PO-000001.csv"
    pdf = manager.get(f"/orders/{number}/document.pdf")
    assert "Acme Wholesale" in pypdfium2.PdfDocument(pdf.data)[0].get_textpage().get_text_bounded()
    assert manager.get(f"/orders/{number}/document.xlsx").status_code == 404


def test_the_list_filters_searches_and_sorts(manager: Visitor, clock: ManualClock) -> None:
    created(manager, {LAMP: "1"})
    sent(manager, {KETTLE: "24"}, expected_on="2026-07-01")
    third = sent(manager, {KETTLE: "12"}, expected_on="2026-07-30")
    manager.post(f"/orders/{sent(manager)}/cancel")
    received(manager, third, {KETTLE: "5"})
    later(manager, clock)

    def numbers(query: str) -> list[str]:
        text = manager.get(f"/orders{query}").text
        return [one for one in ("PO-000001", "PO-000002", "PO-000003", "PO-000004") if f">{one}</a>" in text]

    assert numbers("") == ["PO-000001", "PO-000002", "PO-000003"]
    assert numbers("?state=draft") == ["PO-000001"]
    assert numbers("?state=sent") == ["PO-000002", "PO-000003"]
    assert numbers("?state=late") == ["PO-000002"]
    assert numbers("?state=partly+received") == ["PO-000003"]
    assert numbers("?state=cancelled") == ["PO-000004"]
    assert numbers("?state=received") == []
    assert numbers("?q=lamp") == ["PO-000001"]
    assert numbers("?supplier=SUN") == []
    assert numbers("?store=IN/DEL01") == []
    assert numbers("?q=acme+kettle") == ["PO-000002", "PO-000003"]
    page = manager.get("/orders?sort=-cost").text
    assert page.index("PO-000002") < page.index("PO-000003") < page.index("PO-000001")
    assert '<span class="visually-hidden">1 order is late</span>' in page


def test_orders_of_other_stores_do_not_exist_for_a_manager(manager: Visitor, app: App, person: People) -> None:
    number = sent(manager)
    delhi = PurchaseOrder("d", "ACME", "IN", "DEL01", "INR", lines({KETTLE: 6}))
    purchase_orders.create_order(app.ports, delhi, by="ana")
    other = person(Role.MANAGER, "IN", login="dev", stores=("DEL01",))
    assert "PO-000002" in other.get("/orders").text
    assert number not in other.get("/orders").text
    for path in ("", "/edit", "/receive", "/document.pdf"):
        assert other.get(f"/orders/{number}{path}").status_code == 404
    for step in ("send", "close", "reopen", "cancel", "receive", "receipts/cancel", "edit"):
        assert other.post(f"/orders/{number}/{step}").status_code == 404
    assert other.get("/orders/new?supplier=ACME&place=IN/MUM01").status_code == 404
    assert "MUM01" not in other.get("/orders/new").text


@pytest.mark.parametrize("role", [Role.CLERK, Role.SALESPERSON, Role.ANALYST])
def test_other_roles_see_the_orders_of_their_stores_and_change_nothing(
    manager: Visitor, person: People, role: Role
) -> None:
    number = sent(manager)
    received(manager, number, {KETTLE: "5"})
    visitor = person(role, "IN", login="other")
    assert number in visitor.get("/orders").text
    page = visitor.get(f"/orders/{number}").text
    assert "Partly received" in page
    for words in ("New order", "Receive goods", "Cancel receipt", "Close with rest"):
        assert words not in page + visitor.get("/orders").text
    assert ("Unit cost" in page) == (role is not Role.SALESPERSON)
    assert ("unit_cost" in visitor.get(f"/orders/{number}/document.csv").text) == (role is not Role.SALESPERSON)
    assert visitor.get(f"/orders/{number}/receive").status_code == 403
    for step in ("send", "close", "reopen", "cancel", "receive", "receipts/cancel", "edit"):
        assert visitor.post(f"/orders/{number}/{step}").status_code == 403


def test_an_order_for_more_lines_than_fit_on_a_page_is_shown(manager: Visitor, app: App) -> None:
    many = tuple(OrderLine(f"P{number}", f"Product {number}", Decimal(1)) for number in range(1_000))
    purchase_orders.create_order(app.ports, PurchaseOrder("many", "ACME", "IN", "MUM01", "INR", many), by="ana")
    page = manager.get("/orders/PO-000001/edit")
    assert manager.post("/orders/PO-000001/edit", filled(page, {"P7": "9"})).status_code == 303
    assert stored(app).lines[7].units == 9
    assert NOW.date() == TODAY
