"""The sale form's server: who may enter which sales, what it offers, and that a sale counts once."""

import json
from typing import Any

import pytest
from visitor import People, Visitor, Work, indian_file, indian_sale

from tillstream.app import App
from tillstream.model.events import TOPIC_STORE_SALES
from tillstream.model.permissions import Role
from tillstream.people import accounts
from tillstream.ports.bus import Message
from tillstream.records import audit_log

SHARED = True


def sale(number: str = "W-ABC-1", **changes: Any) -> dict[str, Any]:
    line = {
        "line": "1",
        "product_id": "P1",
        "product_name": "Kettle",
        "quantity": "2",
        "unit_price": "50.00",
        "net_amount": "100.00",
    }
    return {
        "schema": "store-sale/1",
        "region": "IN",
        "store_id": "MUM01",
        "number": number,
        "source": "form",
        "sold_at": "2026-07-01T09:00:00+05:30",
        "currency": "INR",
        "salesperson_id": "S1",
        "lines": [line],
    } | changes


def sell(admin: Visitor, work: Work) -> None:
    admin.upload(indian_file(indian_sale("1"), indian_sale("2")))
    work()


def send(visitor: Visitor, *sales: Any) -> list[dict[str, str]]:
    answer = visitor.client.post("/sell/sales", json={"sales": list(sales)}, headers={"X-CSRFToken": visitor.token()})
    assert answer.status_code == 200, answer.text
    results: list[dict[str, str]] = answer.get_json()["results"]
    return results


def revenue(visitor: Visitor) -> str:
    return str(visitor.get("/api/kpis").get_json()["revenue"])


@pytest.mark.own_home
def test_a_sale_counts_once_however_often_it_is_sent(sold: Visitor, person: People, work: Work) -> None:
    seller = person(Role.SALESPERSON, "IN")
    before = revenue(sold)
    for _ in range(3):
        assert send(seller, sale()) == [{"id": "IN/MUM01/W-ABC-1", "status": "accepted", "detail": ""}]
    work()
    assert (before, revenue(sold)) == ("200", "300")
    assert "W-ABC-1" in sold.get("/sales/MUM01/W-ABC-1?region=IN").text


@pytest.mark.own_home
def test_a_correction_replaces_a_sale_and_a_cancelled_one_counts_nothing(
    sold: Visitor, person: People, work: Work
) -> None:
    seller = person(Role.SALESPERSON, "IN")
    corrected = sale(
        lines=[{"line": "1", "product_id": "P1", "quantity": "1", "unit_price": "50", "net_amount": "50"}], version=2
    )
    for message, expected in (
        (sale(), "300"),
        (corrected, "250"),
        (corrected | {"version": 3, "status": "cancelled"}, "200"),
    ):
        assert send(seller, message)[0]["status"] == "accepted"
        work()
        assert revenue(sold) == expected


@pytest.mark.own_home
def test_one_number_cannot_be_two_sales(sold: Visitor, person: People, work: Work) -> None:
    seller = person(Role.SALESPERSON, "IN")
    other = sale(lines=[{"line": "1", "product_id": "P2", "quantity": "1", "unit_price": "7", "net_amount": "7"}])
    first, second, third = send(seller, sale(), other, sale("W-ABC-2"))
    assert (first["status"], second["status"], second["code"], third["status"]) == (
        "accepted",
        "refused",
        "number-taken",
        "accepted",
    )
    assert "W-ABC-1" in second["detail"]
    work()
    assert revenue(sold) == "400"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"salesperson_id": "S2"}, "not-your-name"),
        ({"region": "UK"}, "not-your-store"),
        ({"source": "till"}, "not-a-sale"),
        ({"currency": "rupees"}, "not-a-sale"),
        ({"sold_at": "2026-07-01T09:11:00+00:00"}, "in-the-future"),
        ({"sold_at": "2025-06-29T09:00:00+00:00"}, "too-old"),
        ({"version": 2}, "not-from-form"),
    ],
)
@pytest.mark.usefixtures("sold")
def test_a_sale_that_breaks_a_rule_is_refused_with_the_reason(
    person: People, app: App, changes: dict[str, Any], code: str
) -> None:
    (result,) = send(person(Role.SALESPERSON, "IN"), sale() | changes)
    assert (result["status"], result["code"]) == ("refused", code)
    assert result["detail"]
    assert app.ports.bus.pull("receive", 10) == []


