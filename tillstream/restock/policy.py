"""Orders up to a level: what is missing, within caps, in whole packs, from the minimum order on, within a budget."""

from dataclasses import dataclass, replace
from enum import IntFlag

import numpy as np

from tillstream.forecasting.models.panel import Floats, Ints
from tillstream.restock.demand import SumDemand
from tillstream.restock.service import level_for_fill, level_for_service, shortage

MOST_WEEKS = 8.0
"""Weeks of cover after a delivery, at most, unless a line has another limit."""


class Limit(IntFlag):
    """What changed the level or the order of a line."""

    NONE = 0
    COVER = 1
    """The level is capped in weeks of cover."""
    SHELF_LIFE = 2
    """The level is capped by what sells within the shelf life."""
    PACK = 4
    """The order is rounded up to whole packs."""
    MINIMUM = 8
    """The order is raised to the minimum order; or it is 0, because the minimum order would exceed a cap."""
    BUDGET = 16
    """The order is deferred: the budget is used for more urgent lines."""


@dataclass(frozen=True)
class Lines:
    """What orders depend on, for products in stores. Each array has the shape (lines,); quantities are in units."""

    demand: SumDemand
    """Over the lead time and the review period."""
    service: Floats
    """Cycle service, or fill rate, that is aimed at, from 0 to 1."""
    lead_days: Ints
    on_hand: Floats
    """May be negative."""
    on_order: Floats
    in_transit: Floats
    """Transfers that were sent and are to arrive."""
    suggested: Floats
    """Units of suggested transfers to the store, less those from it; nobody has sent them."""
    pack: Floats
    """Units of a pack, above 0."""
    minimum: Floats
    """Minimum order of the line; 0: none."""
    shelf_days: Floats
    """Shelf life; infinite: none."""
    most_weeks: Floats
    """Weeks of cover after a delivery, at most."""
    unit_costs: Floats
    """Needed with a budget only."""
    is_fill: bool = False
    """Whether `service` is a fill rate."""

    def at(self, rows: Ints) -> "Lines":
        """Return some of the lines."""
        others = {"demand", "is_fill"}
        arrays = {name: getattr(self, name)[rows] for name in self.__dataclass_fields__ if name not in others}
        return Lines(demand=self.demand.at(rows), is_fill=self.is_fill, **arrays)

    @property
    def review_days(self) -> Ints:
        """Days between two orders."""
        return self.demand.days - self.lead_days

    @property
    def stock(self) -> Floats:
        """Stock on hand, on order and in transit."""
        return self.on_hand + self.on_order + self.in_transit

    @property
    def position(self) -> Floats:
        """Stock on hand, on order and in transit, with suggested transfers."""
        return self.stock + self.suggested


@dataclass(frozen=True)
class Orders:
    """Orders of lines; each array has the shape (lines,)."""

    demanded: Floats
    """Level that reaches the service, without caps."""
    levels: Floats
    """Order-up-to level, with caps."""
    position: Floats
    quantities: Floats
    """Units to order: 0, or whole packs of at least the minimum order."""
    deferred: Floats
    """Units that the budget leaves out."""
    limits: Ints
    """`Limit` of each line."""

    def at(self, rows: Ints) -> "Orders":
        """Return the orders of some lines."""
        return Orders(**{name: getattr(self, name)[rows] for name in self.__dataclass_fields__})


def order(lines: Lines, budget: float | None = None) -> Orders:
    """Return what to order of each line.

    The level is the smallest that reaches the service. It is capped by what is expected to sell in the lead time
    and, after it, in the weeks of cover and in the shelf life. The order is the level less the position, rounded up to
    packs: it exceeds a cap by less than one pack. A minimum order that would exceed a cap by a pack or more is not
    ordered. With a budget in money, see `within_budget`.
    """
    if lines.is_fill:
        demanded = level_for_fill(lines.demand, lines.service, lines.review_days)
    else:
        demanded = level_for_service(lines.demand, lines.service)
    levels, limits = _capped(lines, demanded)
    position = lines.position
    missing = np.maximum(levels - position, 0.0)
    packs = whole_packs(missing, lines.pack)
    quantities = np.where(packs > 0, np.maximum(packs, whole_packs(lines.minimum, lines.pack)), 0.0)
    is_too_much = (quantities > packs) & (position + quantities >= _cap(lines) + lines.pack)
    limits |= np.where(quantities > packs, Limit.MINIMUM, 0)
    limits |= np.where((packs > missing) & (quantities == packs), Limit.PACK, 0)
    quantities = np.where(is_too_much, 0.0, quantities)
    orders = Orders(demanded, levels, position, quantities, np.zeros_like(quantities), limits)
    return orders if budget is None else within_budget(orders, lines, budget)


def within_budget(orders: Orders, lines: Lines, budget: float) -> Orders:
    """Defer the least urgent lines, so that the others cost at most `budget`.

    Lines are ordered by the expected shortage that the order prevents, for its cost; a line that costs more than what
    is left is deferred, and less urgent ones that still fit are ordered. Raises `ValueError` if a line to be ordered
    has no cost.
    """
    ordered = np.flatnonzero(orders.quantities > 0)
    costs = (orders.quantities * lines.unit_costs)[ordered]
    if not np.isfinite(costs).all():
        raise ValueError("A budget needs the cost of every line that is ordered.")
    before, after = orders.position[ordered], (orders.position + orders.quantities)[ordered]
    demand = lines.demand.at(ordered)
    prevented = shortage(demand, before) - shortage(demand, after)
    urgency = prevented / np.maximum(costs, np.finfo(np.float64).tiny)
    left, is_deferred = budget, np.zeros(len(orders.quantities), dtype=bool)
    ranking = np.argsort(-urgency, kind="stable")
    for line, cost in zip(ordered[ranking].tolist(), costs[ranking].tolist(), strict=True):
        if cost <= left:
            left -= cost
        else:
            is_deferred[line] = True
    return replace(
        orders,
        quantities=np.where(is_deferred, 0.0, orders.quantities),
        deferred=np.where(is_deferred, orders.quantities, 0.0),
        limits=orders.limits | np.where(is_deferred, Limit.BUDGET, 0),
    )


def whole_packs(units: Floats, pack: float | Floats) -> Floats:
    """Return units rounded up to whole packs; what exceeds them by a rounding error only is not another pack."""
    return np.asarray(np.ceil(np.round(units / pack, 9)) * pack)


def _capped(lines: Lines, demanded: Floats) -> tuple[Floats, Ints]:
    levels = np.minimum(demanded, _cap(lines))
    limit = np.where(lines.shelf_days < 7 * lines.most_weeks, Limit.SHELF_LIFE, Limit.COVER)
    return levels, np.where(levels < demanded, limit, 0).astype(np.int64)


def _cap(lines: Lines) -> Floats:
    return lines.demand.daily * (lines.lead_days + np.minimum(lines.shelf_days, 7 * lines.most_weeks))
