"""The orders of the user: those of their stores."""

from datetime import date

from portal.context import ports, scope, tillstream
from portal.orders import texts
from tillstream.catalogue.listing import entries
from tillstream.domain.catalogue.entries import EntryKind, Store, Supplier
from tillstream.domain.purchasing.order import PurchaseOrder
from tillstream.model.errors import NotFound
from tillstream.model.people import Action
from tillstream.purchasing import lead_times, listing, orders
from tillstream.purchasing.lead_times import LeadTime


def order_of(number: str) -> PurchaseOrder:
    """The order of a number. Raises `NotFound`, also outside the scope."""
    order = orders.with_number(ports(), number)
    if not listing.in_scope(ports(), scope(), [order]):
        raise NotFound(texts.no_order(number))
    return order


def shows_costs() -> bool:
    return scope().may(Action.SEE_COSTS)


def suppliers() -> dict[str, Supplier]:
    """All suppliers by code."""
    listed = entries(ports(), EntryKind.SUPPLIER).values()
    return {one.code: one for one in listed if isinstance(one, Supplier)}


def store_names() -> dict[tuple[str, str], str]:
    """Region and store → name, for stores that have one."""
    listed = entries(ports(), EntryKind.STORE).values()
    return {(one.region, one.store_id): one.name for one in listed if isinstance(one, Store) and one.name}


def lead_days(supplier: Supplier | None, learned: LeadTime | None) -> int:
    return lead_times.days(supplier.lead_time_days if supplier else None, learned)


def business_day(region: str, store_id: str) -> date:
    """Today, in a store."""
    contract, now = tillstream().contracts.for_region(region), ports().clock.now()
    return contract.dates.business_day(store_id, now) if contract else now.date()
