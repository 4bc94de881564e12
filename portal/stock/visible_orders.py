"""The orders of the user: those of their stores, and the number of late ones."""

from datetime import date

from portal.context import ports, scope, tillstream
from portal.stock import order_texts
from tillstream.catalogue.entry_lists import all_entries
from tillstream.model.errors import NotFound
from tillstream.model.permissions import Action
from tillstream.model.product_catalogue import EntryKind, Store, Supplier
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
    listed = all_entries(ports(), EntryKind.SUPPLIER).values()
    return {one.code: one for one in listed if isinstance(one, Supplier)}


def store_names() -> dict[tuple[str, str], str]:
    """Region and store → name, for stores that have one."""
    listed = all_entries(ports(), EntryKind.STORE).values()
    return {(one.region, one.store_id): one.name for one in listed if isinstance(one, Store) and one.name}


def lead_days(supplier: Supplier | None, learned: LeadTime | None) -> int:
    return order_arrivals.lead_time_days(supplier.lead_time_days if supplier else None, learned)


def business_day(region: str, store_id: str) -> date:
    """Today, in a store."""
    contract, now = tillstream().contracts.for_region(region), ports().clock.now()
    return contract.dates.business_day(store_id, now) if contract else now.date()


def late_count() -> int:
    """Number of late orders that the user manages, of the `COUNTED` that were expected first."""
    if not scope().may(Action.MANAGE_STOCK):
        return 0
    late = purchase_orders.orders_expected_before(ports(), ports().clock.now().date(), COUNTED)
    return len(order_lists.orders_in_scope(ports(), scope(), late))
