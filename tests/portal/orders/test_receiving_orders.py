"""Receiving goods for an order on its page: parts, scans, days and times, and cancelled receipts."""

from datetime import UTC, date, datetime

import pytest
from order_pages import created, fields, filled, later, received, sent
from order_steps import KETTLE, LAMP
from visitor import Visitor

from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App
from tillstream.stock import purchase_orders, stored_movements
from tillstream.stock.movements import Movement
from tillstream.stock.purchase_orders import OrderState, PurchaseOrder


def stored(app: App) -> PurchaseOrder:
    return purchase_orders.order_with_number(app.ports, "PO-000001")


def receipts(app: App) -> list[Movement]:
    """By their day."""
    stored_receipts = stored_movements.movements_with_reference(app.ports, stored(app).order_id)
    return sorted((one.movement for one in stored_receipts), key=lambda one: one.stock_date)


def test_what_is_missing_is_filled_in(manager: Visitor, app: App) -> None:
    number = sent(manager)
    assert fields(manager.get(f"/orders/{number}/receive"))["units"] == ["2", "12"]
    assert received(manager, number, {KETTLE: "5", LAMP: "0"}).status_code == 303
    assert fields(manager.get(f"/orders/{number}/receive"))["units"] == ["2", "7"]
    assert stored(app).state is OrderState.SENT
    answer = received(manager, number)
    assert answer.status_code == 303
    assert stored(app).state is OrderState.CLOSED
    page = manager.get(f"/orders/{number}").text
    assert "PO-000001 is complete" in page
    assert ">Received<" in page
    assert page.count("Cancel receipt<") == 2


def test_a_repeated_form_is_one_receipt(manager: Visitor, app: App) -> None:
    number = sent(manager)
    form = filled(manager.get(f"/orders/{number}/receive"), {KETTLE: "5"})
    for _ in range(2):
        assert manager.post(f"/orders/{number}/receive", form).status_code == 303
    assert len(receipts(app)) == 1


def test_a_scanner_counts_units_and_adds_what_was_not_ordered(manager: Visitor, app: App) -> None:
    number = sent(manager, {KETTLE: "12"})
    page = manager.get(f"/orders/{number}/receive?empty=1")
    assert fields(page)["units"] == [""]
    for code in ("8900000000017", "8900000000017", LAMP):
        page = manager.post(f"/orders/{number}/receive", filled(page, {}, scan=code))
        assert page.status_code == 200
    assert fields(page)["units"] == ["2", "1"]
    assert "not ordered" in page.text
    assert manager.post(f"/orders/{number}/receive", fields(page)).status_code == 303
    (receipt,) = receipts(app)
    assert {line.product_id: line.quantity for line in receipt.lines} == {KETTLE: 2, LAMP: 1}
    shown = manager.get(f"/orders/{number}").text
    assert "not ordered" in shown
    assert "Partly received" in shown


def test_the_time_is_that_of_the_store(manager: Visitor, app: App) -> None:
    number = sent(manager)
    received(manager, number, {KETTLE: "1", LAMP: ""}, day="2026-06-30", time="14:30")
    received(manager, number, {KETTLE: "1", LAMP: ""}, day="2026-06-29", time="")
    received(manager, number, {KETTLE: "1", LAMP: ""}, note="left gate")
    dated, timed, today = receipts(app)
    assert (timed.stock_date, timed.occurred_at) == (date(2026, 6, 30), datetime(2026, 6, 30, 9, 0, tzinfo=UTC))
    assert (dated.stock_date, dated.occurred_at) == (date(2026, 6, 29), None)
    assert (today.stock_date, today.occurred_at) == (date(2026, 7, 1), datetime(2026, 7, 1, 9, 0, tzinfo=UTC))
    assert today.note == "left gate"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"units": ["", ""]}, "Enter the units that arrived"),
        ({"units": ["x", ""]}, "“x” is not a number"),
        ({"units": ["-1", ""]}, "must not be negative"),
        ({"day": "2026-07-02"}, "cannot arrive in the future"),
        ({"time": "23:00"}, "cannot arrive in the future"),
        ({"time": "noon"}, "“noon” is not a time"),
        ({"day": "noon"}, "“noon” is not a date"),
    ],
)
def test_mistakes_record_nothing(manager: Visitor, app: App, changes: dict[str, object], words: str) -> None:
    number = sent(manager)
    answer = manager.post(f"/orders/{number}/receive", fields(manager.get(f"/orders/{number}/receive")) | changes)
    assert answer.status_code == 422
    assert words in answer.text
    assert receipts(app) == []


def test_a_draft_receives_nothing(manager: Visitor) -> None:
    number = created(manager)
    answer = manager.get(f"/orders/{number}/receive")
    assert answer.status_code == 422
    assert "PO-000001 is draft" in answer.text


def test_a_receipt_is_cancelled_and_its_goods_are_expected_again(manager: Visitor, app: App) -> None:
    number = sent(manager)
    received(manager, number)
    (receipt,) = receipts(app)
    assert manager.post(f"/orders/{number}/receipts/cancel", {"movement": receipt.movement_id}).status_code == 303
    assert stored(app).state is OrderState.SENT
    assert receipts(app) == []
    assert manager.post(f"/orders/{number}/receipts/cancel", {"movement": receipt.movement_id}).status_code == 404
    assert fields(manager.get(f"/orders/{number}/receive"))["units"] == ["2", "12"]


def test_a_rest_that_does_not_come_is_closed_and_reopened(manager: Visitor, app: App, clock: ManualClock) -> None:
    number = sent(manager)
    received(manager, number, {KETTLE: "5", LAMP: ""})
    assert manager.post(f"/orders/{number}/cancel").status_code == 422
    assert manager.post(f"/orders/{number}/close").status_code == 303
    assert "Closed, not all received" in manager.get(f"/orders/{number}").text
    assert purchase_orders.units_on_order(app.ports) == {}
    assert manager.post(f"/orders/{number}/reopen").status_code == 303
    later(manager, clock, days=30)
    assert "Late" in manager.get(f"/orders/{number}").text
    assert manager.post(f"/orders/{number}/reopen").status_code == 422
