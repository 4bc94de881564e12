"""Purchase orders: drafts, what people do with them, what they refuse, and their audit entries."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from order_steps import KETTLE, LAMP, TODAY, arrive, draft, lines, sent

from tillstream.adapters.local.clock import ManualClock
from tillstream.model.errors import Conflict, NotFound, Rejected
from tillstream.ports import Ports
from tillstream.records.audit_log import AuditFilter, find_entries
from tillstream.stock import purchase_orders
from tillstream.stock.purchase_orders import OrderLine, OrderState, PurchaseOrder


def test_a_draft_has_the_next_number_and_one_line_for_each_product(ports: Ports) -> None:
    first = purchase_orders.create_order(
        ports, PurchaseOrder("a", "ACME", "IN", "MUM01", "INR", (*lines({KETTLE: 6}), *lines({KETTLE: 12}))), by="ana"
    )
    second = draft(ports, {LAMP: 1}, "b")
    assert (first.number, second.number) == ("PO-000001", "PO-000002")
    assert first.lines == lines({KETTLE: 18})
    assert first.cost == Decimal(81)
    assert (first.state, first.created_by, first.created_on) == (OrderState.DRAFT, "ana", TODAY)
    assert purchase_orders.order_with_number(ports, "po-000002") == second
    assert [one.number for one in purchase_orders.find_orders(ports)] == ["PO-000002", "PO-000001"]


def test_a_repeated_request_creates_one_order(ports: Ports) -> None:
    first = draft(ports, {KETTLE: 6})
    assert draft(ports, {LAMP: 99}) == first
    assert purchase_orders.find_orders(ports) == [first]


@pytest.mark.parametrize(
    ("order", "words"),
    [
        (PurchaseOrder("x", "", "IN", "MUM01", "INR", lines({KETTLE: 1})), "Choose a supplier"),
        (PurchaseOrder("x", "ACME", "IN", "", "INR", lines({KETTLE: 1})), "needs an ID, a region and a store"),
        (PurchaseOrder("x", "ACME", "IN", "MUM01", "INR", ()), "at least one product"),
        (PurchaseOrder("x", "ACME", "IN", "MUM01", "INR", lines({KETTLE: 0})), "Kettle: enter a number of units"),
        (PurchaseOrder("x", "ACME", "IN", "MUM01", "INR", lines({KETTLE: "0.0000000001"})), "above 0"),
        (PurchaseOrder("x", "ACME", "IN", "MUM01", "INR", lines({KETTLE: "NaN"})), "above 0"),
    ],
)
def test_an_invalid_order_is_refused(ports: Ports, order: PurchaseOrder, words: str) -> None:
    with pytest.raises(Rejected, match=words):
        purchase_orders.create_order(ports, order, by="ana")
    assert purchase_orders.find_orders(ports) == []


def test_an_order_has_at_most_a_thousand_lines(ports: Ports) -> None:
    many = tuple(OrderLine(f"P{number}", "P", Decimal(1)) for number in range(1_001))
    with pytest.raises(Rejected, match="at most 1,000 lines"):
        purchase_orders.create_order(ports, PurchaseOrder("x", "ACME", "IN", "MUM01", "INR", many), by="ana")


def test_a_draft_is_edited_and_a_sent_order_is_not(ports: Ports) -> None:
    order = draft(ports, {KETTLE: 6})
    _, version = purchase_orders.get_order_version(ports, order.order_id)
    changed = PurchaseOrder(
        order.order_id, "SUN", "UK", "L1", "GBP", lines({LAMP: 2}), expected_on=TODAY, note="by lorry"
    )
    after = purchase_orders.edit_order(ports, changed, by="bo", version=version)
    assert (after.lines, after.expected_on, after.note) == (lines({LAMP: 2}), TODAY, "by lorry")
    assert (after.supplier, after.store_id, after.number) == ("ACME", "MUM01", order.number)
    with pytest.raises(Conflict):
        purchase_orders.edit_order(ports, order, by="ana", version=version)
    purchase_orders.send_order(ports, order.order_id, by="ana")
    with pytest.raises(Rejected, match="is sent and can no longer be changed"):
        purchase_orders.edit_order(ports, order, by="ana", version=version + 2)


def test_each_state_permits_its_own_steps(ports: Ports) -> None:
    order = draft(ports, {KETTLE: 6})
    for step in (purchase_orders.close_order, purchase_orders.reopen_order):
        with pytest.raises(Rejected, match="PO-000001 is draft"):
            step(ports, order.order_id, by="ana")
    after = purchase_orders.send_order(ports, order.order_id, by="ana", expected_on=TODAY + timedelta(days=7))
    assert (after.state, after.sent_on, after.expected_on) == (OrderState.SENT, TODAY, date(2026, 7, 8))
    with pytest.raises(Rejected, match="is sent"):
        purchase_orders.send_order(ports, order.order_id, by="ana")
    assert purchase_orders.close_order(ports, order.order_id, by="ana").closed_on == TODAY
    with pytest.raises(Rejected, match="is closed"):
        purchase_orders.cancel_order(ports, order.order_id, by="ana")
    assert purchase_orders.reopen_order(ports, order.order_id, by="ana").closed_on is None
    assert purchase_orders.cancel_order(ports, order.order_id, by="ana").state is OrderState.CANCELLED
    with pytest.raises(Rejected, match="is cancelled"):
        purchase_orders.send_order(ports, order.order_id, by="ana")
    with pytest.raises(NotFound):
        purchase_orders.send_order(ports, "none", by="ana")


def test_an_order_is_noted_as_sent_on_an_earlier_day(ports: Ports) -> None:
    draft(ports, {KETTLE: 6})
    yesterday, tomorrow = TODAY - timedelta(days=1), TODAY + timedelta(days=1)
    with pytest.raises(Rejected, match="in the future"):
        purchase_orders.send_order(ports, "order-1", by="ana", sent_on=tomorrow)
    with pytest.raises(Rejected, match="before the day on which it is sent"):
        purchase_orders.send_order(ports, "order-1", by="ana", expected_on=yesterday)
    assert (
        purchase_orders.send_order(ports, "order-1", by="ana", sent_on=yesterday, expected_on=yesterday).sent_on
        == yesterday
    )


def test_an_order_of_which_part_arrived_is_closed_and_not_cancelled(ports: Ports) -> None:
    sent(ports, {KETTLE: 6})
    arrive(ports, {KETTLE: 1})
    with pytest.raises(Rejected, match="Close it instead"):
        purchase_orders.cancel_order(ports, "order-1", by="ana")


def test_the_status_follows_receipts_and_days(ports: Ports, clock: ManualClock) -> None:
    def status() -> str:
        return purchase_orders.track_orders(ports, [purchase_orders.get_order(ports, "order-1")])[0].status(
            clock.now().date()
        )

    draft(ports, {KETTLE: 6})
    assert status() == "draft"
    purchase_orders.send_order(ports, "order-1", by="ana", expected_on=TODAY)
    assert status() == "sent"
    arrive(ports, {KETTLE: 2})
    assert status() == "partly received"
    clock.advance(86_400)
    assert status() == "late"
    purchase_orders.close_order(ports, "order-1", by="ana")
    assert status() == "closed"
    arrive(ports, {KETTLE: 4}, "receipt-2")
    assert status() == "received"


def test_only_sent_orders_are_expected(ports: Ports) -> None:
    draft(ports, {LAMP: 50}, "draft")
    sent(ports, {KETTLE: 12, LAMP: 1}, "a")
    sent(ports, {KETTLE: 6}, "b")
    sent(ports, {KETTLE: 3}, "delhi", store="DEL01")
    sent(ports, {LAMP: 99}, "closed")
    purchase_orders.close_order(ports, "closed", by="ana")
    arrive(ports, {KETTLE: 4}, order_id="a")
    assert purchase_orders.units_on_order(ports) == {
        ("IN", "MUM01", KETTLE): 14,
        ("IN", "MUM01", LAMP): 1,
        ("IN", "DEL01", KETTLE): 3,
    }


def test_changes_are_in_the_audit_log(ports: Ports) -> None:
    sent(ports, {KETTLE: 6})
    departure, creation = find_entries(ports, AuditFilter(subject="order PO-000001"))
    assert (creation.what, creation.who, creation.after["lines"]) == ("order.created", "ana", "KET: 6")
    assert (departure.what, departure.before, departure.after) == (
        "order.changed",
        {"state": "draft"},
        {"sent_on": "2026-07-01", "state": "sent"},
    )