def test_a_message_that_is_no_sale_does_not_stop_the_others(person: People) -> None:
    results = send(person(Role.SALESPERSON, "IN"), None, "x", {"lines": 3}, sale())
    assert [one["status"] for one in results] == ["refused", "refused", "refused", "accepted"]


def test_a_manager_enters_for_salespeople_of_own_stores_only(app: App, portal: Any, person: People) -> None:
    accounts.add_account(
        app.ports, "maya", "M", Role.MANAGER, regions=("IN",), stores=("MUM01",), password="correct horse battery"
    )
    manager = Visitor(portal.test_client())
    manager.sign_in("maya")
    results = send(manager, sale(salesperson_id="S9"), sale(store_id="DEL01"))
    assert [one.get("code", one["status"]) for one in results] == ["accepted", "not-your-store"]


def test_a_salesperson_does_not_change_the_sale_of_another(person: People, app: App) -> None:
    first, second = person(Role.SALESPERSON, "IN"), person(Role.SALESPERSON, "IN", login="ravi", salesperson="S2")
    assert send(first, sale())[0]["status"] == "accepted"
    assert send(second, sale(salesperson_id="S2", version=2))[0]["code"] == "not-your-name"


@pytest.mark.own_home
def test_a_number_of_a_file_or_till_is_not_used_for_another_sale(sold: Visitor, person: People, work: Work) -> None:
    seller = person(Role.SALESPERSON, "IN")
    before = revenue(sold)
    (result,) = send(seller, sale("1"))
    assert (result["status"], result["code"]) == ("refused", "number-taken")
    work()
    assert revenue(sold) == before


@pytest.mark.parametrize("is_first", [True, False])
@pytest.mark.own_home
def test_a_sale_of_the_form_never_replaces_one_of_a_till(
    app: App, sold: Visitor, person: People, work: Work, *, is_first: bool
) -> None:
    line = {"line": "1", "product_id": "P1", "net_amount": "7"}
    till = Message(json.dumps(sale("77", source="till", version=1, lines=[line])).encode())
    for by_form in (is_first, not is_first):
        if by_form:
            assert send(person(Role.SALESPERSON, "IN"), sale("77"))[0]["status"] == "accepted"
        else:
            app.ports.bus.publish(TOPIC_STORE_SALES, [till])
    work()
    assert revenue(sold) == "207"


@pytest.mark.own_home
def test_outcomes_of_the_form_begin_where_the_settled_ones_end(sold: Visitor, person: People, work: Work) -> None:
    seller = person(Role.SALESPERSON, "IN")
    send(seller, sale("W-ABCDEF-1"))
    work()
    since = seller.get("/sell/context.json").get_json()["outcomes_since"]
    send(seller, sale("W-ABCDEF-2"))
    work()
    outcomes = seller.get(f"/api/sales/outcomes?since={since}").get_json()["outcomes"]
    assert [(one["number"], one["outcome"]) for one in outcomes] == [("W-ABCDEF-2", "counted")]


def test_each_sale_leaves_one_entry_with_who_entered_it(person: People, app: App) -> None:
    seller = person(Role.SALESPERSON, "IN", login="ravi")
    send(seller, sale(), sale())
    entries = [one for one in audit_log.find_entries(app.ports, audit_log.AuditFilter()) if one.what == "sale.entered"]
    assert [(one.who, one.subject, one.after["lines"]) for one in entries] == [("ravi", "IN/MUM01/W-ABC-1", 1)]


@pytest.mark.parametrize("body", [None, [], {"sales": 3}, {"sales": [{}] * 101}])
def test_a_body_without_a_list_of_sales_is_refused(sold: Visitor, body: Any) -> None:
    headers = {"X-CSRFToken": sold.token(), "Accept": "application/json", "Content-Type": "application/json"}
    answer = sold.client.post("/sell/sales", data=json.dumps(body), headers=headers)
    assert (answer.status_code, answer.mimetype) == (422, "application/problem+json")


