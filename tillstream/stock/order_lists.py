"""Lists of orders by what people did with them and what arrived, within the scope of a user."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from tillstream.catalogue.entry_lists import is_store_assigned
from tillstream.model.document_json import decimal_text, to_json
from tillstream.model.people import Scope
from tillstream.ports import Ports
from tillstream.stock import purchase_orders
from tillstream.stock.purchase_orders import OrderState, PurchaseOrder, TrackedOrder

NO_UNITS = Decimal(0)
MAX_ORDERS = 1_000
"""Orders of each stored state that are read, the newest ones."""
OPEN, ALL = "open", "all"
STATUSES = ("draft", "sent", "late", "partly received", "received", "closed", "cancelled")
"""What `TrackedOrder.status` returns."""
STORED_STATES: Mapping[str, tuple[OrderState, ...]] = {
    OPEN: (OrderState.DRAFT, OrderState.SENT),
    "draft": (OrderState.DRAFT,),
    "sent": (OrderState.SENT,),
    "late": (OrderState.SENT,),
    "partly received": (OrderState.SENT,),
    "received": (OrderState.SENT, OrderState.CLOSED),
    "closed": (OrderState.CLOSED,),
    "cancelled": (OrderState.CANCELLED,),
    ALL: tuple(OrderState),
}
"""Choice of a list → the stored states of its orders."""


@dataclass(frozen=True)
class OrderFilter:
    """state: a key of `STORED_STATES`. Empty texts match everything."""

    state: str = OPEN
    supplier: str = ""
    region: str = ""
    store_id: str = ""


def list_orders(ports: Ports, scope: Scope, filters: OrderFilter) -> list[TrackedOrder]:
    """The matching orders in the scope, newest first."""
    stored = [
        one
        for state in STORED_STATES[filters.state]
        for one in purchase_orders.find_orders(ports, state, limit=MAX_ORDERS)
    ]
    chosen = {"supplier": filters.supplier, "region": filters.region, "store_id": filters.store_id}
    matching = [
        one for one in stored if all(not value or getattr(one, name) == value for name, value in chosen.items())
    ]
    today = ports.clock.now().date()
    tracked = purchase_orders.track_orders(ports, orders_in_scope(ports, scope, matching))
    listed = [one for one in tracked if _has_state(one, filters.state, today)]
    return sorted(listed, key=lambda one: one.order.number, reverse=True)


def orders_in_scope(ports: Ports, scope: Scope, several: Iterable[PurchaseOrder]) -> list[PurchaseOrder]:
    """The orders of the stores of a scope; those of salespeople are of all sellers there."""
    several, of_stores = list(several), replace(scope, salesperson=None)
    places = {(one.region, one.store_id) for one in several}
    covered = {place for place in places if is_store_assigned(ports, of_stores, *place)}
    return [one for one in several if (one.region, one.store_id) in covered]


def order_row(tracked: TrackedOrder, today: date, *, costs: bool) -> dict[str, Any]:
    """An order as JSON, for programs. costs: whether they may see costs."""
    order = tracked.order
    row = {name: value or None for name, value in to_json(order).items() if name not in {"order_id", "lines"}}
    row |= {"state": tracked.status(today), "note": order.note}
    row["lines"] = [
        {
            "product": line.product,
            "name": line.name,
            "units": decimal_text(line.units),
            "received": decimal_text(tracked.received.get(line.product, NO_UNITS)),
            "open": decimal_text(tracked.open_units.get(line.product, NO_UNITS)),
        }
        | ({"unit_cost": to_json(line.unit_cost) or None} if costs else {})
        for line in order.lines
    ]
    return row | ({"cost": to_json(order.cost) or None} if costs else {})


def _has_state(one: TrackedOrder, state: str, today: date) -> bool:
    """Whether an order is in a list: sent ones stay in it when they are late or partly received."""
    status = one.status(today)
    if state == OPEN:
        return status not in {"received", "closed", "cancelled"}
    if state == "sent":
        return one.order.state is OrderState.SENT and status != "received"
    if state == "partly received":
        return bool(one.received and one.missing_units) and one.order.state is OrderState.SENT
    return state in {ALL, status}
