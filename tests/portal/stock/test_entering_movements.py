"""Goods received, adjusted, written off, returned and cancelled on the stock pages."""

import re
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import stock_steps
from stock_steps import counted, on_hand, rows, text
from visitor import People, Visitor
from werkzeug.test import TestResponse

from tillstream.app import App
from tillstream.model.permissions import Role
from tillstream.stock import stored_movements

sell = stock_steps.sell
MUMBAI = "IN/MUM01"


def movement_id(visitor: Visitor, form: str) -> str:
    match = re.search(r'name="movement" value="(\w+)"', visitor.get(f"/stock/new/{form}?store={MUMBAI}").text)
    assert match
    return match[1]


def send(visitor: Visitor, form: str, lines: dict[str, str], **fields: Any) -> TestResponse:
    cells = {"store": MUMBAI, "product": list(lines), "quantity": list(lines.values())}
    return visitor.post(f"/stock/new/{form}", {"movement": movement_id(visitor, form)} | cells | fields)


@pytest.fixture
def boss(sold: Visitor, app: App) -> Visitor:
    """An administrator; 10 kettles are left in Mumbai."""
    counted(app, date(2026, 6, 30), "MUM01", {"KET": 10, "POT": 5})
    return sold


def test_goods_are_received_by_barcode_alias_and_name(boss: Visitor, app: App) -> None:
    answer = send(boss, "receive", {"4006381333931": "12", "pot": "3"}, reference="PO-7")
    assert answer.status_code == 303
    assert on_hand(app, "KET") == 22
    assert on_hand(app, "POT") == 8
    page = text(boss.get(answer.location).text)
    assert "Recorded: Received, 2 products, 15 units." in page
    assert "PO-7" in page
    assert "Received 2 products, 15 units PO-7" in rows(boss.get(f"/stock/movements?store={MUMBAI}"))[0]


def test_a_form_that_is_sent_twice_is_recorded_once(boss: Visitor, app: App) -> None:
    form = {"store": MUMBAI, "movement": movement_id(boss, "receive"), "product": ["KET"], "quantity": ["5"]}
    first = boss.post("/stock/new/receive", form)
    app.ports.clock.sleep(2)
    assert boss.post("/stock/new/receive", form).location == first.location
    assert on_hand(app, "KET") == 15
    assert "recorded before" in boss.post("/stock/new/receive", form | {"quantity": ["6"]}).text
    assert on_hand(app, "KET") == 15


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ({"KET": "2", "4711": "1"}, "Line 2: There is no product “4711”"),
        ({"KET": "many"}, "Line 1: “many” is not a number."),
        ({"": "2"}, "Line 1: Enter a product."),
        ({"KET": "-2"}, "must not be negative"),
        ({}, "at least one product"),
    ],
)
def test_a_line_that_cannot_be_recorded_is_named_and_nothing_is_lost(
    boss: Visitor, app: App, lines: dict[str, str], problem: str
) -> None:
    answer = send(boss, "receive", lines, note="by van")
    assert answer.status_code == 422
    assert problem in text(answer.text)
    assert 'value="by van"' in answer.text
    assert on_hand(app, "KET") == 10


@pytest.mark.parametrize(
    ("form", "quantity", "fields", "left"),
    [
        ("adjust", "-3", {"reason": "theft"}, 7),
        ("adjust", "2", {"reason": "found"}, 12),
        ("write-off", "4", {"reason": "damaged"}, 6),
        ("return", "1", {"reference": "PO-7"}, 9),
    ],
)
def test_each_form_changes_the_stock(
    boss: Visitor, app: App, form: str, quantity: str, fields: dict[str, str], left: int
) -> None:
    assert send(boss, form, {"KET": quantity}, **fields).status_code == 303
    assert on_hand(app, "KET") == Decimal(left)


def test_a_write_off_needs_a_reason(boss: Visitor) -> None:
    answer = send(boss, "write-off", {"KET": "1"})
    assert answer.status_code == 422
    assert "Choose a reason" in text(answer.text)


def test_a_day_in_the_future_is_refused(boss: Visitor) -> None:
    assert "in the future" in send(boss, "receive", {"KET": "1"}, day="2026-07-02").text


def test_goods_of_a_day_before_the_last_count_change_nothing(boss: Visitor, app: App) -> None:
    send(boss, "receive", {"KET": "100"}, day="2026-06-29")
    assert on_hand(app, "KET") == 10


def test_an_undone_movement_no_longer_counts(boss: Visitor, app: App) -> None:
    page = send(boss, "receive", {"KET": "100"}).location
    movement = page.partition("id=")[2]
    assert boss.post("/stock/movement/cancel", {"id": movement}).status_code == 303
    assert on_hand(app, "KET") == 10
    assert "Undone" in rows(boss.get(f"/stock/movements?store={MUMBAI}"))[0]
    assert "no longer counts" in text(boss.get(page).text)


def test_products_are_looked_up_for_the_scanner(boss: Visitor) -> None:
    def names(query: str) -> list[str]:
        answer = boss.get(f"/stock/products.json?store={MUMBAI}&q={query}").get_json()
        return [one["code"] for one in answer["products"]]

    assert names("4006381333931") == ["KET"]
    assert sorted(names("p")) == ["PAN", "POT"]
    assert names("4711") == []


def test_a_manager_changes_only_their_stores(boss: Visitor, person: People, app: App) -> None:
    manager = person(Role.MANAGER, "IN", stores=("DEL02",))
    form = {"store": MUMBAI, "movement": "m1", "product": ["KET"], "quantity": ["5"]}
    assert manager.post("/stock/new/receive", form).status_code == 404
    (count,) = stored_movements.find_movements(app.ports, "IN", "MUM01")
    assert manager.get(f"/stock/movement?id={count.movement.movement_id}").status_code == 404
    assert manager.post("/stock/movement/cancel", {"id": count.movement.movement_id}).status_code == 404
    assert manager.post("/stock/new/receive", form | {"store": "IN/DEL02"}).status_code == 303


@pytest.mark.parametrize("role", [Role.CLERK, Role.SALESPERSON, Role.ANALYST])
def test_others_only_see_stock(boss: Visitor, person: People, role: Role) -> None:
    visitor = person(role)
    page = visitor.get("/stock")
    assert "Kettle" in page.text
    assert "Receive goods" not in page.text
    assert visitor.get("/stock/new/receive").status_code == 403
    assert visitor.get("/stock/movements").status_code == 403
