"""Stock for programs: levels now and in the past, and movements within the stores of the caller."""

from typing import Any

from shop_steps import People, Shop
from visitor import Visitor

from tillstream.model.permissions import Role
from tillstream.people import personal_tokens
from tillstream.stock import stored_movements

MOVEMENTS = "/api/v1/stock/movements"


def movement(movement_id: str = "c1", quantity: str = "12", **fields: Any) -> dict[str, Any]:
    return {
        "movement_id": movement_id,
        "kind": "count",
        "region": "IN",
        "store_id": "MUM01",
        "stock_date": "2026-06-02",
        "lines": [{"product_id": "P1", "quantity": quantity}],
    } | fields


def post(visitor: Visitor, *movements: dict[str, Any]) -> Any:
    return send(visitor, {"movements": list(movements)})


def send(visitor: Visitor, body: Any) -> Any:
    return visitor.client.post(MOVEMENTS, json=body, headers={"X-CSRFToken": visitor.token()})


def levels(visitor: Visitor, query: str = "") -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = visitor.get(f"/api/stock?{query}").json["rows"]
    return rows


def test_recorded_movements_change_the_stock_at_once_and_only_once(shop: Shop) -> None:
    shop.upload()
    assert post(shop.boss, movement()).json == {"recorded": 1, "repeated": 0}
    assert post(shop.boss, movement()).json == {"recorded": 0, "repeated": 1}
    (level,) = levels(shop.boss)
    assert (level["product"], level["on_hand"], level["status"]) == ("P1", "4", "in-stock")
    conflict = post(shop.boss, movement(quantity="13"))
    assert (conflict.status_code, conflict.json["detail"]) == (409, "The ID c1 belongs to another stock movement.")


def test_levels_are_filtered_sorted_paged_and_of_the_past(shop: Shop) -> None:
    shop.upload()
    post(
        shop.boss,
        movement(lines=[{"product_id": f"P{number}", "quantity": str(number)} for number in range(1, 6)]),
        movement("r1", kind="receipt", stock_date="2026-06-20", lines=[{"product_id": "P2", "quantity": "10"}]),
    )
    assert [row["product"] for row in levels(shop.boss, "status=negative")] == ["P1"]
    assert [row["product"] for row in levels(shop.boss, "text=p3")] == ["P3"]
    assert [row["product"] for row in levels(shop.boss, "sort=product&descending=1&limit=2")] == ["P5", "P4"]
    assert {row["product"]: row["on_hand"] for row in levels(shop.boss, "at=2026-06-10")}["P2"] == "2"
    assert {row["product"]: row["on_hand"] for row in levels(shop.boss, "at=2026-06-30")}["P2"] == "12"
    pages, address = [], "/api/v1/stock?limit=2"
    while address:
        answer = shop.boss.get(address)
        pages += [row["product"] for row in answer.json["rows"]]
        address = answer.headers.get("Link", "").partition(">")[0].removeprefix("<")
    assert sorted(pages) == ["P1", "P2", "P3", "P4", "P5"]
    for wrong in ("at=yesterday", "at=2026-06-01&sort=product", "status=empty", "colour=red"):
        assert shop.boss.get(f"/api/stock?{wrong}").status_code == 422


def test_what_is_wrong_is_named_and_nothing_is_recorded(shop: Shop) -> None:
    good, bad = movement(), movement("c2", lines=[{"product_id": "P1", "quantity": "many"}])
    answer = post(shop.boss, good, bad)
    assert answer.status_code == 422
    assert answer.json["problems"][0]["movement"] == 1
    assert answer.json["problems"][0]["field"] == "lines.0.quantity"
    others = {
        "is in the future": movement(stock_date="2027-01-01"),
        "Choose a reason": movement(kind="write-off"),
        "A transfer needs an ID": movement(kind="transfer-out"),
        "must not be negative": movement(quantity="-1"),
    }
    for words, wrong in others.items():
        problems = post(shop.boss, wrong).json["problems"]
        assert [words in one["detail"] for one in problems] == [True]
    for body in ({"movements": []}, {"movements": [movement(colour="red")]}, [], {}):
        assert send(shop.boss, body).status_code == 422
    assert shop.boss.post(MOVEMENTS, {"movements": "x"}).status_code == 422
    assert stored_movements.all_movements(shop.app.ports) == []


def test_a_manager_of_one_store_sees_and_moves_the_stock_of_that_store(shop: Shop, person: People) -> None:
    post(shop.boss, movement(), movement("c2", store_id="DEL01"))
    own = person(Role.MANAGER, "IN", login="meera", stores=("MUM01",))
    assert [row["store_id"] for row in levels(own)] == ["MUM01"]
    assert [one["movement_id"] for one in own.get(f"{MOVEMENTS}?region=IN&store=MUM01").json["movements"]] == ["c1"]
    for other in ("region=IN&store=DEL01", "region=UK&store=MUM01"):
        assert own.get(f"{MOVEMENTS}?{other}").status_code == 404
    assert own.get(MOVEMENTS).status_code == 422
    denied = post(own, movement("c3"), movement("c4", store_id="DEL01"))
    assert (denied.status_code, "IN/DEL01" in denied.json["detail"]) == (403, True)
    transfer = {"kind": "transfer-in", "reference": "T1", "store_id": "DEL01", "other_store": "MUM01"}
    assert post(own, movement("t1", **transfer)).json["recorded"] == 1
    assert post(person(Role.CLERK, "IN", login="tara"), movement()).status_code == 403
    assert len(stored_movements.all_movements(shop.app.ports)) == 3


def test_a_token_needs_the_right_to_record(shop: Shop) -> None:
    client = shop.anonymous().client
    for right, status in (("numbers", 403), ("stock", 200)):
        token = personal_tokens.issue_personal_token(shop.app.ports, "boss", right, [right], by="boss")[1]
        answer = client.post(MOVEMENTS, json={"movements": [movement()]}, headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == status


def test_costs_are_hidden_from_those_who_may_not_see_them(shop: Shop, person: People) -> None:
    post(shop.boss, movement())
    (level,) = levels(person(Role.SALESPERSON, "IN", login="sam", stores=("MUM01",)))
    assert {"unit_cost", "stock_cost"} & set(level) == set()
    assert {"unit_cost", "stock_cost"} <= set(levels(shop.boss)[0])
