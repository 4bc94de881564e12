"""Arrivals of purchase orders: receipts, and lead times of suppliers that are learned from them."""

import math
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from statistics import median

from tillstream.model.errors import Rejected
from tillstream.ports import Ports
from tillstream.stock import purchase_orders, stored_levels, stored_movements
from tillstream.stock.movements import Movement, MovementKind, MovementLine
from tillstream.stock.purchase_orders import OrderState, TrackedOrder

LATEST_ARRIVALS = 20
"""Orders of a supplier that count, the newest ones."""
FEWEST_ARRIVALS = 3
"""Orders from which a lead time is learned."""
NEWEST_ORDERS = 1_000
"""Orders of a state that are read, the newest ones."""
USUAL_DAYS = 7
"""Lead time of a supplier without one."""


@dataclass(frozen=True)
class OrderReceipt:
    """Goods that arrived for an order.

    movement_id: chosen by the sender, so that a repeated request is one receipt. units: by product; those of 0 did not
    arrive. occurred_at: UTC; None if only the day is recorded.
    """

    movement_id: str
    order_id: str
    units: Mapping[str, Decimal]
    stock_date: date
    occurred_at: datetime | None = None
    note: str = ""


def receive_goods(ports: Ports, receipt: OrderReceipt, *, by: str) -> TrackedOrder:
    """Record a receipt, and close the order if everything has arrived; return the order as it is then.

    Raises `NotFound`, `Conflict`, and `Rejected` for an order that is not sent, or a receipt without units.
    """
    order = purchase_orders.get_order(ports, receipt.order_id)
    if order.state not in {OrderState.SENT, OrderState.CLOSED}:
        raise Rejected(f"{order.number} is {order.state}. Send it before you receive goods for it.")
    lines = tuple(MovementLine(product, units) for product, units in receipt.units.items() if units)
    if not lines:
        raise Rejected("Enter the units that arrived.")
    movement = Movement(
        receipt.movement_id,
        MovementKind.RECEIPT,
        order.region,
        order.store_id,
        receipt.stock_date,
        lines,
        receipt.occurred_at,
        reference=order.order_id,
        note=receipt.note,
    )
    stored_movements.record_movements(ports, [movement], by=by)
    tracked = _tracked_order(ports, order.order_id)
    if tracked.order.state is OrderState.SENT and not tracked.missing_units:
        with suppress(Rejected):  # another request closed it meanwhile
            purchase_orders.close_order(ports, order.order_id, by=by)
        return _tracked_order(ports, order.order_id)
    return tracked


def cancel_receipt(ports: Ports, movement_id: str, *, by: str) -> TrackedOrder:
    """Cancel a receipt, and expect its units again, also of a closed order. Raises `NotFound`, `Rejected`."""
    order = purchase_orders.get_order(ports, stored_movements.get_movement(ports, movement_id).movement.reference)
    stored_movements.cancel_movement(ports, movement_id, by=by)
    if order.state is OrderState.CLOSED:
        with suppress(Rejected):  # another request reopened it meanwhile
            purchase_orders.reopen_order(ports, order.order_id, by=by)
    return _tracked_order(ports, order.order_id)


def _tracked_order(ports: Ports, order_id: str) -> TrackedOrder:
    stored_levels.refresh_levels(ports)
    return purchase_orders.track_orders(ports, [purchase_orders.get_order(ports, order_id)])[0]


@dataclass(frozen=True)
class LeadTime:
    """Days from sending an order to its first arrival. high: nine of ten orders arrive within it (nearest rank).

    late: share of the orders that arrived after their expected day; None if none has one.
    """

    median: float
    high: int
    orders: int
    late: float | None


def learn_lead_times(tracked: Iterable[TrackedOrder]) -> dict[str, LeadTime]:
    """Return the lead time of each supplier with at least `FEWEST_ARRIVALS` orders that have begun to arrive."""
    by_supplier: dict[str, list[TrackedOrder]] = {}
    for one in tracked:
        if one.order.sent_on and one.first_arrival and one.first_arrival >= one.order.sent_on:
            by_supplier.setdefault(one.order.supplier, []).append(one)
    return {
        supplier: _lead_time(arrived) for supplier, arrived in by_supplier.items() if len(arrived) >= FEWEST_ARRIVALS
    }


def lead_time_days(own: Decimal | None, learned: LeadTime | None) -> int:
    """Whole days from an order to its arrival: as entered for the supplier, else learned, else `USUAL_DAYS`."""
    if own is not None:
        return math.ceil(own)
    return math.ceil(learned.median) if learned else USUAL_DAYS


def stored_lead_times(ports: Ports) -> dict[str, LeadTime]:
    """The lead times of all suppliers, learned from the newest stored orders."""
    states = OrderState.SENT, OrderState.CLOSED
    sent = [
        one
        for each in states
        for one in purchase_orders.find_orders(ports, each, limit=NEWEST_ORDERS, with_lines=False)
    ]
    return learn_lead_times(purchase_orders.track_orders(ports, sent))


def _lead_time(arrived: list[TrackedOrder]) -> LeadTime:
    newest = sorted(arrived, key=lambda one: (one.order.sent_on, one.order.number))[-LATEST_ARRIVALS:]
    waits = sorted(
        (one.first_arrival - one.order.sent_on).days for one in newest if one.first_arrival and one.order.sent_on
    )
    due = [one for one in newest if one.order.expected_on]
    late = [
        one for one in due if one.first_arrival and one.order.expected_on and one.first_arrival > one.order.expected_on
    ]
    return LeadTime(
        float(median(waits)), waits[math.ceil(0.9 * len(waits)) - 1], len(waits), len(late) / len(due) if due else None
    )
