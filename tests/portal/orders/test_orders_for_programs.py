"""Orders over the API: rows, states, pages, costs, and who may read them."""

from order_pages import created, received, sent
from order_steps import KETTLE
from visitor import People, Visitor

from tillstream.app import App
from tillstream.model.permissions import Role
from tillstream.people import personal_tokens


def test_orders_are_listed_by_state_and_page(manager: Visitor) -> None:
    created(manager)
    sent(manager)
    received(manager, sent(manager), {KETTLE: "5"})
    first = manager.get("/api/v1/orders?limit=2")
    assert [one["number"] for one in first.json["orders"]] == ["PO-000003", "PO-000002"]
    assert 'rel="next"' in first.headers["Link"]
    rest = manager.get(f"/api/orders?cursor={first.json['next_cursor']}").json
    assert [one["state"] for one in rest["orders"]] == ["draft"]
    assert rest["next_cursor"] is None
    partly = manager.get("/api/orders?state=partly received&supplier=ACME&region=IN&store=MUM01").json["orders"]
    assert [one["number"] for one in partly] == ["PO-000003"]
    assert manager.get("/api/orders?supplier=SUN").json["orders"] == []
    assert manager.get("/api/orders?state=lost").status_code == 422
    assert manager.get("/api/orders?color=red").status_code == 422


def test_one_order_has_its_lines_and_receipts(manager: Visitor) -> None:
    number = sent(manager)
    received(manager, number, {KETTLE: "5"}, note="left gate")
    order = manager.get(f"/api/v1/orders/{number}").json
    assert order["lines"][1] == {
        "product": "KET", "name": "Kettle", "units": "12", "received": "5", "open": "7", "unit_cost": "4.5",
    }  # fmt: skip
    assert (order["state"], order["cost"], order["currency"]) == ("partly received", "74", "INR")
    assert (order["sent_on"], order["expected_on"], order["closed_on"]) == ("2026-07-01", "2026-07-08", None)
    (receipt,) = order["receipts"]
    assert (receipt["recorded_by"], receipt["note"], receipt["stock_date"]) == ("mira", "left gate", "2026-07-01")
    assert {"product": "KET", "units": "5"} in receipt["lines"]
    assert manager.get("/api/v1/orders/PO-000009").status_code == 404


def test_a_token_of_a_manager_reads_the_orders_of_their_stores(
    manager: Visitor, app: App, person: People, anonymous: Visitor
) -> None:
    number = sent(manager)
    person(Role.MANAGER, "IN", login="dev", stores=("DEL01",))

    def answer(login: str, path: str) -> int:
        token = personal_tokens.issue_personal_token(app.ports, login, "orders", ["numbers"], by=login)[1]
        return anonymous.get(path, headers={"Authorization": f"Bearer {token}"}).status_code

    assert answer("mira", f"/api/v1/orders/{number}") == 200
    assert answer("dev", f"/api/v1/orders/{number}") == 404


def test_a_salesperson_reads_no_costs(manager: Visitor, person: People) -> None:
    number = created(manager)
    seller = person(Role.SALESPERSON, "IN", login="sam")
    order = seller.get(f"/api/v1/orders/{number}").json
    assert "cost" not in order
    assert "unit_cost" not in order["lines"][0]
    assert "cost" not in seller.get("/api/v1/orders").json["orders"][0]
