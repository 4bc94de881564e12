"""Lead times of suppliers, learned from the first arrival of each order."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from statistics import median

from tillstream.domain.purchasing.order import OrderState, TrackedOrder
from tillstream.ports import Ports
from tillstream.purchasing import orders

LATEST = 20
"""Orders of a supplier that count, the newest ones."""
FEWEST = 3
"""Orders from which a lead time is learned."""
NEWEST_ORDERS = 1_000
"""Orders of a state that are read, the newest ones."""
USUAL_DAYS = 7
"""Lead time of a supplier without one."""


@dataclass(frozen=True)
class LeadTime:
    """Days from sending an order to its first arrival. high: nine of ten orders arrive within it (nearest rank).

    late: share of the orders that arrived after their expected day; None if none has one.
    """

    median: float
    high: int
    orders: int
    late: float | None


def learn(tracked: Iterable[TrackedOrder]) -> dict[str, LeadTime]:
    """Return the lead time of each supplier with at least `FEWEST` orders that have begun to arrive."""
    by_supplier: dict[str, list[TrackedOrder]] = {}
    for one in tracked:
        if one.order.sent_on and one.first_arrival and one.first_arrival >= one.order.sent_on:
            by_supplier.setdefault(one.order.supplier, []).append(one)
    return {supplier: _lead_time(arrived) for supplier, arrived in by_supplier.items() if len(arrived) >= FEWEST}


def days(own: Decimal | None, learned: LeadTime | None) -> int:
    """Whole days from an order to its arrival: as entered for the supplier, else learned, else `USUAL_DAYS`."""
    if own is not None:
        return math.ceil(own)
    return math.ceil(learned.median) if learned else USUAL_DAYS


def of_stored(ports: Ports) -> dict[str, LeadTime]:
    """The lead times of all suppliers, learned from the newest stored orders."""
    states = OrderState.SENT, OrderState.CLOSED
    sent = [one for each in states for one in orders.find(ports, each, limit=NEWEST_ORDERS, with_lines=False)]
    return learn(orders.track(ports, sent))


def _lead_time(arrived: list[TrackedOrder]) -> LeadTime:
    newest = sorted(arrived, key=lambda one: (one.order.sent_on, one.order.number))[-LATEST:]
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
