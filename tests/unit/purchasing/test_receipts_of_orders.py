"""Receipts of purchase orders: partial, repeated, cancelled, of more than was ordered, and what they add to stock."""

from datetime import timedelta
from decimal import Decimal

import pytest
from order_steps import KETTLE, LAMP, TODAY, arrive, draft, sent

from tillstream.model.errors import Conflict, NotFound, Rejected
from tillstream.ports import Ports
from tillstream.stock import order_arrivals, purchase_orders, stored_levels, stored_movements
from tillstream.stock.movements import Movement, MovementKind, MovementLine
from tillstream.stock.purchase_orders import OrderState


def _stock(ports: Ports) -> dict[str, Decimal]:
    rows = ports.warehouse.query("SELECT product, received FROM stock_levels").to_pylist()
    return {row["product"]: row["received"] for row in rows}


def test_an_order_is_received_in_parts_and_closed_when_all_has_arrived(ports: Ports) -> None:
    sent(ports, {KETTLE: 12, LAMP: 2})
    first = arrive(ports, {KETTLE: 5, LAMP: 0}, on=TODAY - timedelta(days=1))
    assert first.missing_units == {KETTLE: 7, LAMP: 2}
    assert first.order.state is OrderState.SENT
    last = arrive(ports, {KETTLE: 7, LAMP: 2}, "receipt-2")
    assert (last.missing_units, last.order.state, last.order.closed_on) == ({}, OrderState.CLOSED, TODAY)
    assert (last.first_arrival, last.last_arrival) == (TODAY - timedelta(days=1), TODAY)


def test_receipts_are_movements_of_the_stock(ports: Ports) -> None:
    count = Movement(
        "count", MovementKind.COUNT, "IN", "MUM01", TODAY - timedelta(days=9), (MovementLine(KETTLE, Decimal(3)),)
    )
    stored_movements.record_movements(ports, [count], by="ana")
    sent(ports, {KETTLE: 12})
    arrive(ports, {KETTLE: 5})
    (level,) = ports.warehouse.query("SELECT product, on_hand FROM stock_levels").to_pylist()
    assert level == {"product": KETTLE, "on_hand": Decimal(8)}
    assert stored_levels.level_differences(ports) == []


def test_a_repeated_receipt_counts_once(ports: Ports) -> None:
    sent(ports, {KETTLE: 12})
    assert arrive(ports, {KETTLE: 5}).received == arrive(ports, {KETTLE: 5}).received == {KETTLE: 5}
    with pytest.raises(Conflict):
        arrive(ports, {KETTLE: 6})


def test_a_cancelled_receipt_is_expected_again(ports: Ports) -> None:
    sent(ports, {KETTLE: 12})
    assert arrive(ports, {KETTLE: 12}).order.state is OrderState.CLOSED
    for _ in range(2):
        after = order_arrivals.cancel_receipt(ports, "receipt-1", by="ana")
        assert (after.order.state, after.open_units, after.received) == (OrderState.SENT, {KETTLE: 12}, {})
        assert after.first_arrival is None
    assert purchase_orders.cancel_order(ports, "order-1", by="ana").state is OrderState.CANCELLED


def test_more_than_was_ordered_may_arrive(ports: Ports) -> None:
    sent(ports, {KETTLE: 12})
    after = arrive(ports, {KETTLE: 15, LAMP: 1})
    assert (after.missing_units, after.order.state) == ({}, OrderState.CLOSED)
    assert after.received == {KETTLE: 15, LAMP: 1}


def test_a_barcode_is_received_as_its_product(ports: Ports) -> None:
    sent(ports, {KETTLE: 12})
    assert arrive(ports, {"8900000000017": 12}).missing_units == {}


def test_what_comes_after_the_order_was_closed_is_received(ports: Ports) -> None:
    sent(ports, {KETTLE: 12})
    purchase_orders.close_order(ports, "order-1", by="ana")
    assert arrive(ports, {KETTLE: 5}).order.state is OrderState.CLOSED


def test_an_order_that_is_not_sent_receives_nothing(ports: Ports) -> None:
    draft(ports, {KETTLE: 12})
    with pytest.raises(Rejected, match="Send it before"):
        arrive(ports, {KETTLE: 12})
    purchase_orders.send_order(ports, "order-1", by="ana")
    with pytest.raises(Rejected, match="Enter the units that arrived"):
        arrive(ports, {KETTLE: 0})
    with pytest.raises(Rejected, match="must not be negative"):
        arrive(ports, {KETTLE: -1})
    with pytest.raises(NotFound):
        arrive(ports, {KETTLE: 1}, order_id="none")
    assert stored_movements.all_movements(ports) == []


def test_a_movement_without_an_order_is_no_receipt_of_one(ports: Ports) -> None:
    receipt = Movement("r", MovementKind.RECEIPT, "IN", "MUM01", TODAY, (MovementLine(KETTLE, Decimal(3)),))
    stored_movements.record_movements(ports, [receipt], by="ana")
    with pytest.raises(NotFound):
        order_arrivals.cancel_receipt(ports, "r", by="ana")
    assert not stored_movements.is_movement_cancelled(ports, "r")
