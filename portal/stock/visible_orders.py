"""The orders of the user: those of their stores, and the number of late ones."""

from portal.context import ports, scope
from portal.stock import order_texts
from tillstream.catalogue.entry_lists import catalogue_entries
from tillstream.model.errors import NotFound
from tillstream.model.permissions import Action
from tillstream.model.product_catalogue import Store, Supplier
from tillstream.stock import order_arrivals, order_lists, purchase_orders
from tillstream.stock.order_arrivals import LeadTime
from tillstream.stock.purchase_orders import PurchaseOrder

COUNTED = 50
"""Most orders that are looked through, those that were expected first."""


def order_of(number: str) -> PurchaseOrder:
    """The order of a number. Raises `NotFound`, also outside the scope."""
    order = purchase_orders.order_with_number(ports(), number)
    if not order_lists.orders_in_scope(ports(), scope(), [order]):
        raise NotFound(order_texts.no_order(number))
    return order


def shows_costs() -> bool:
    return scope().may(Action.SEE_COSTS)


def suppliers() -> dict[str, Supplier]:
    """All suppliers by code."""
    return {one.code: one for one in catalogue_entries(ports(), Supplier).values()}


def store_label(order: PurchaseOrder) -> str:
    store = catalogue_entries(ports(), Store).get((order.region, order.store_id))
    return order_texts.store(order.region, order.store_id, store.name if store else "")


def lead_days(supplier: Supplier | None, learned: LeadTime | None) -> int:
    return order_arrivals.lead_time_days(supplier.lead_time_days if supplier else None, learned)


def late_count() -> int:
    """Number of late orders that the user manages, of the `COUNTED` that were expected first."""
    if not scope().may(Action.MANAGE_STOCK):
        return 0
    late = purchase_orders.orders_expected_before(ports(), ports().clock.now().date(), COUNTED)
    return len(order_lists.orders_in_scope(ports(), scope(), late))
