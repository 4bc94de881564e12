"""Receipts of purchase orders: stock movements that name the order."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from tillstream.domain.inventory.movements import Movement, MovementKind, MovementLine
from tillstream.domain.purchasing.order import OrderState, TrackedOrder
from tillstream.inventory import levels, records
from tillstream.model.errors import Rejected
from tillstream.ports import Ports
from tillstream.purchasing import orders


@dataclass(frozen=True)
class Receipt:
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


def receive(ports: Ports, receipt: Receipt, *, by: str) -> TrackedOrder:
    """Record a receipt, and close the order if everything has arrived; return the order as it is then.

    Raises `NotFound`, `Conflict`, and `Rejected` for an order that is not sent, or a receipt without units.
    """
    order = orders.get(ports, receipt.order_id)
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
    records.record(ports, [movement], by=by)
    tracked = _track(ports, order.order_id)
    if tracked.order.state is OrderState.SENT and not tracked.missing_units:
        with suppress(Rejected):  # another request closed it meanwhile
            orders.close(ports, order.order_id, by=by)
        return _track(ports, order.order_id)
    return tracked


def cancel_receipt(ports: Ports, movement_id: str, *, by: str) -> TrackedOrder:
    """Cancel a receipt, and expect its units again, also of a closed order. Raises `NotFound`, `Rejected`."""
    order = orders.get(ports, records.get(ports, movement_id).movement.reference)
    records.cancel(ports, movement_id, by=by)
    if order.state is OrderState.CLOSED:
        with suppress(Rejected):  # another request reopened it meanwhile
            orders.reopen(ports, order.order_id, by=by)
    return _track(ports, order.order_id)


def _track(ports: Ports, order_id: str) -> TrackedOrder:
    levels.refresh(ports)
    return orders.track(ports, [orders.get(ports, order_id)])[0]
