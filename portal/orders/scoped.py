"""The orders of the user: those of their stores."""

from collections.abc import Iterable
from datetime import date

from portal.context import ports, scope, tillstream
from portal.orders import texts
from tillstream.catalogue import listing
from tillstream.catalogue.assignments import is_assigned
from tillstream.domain.catalogue.entries import EntryKind, Store, Supplier
from tillstream.domain.errors import NotFound
from tillstream.domain.people import Action, Scope
from tillstream.domain.purchasing.order import PurchaseOrder
from tillstream.purchasing import lead_times, orders
from tillstream.purchasing.lead_times import LeadTime

LATE_COUNTED = 50
"""Most sent orders that are looked through for the count in the menu, those that were expected first."""


def covers(limit: Scope, region: str, store_id: str) -> bool:
    """Whether a scope includes the orders of a store; they are of no single salesperson."""
    return limit.salesperson is None and is_assigned(ports(), limit, region, store_id)


def own(several: Iterable[PurchaseOrder]) -> list[PurchaseOrder]:
    """Those of the stores of the user."""
    limit = scope()
    places = {(one.region, one.store_id) for one in several}
    covered = {place for place in places if covers(limit, *place)}
    return [one for one in several if (one.region, one.store_id) in covered]


def order_of(number: str) -> PurchaseOrder:
    """The order of a number. Raises `NotFound`, also outside the scope."""
    order = orders.with_number(ports(), number)
    if not covers(scope(), order.region, order.store_id):
        raise NotFound(texts.no_order(number))
    return order


def shows_costs() -> bool:
    return scope().may(Action.SEE_COSTS)


def suppliers() -> dict[str, Supplier]:
    """All suppliers by code."""
    entries = listing.entries(ports(), EntryKind.SUPPLIER).values()
    return {one.code: one for one in entries if isinstance(one, Supplier)}


def store_names() -> dict[tuple[str, str], str]:
    """Region and store → name, for stores that have one."""
    entries = listing.entries(ports(), EntryKind.STORE).values()
    return {(one.region, one.store_id): one.name for one in entries if isinstance(one, Store) and one.name}


def lead_days(supplier: Supplier | None, learned: LeadTime | None) -> int:
    return lead_times.days(supplier.lead_time_days if supplier else None, learned)


def business_day(region: str, store_id: str) -> date:
    """Today, in a store."""
    contract, now = tillstream().contracts.for_region(region), ports().clock.now()
    return contract.dates.business_day(store_id, now) if contract else now.date()


def late_count() -> int:
    """Number of late orders of the user, of the `LATE_COUNTED` that were expected first."""
    late = orders.expected_before(ports(), ports().clock.now().date(), LATE_COUNTED)
    return len(own(late))
