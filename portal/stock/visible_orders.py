"""The orders of the user: those of their stores, and the number of late ones."""

from decimal import Decimal

from portal.context import ports, scope
from portal.translation import N_, _, ngettext
from tillstream.catalogue.entry_lists import catalogue_entries
from tillstream.model.document_json import decimal_text
from tillstream.model.errors import NotFound
from tillstream.model.permissions import Action
from tillstream.model.product_catalogue import Store, Supplier
from tillstream.stock import order_arrivals, order_lists, purchase_orders
from tillstream.stock.order_arrivals import LeadTime
from tillstream.stock.order_lists import ALL, OPEN
from tillstream.stock.purchase_orders import PurchaseOrder

STATES = N_(
    {
        OPEN: "Open",
        "draft": "Draft",
        "sent": "Sent",
        "late": "Late",
        "partly received": "Partly received",
        "received": "Received",
        "closed": "Closed, not all received",
        "cancelled": "Cancelled",
        ALL: "All",
    }
)
"""Choice of the list → its label."""
TONES = {
    "draft": "", "sent": "busy", "late": "bad", "partly received": "ask", "received": "good", "closed": "",
    "cancelled": "",
}  # fmt: skip
COUNTED = 50
"""Most orders that are looked through, those that were expected first."""


def order_of(number: str) -> PurchaseOrder:
    """The order of a number. Raises `NotFound`, also outside the scope."""
    order = purchase_orders.order_with_number(ports(), number)
    if not order_lists.orders_in_scope(ports(), scope(), [order]):
        raise NotFound(_("There is no order {number}.", number=number))
    return order


def shows_costs() -> bool:
    return scope().may(Action.SEE_COSTS)


def suppliers() -> dict[str, Supplier]:
    """All suppliers by code."""
    return {one.code: one for one in catalogue_entries(ports(), Supplier).values()}


def store_label(order: PurchaseOrder) -> str:
    store = catalogue_entries(ports(), Store).get((order.region, order.store_id))
    return place_label(order.region, order.store_id, store.name if store else "")


def place_label(region: str, store_id: str, name: str) -> str:
    """Mumbai (IN MUM01)."""
    return f"{name} ({region} {store_id})" if name else f"{region} {store_id}"


def lead_time_text(supplier: Supplier | None, learned: LeadTime | None) -> str:
    """The days that count first, with where they come from; then what past orders took, as the comparison.

    Planned with 7 days, as entered for the supplier. Past orders took 5 days; 9 of 10 came within 9 days (12 orders).
    """
    origin = _("as learned from past orders") if learned else _("as usual")
    if supplier and supplier.lead_time_days is not None:
        origin = _("as entered for the supplier")
    words = _("Planned with {days}, {origin}.", days=_days(lead_days(supplier, learned)), origin=origin)
    if not learned:
        return words
    usual = decimal_text(Decimal(repr(learned.median)))
    past = _("Past orders took {usual}; 9 of 10 came within {days} ({orders} orders).")
    usual = f"{usual} {ngettext('day', 'days', 1 if usual == '1' else 2)}"
    return f"{words} {past.format(usual=usual, days=_days(learned.high), orders=learned.orders)}"


def _days(days: int) -> str:
    return ngettext("{number} day", "{number} days", days)


def lead_days(supplier: Supplier | None, learned: LeadTime | None) -> int:
    return order_arrivals.lead_time_days(supplier.lead_time_days if supplier else None, learned)


def late_count() -> int:
    """Number of late orders that the user manages, of the `COUNTED` that were expected first."""
    if not scope().may(Action.MANAGE_STOCK):
        return 0
    late = purchase_orders.orders_expected_before(ports(), ports().clock.now().date(), COUNTED)
    return len(order_lists.orders_in_scope(ports(), scope(), late))