def test_sales_need_the_csrf_token(sold: Visitor) -> None:
    answer = sold.client.post("/sell/sales", json={"sales": [sale()]})
    assert answer.status_code in {400, 403}


def test_a_salesperson_sees_the_products_of_the_store_with_their_usual_price(sold: Visitor, person: People) -> None:
    seller = person(Role.SALESPERSON, "IN", login="ravi", salesperson="S7")
    context = seller.get("/sell/context.json").get_json()
    assert (context["login"], context["salesperson"]) == ("ravi", "S7")
    assert [one["id"] for one in context["salespeople"]["IN"]] == ["S7"]
    mumbai = next(one for one in context["places"] if one["store_id"] == "MUM01")
    assert (mumbai["currency"], mumbai["digits"], mumbai["numbered"], mumbai["sale_prefix"]) == (
        "INR",
        2,
        True,
        "MUM01/",
    )
    assert {one["region"] for one in context["places"]} == {"IN"}
    products = seller.get("/sell/products.json?region=IN&store=MUM01").get_json()["products"]
    assert products == [
        {"code": "P1", "name": "Kettle", "category": "Kitchen", "barcodes": [], "prices": [["", "100"]]}
        | {"usual": True, "uncatalogued": True}
    ]
    assert seller.get("/sell/products.json?region=UK&store=LON1").status_code == 404


def test_the_lines_of_an_earlier_sale_are_shown_for_a_return_without_its_people(sold: Visitor, person: People) -> None:
    seller = person(Role.SALESPERSON, "IN", login="ravi", salesperson="S7")
    earlier = seller.get("/sell/earlier.json?region=IN&store=MUM01&number=2").get_json()
    assert earlier["sale_id"] == "MUM01/2"
    assert [(one["product_id"], one["quantity"], one["net_amount"]) for one in earlier["lines"]] == [("P1", "1", "100")]
    assert not {"customer_name", "salesperson_id", "unit_cost"} & set(earlier["lines"][0])
    assert seller.get("/sell/earlier.json?region=IN&store=MUM01&number=77").status_code == 404


@pytest.mark.own_home
def test_a_return_is_a_sale_of_its_own_with_negative_amounts(sold: Visitor, person: People, work: Work) -> None:
    line = {"line": "1", "product_id": "P1", "quantity": "-1", "unit_price": "100", "net_amount": "-100"}
    message = sale("W-ABC-3", status="returned", returns_sale_id="MUM01/2", lines=[line])
    assert send(person(Role.SALESPERSON, "IN"), message)[0]["status"] == "accepted"
    work()
    assert revenue(sold) == "100"


def test_the_worker_keeps_a_page_without_personal_data(sold: Visitor, person: People) -> None:
    first = person(Role.SALESPERSON, "IN")
    pages = [one.get("/sell/offline").text for one in (first, sold)]
    assert pages[0] == pages[1]
    assert "salesperson-in" not in pages[0]
    code = first.get("/sell/worker.js")
    settings = json.loads(code.text.partition(";\n")[0].partition("= ")[2])
    assert code.headers["Cache-Control"] == "no-cache"
    assert settings["page"] == "/sell/offline"
    for address in settings["files"]:
        assert address in pages[0]
        assert "immutable" in first.get(address).headers["Cache-Control"], address


@pytest.mark.usefixtures("sold")
def test_the_app_can_be_installed(person: People) -> None:
    visitor = person(Role.SALESPERSON, "IN")
    answer = visitor.get("/sell/app.webmanifest")
    manifest = answer.get_json(force=True)
    assert answer.mimetype == "application/manifest+json"
    assert (manifest["start_url"], manifest["scope"], manifest["display"]) == ("/sell/", "/sell/", "standalone")
    for icon in manifest["icons"]:
        assert visitor.get(icon["src"]).status_code == 200
