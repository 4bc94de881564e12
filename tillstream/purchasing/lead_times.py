"""Lead times of suppliers, learned from the first arrival of each order."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

from tillstream.domain.purchasing.order import TrackedOrder

LATEST = 20
"""Orders of a supplier that count, the newest ones."""
FEWEST = 3
"""Orders from which a lead time is learned."""


@dataclass(frozen=True)
class LeadTime:
    """Days from sending an order to its first arrival. high: nine of ten orders arrive within it (nearest rank).

    late: share of the orders that arrived after their expected day; None if none has one.
    """

    median: float
    high: int
    orders: int
    late: float | None


def learn(orders: Iterable[TrackedOrder]) -> dict[str, LeadTime]:
    """Return the lead time of each supplier with at least `FEWEST` orders that have begun to arrive."""
    by_supplier: dict[str, list[TrackedOrder]] = {}
    for one in orders:
        if one.order.sent_on and one.first_arrival and one.first_arrival >= one.order.sent_on:
            by_supplier.setdefault(one.order.supplier, []).append(one)
    return {supplier: _lead_time(arrived) for supplier, arrived in by_supplier.items() if len(arrived) >= FEWEST}


def _lead_time(arrived: list[TrackedOrder]) -> LeadTime:
    newest = sorted(arrived, key=lambda one: (one.order.sent_on, one.order.number))[-LATEST:]
    days = sorted(
        (one.first_arrival - one.order.sent_on).days for one in newest if one.first_arrival and one.order.sent_on
    )
    due = [one for one in newest if one.order.expected_on]
    late = [
        one for one in due if one.first_arrival and one.order.expected_on and one.first_arrival > one.order.expected_on
    ]
    return LeadTime(
        float(median(days)), days[math.ceil(0.9 * len(days)) - 1], len(days), len(late) / len(due) if due else None
    )
