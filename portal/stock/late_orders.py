"""The number of late orders of the user, for the menu and the start page."""

from portal.context import ports, scope
from tillstream.model.people import Action
from tillstream.stock import order_lists, purchase_orders

COUNTED = 50
"""Most orders that are looked through, those that were expected first."""


def late_count() -> int:
    """Number of late orders that the user manages, of the `COUNTED` that were expected first."""
    if not scope().may(Action.MANAGE_STOCK):
        return 0
    late = purchase_orders.orders_expected_before(ports(), ports().clock.now().date(), COUNTED)
    return len(order_lists.orders_in_scope(ports(), scope(), late))
