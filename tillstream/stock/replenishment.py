"""Replenishment: the service of order-up-to levels, orders up to a level, and transfers between stores before them.

Cycle service is the probability that a cycle ends without a stock-out. Fill rate is the share of the demand that is
served from stock. Demand is piecewise linear between the probabilities of its quantiles, and constant beyond them.
"""

from dataclasses import dataclass, replace
from enum import IntFlag

import numpy as np

from tillstream.forecasting.models.panel import Floats, Ints
from tillstream.stock.product_demand import SumDemand

TRANSFER_MARGIN = 0.25
"""Share of its own level that a store keeps above this level."""


def level_for_service(demand: SumDemand, service: float | Floats) -> Floats:
    """Return the level of each line that demand does not exceed with a probability of `service`."""
    edges, last = _edges(demand.probabilities), len(demand.probabilities) - 1
    probability = np.broadcast_to(np.asarray(service, dtype=np.float64), demand.lines)
    segment = np.clip(np.searchsorted(edges, probability, side="right") - 1, 0, len(edges) - 2)
    rows = np.arange(demand.lines)
    low, high = (demand.quantiles[rows, np.clip(place, 0, last)] for place in (segment - 1, segment))
    weight = (probability - edges[segment]) / (edges[segment + 1] - edges[segment])
    return np.asarray(low + weight * (high - low))


def cycle_service(demand: SumDemand, levels: Floats) -> Floats:
    """Return the probability that demand does not exceed the level of each line."""
    quantiles = _with_ends(demand.quantiles)
    low, width = quantiles[:, :-1], np.diff(quantiles, axis=1)
    above_low = levels[:, None] - low
    parts = np.where(width > 0, np.clip(above_low, 0, width) / np.where(width > 0, width, 1), above_low >= 0)
    return np.asarray(parts @ np.diff(_edges(demand.probabilities)))


def expected_shortage(demand: SumDemand, levels: Floats) -> Floats:
    """Return the expected units of demand beyond the level of each line: E[(D − S)⁺]."""
    quantiles = _with_ends(demand.quantiles)
    high, width = quantiles[:, 1:], np.diff(quantiles, axis=1)
    below_high = np.maximum(high - levels[:, None], 0)
    inside = np.minimum(below_high, width)
    means = inside**2 / np.where(width > 0, 2 * width, 1) + below_high - inside
    return np.asarray(means @ np.diff(_edges(demand.probabilities)))


def fill_rate(demand: SumDemand, levels: Floats, review_days: Ints) -> Floats:
    """Return the share of the demand of a cycle of `review_days` that the level of each line serves.

    It is 1 − E[(D − S)⁺] ÷ E[demand of a cycle], at least 0; 1 for a line without demand.
    """
    expected = demand.daily * review_days
    missing = expected_shortage(demand, levels) / np.where(expected > 0, expected, 1)
    return np.where(expected > 0, np.maximum(1 - missing, 0), 1.0)


def reached_service(demand: SumDemand, levels: Floats, review_days: Ints) -> tuple[Floats, Floats]:
    """Return the cycle service and the fill rate of the level of each line."""
    return cycle_service(demand, levels), fill_rate(demand, levels, review_days)


def level_for_fill(demand: SumDemand, fill: float | Floats, review_days: Ints) -> Floats:
    """Return the smallest level of each line with a fill rate of at least `fill`."""
    allowed = (1 - fill) * demand.daily * review_days
    edges, quantiles = _edges(demand.probabilities), _with_ends(demand.quantiles)
    width = np.diff(quantiles, axis=1)
    drops = width * (1 - (edges[1:] + edges[:-1]) / 2)
    short = np.zeros_like(quantiles)  # shortage at the level of each quantile
    short[:, :-1] = drops[:, ::-1].cumsum(axis=1)[:, ::-1]
    segment = np.clip((short > allowed[:, None]).sum(axis=1) - 1, 0, len(edges) - 2)
    rows = np.arange(demand.lines)
    high, width = quantiles[rows, segment + 1], width[rows, segment]
    # high − level is the root of: density ÷ 2 × root² + exceeded × root = missing
    missing = np.maximum(allowed - short[rows, segment + 1], 0)
    exceeded = 1 - edges[segment + 1]
    density = (edges[segment + 1] - edges[segment]) / np.where(width > 0, width, np.inf)
    divisor = exceeded + np.sqrt(exceeded**2 + 2 * density * missing)
    root = np.where(divisor > 0, 2 * missing / np.where(divisor > 0, divisor, 1), width)
    level = high - np.minimum(root, width)
    below_all = np.maximum(quantiles[:, 0] - (allowed - short[:, 0]), 0)
    return np.where(allowed >= short[:, 0], below_all, level)


def _edges(probabilities: Floats) -> Floats:
    return np.concatenate([[0.0], probabilities, [1.0]])


def _with_ends(quantiles: Floats) -> Floats:
    """Quantiles with those of the probabilities 0 and 1."""
    return np.concatenate([quantiles[:, :1], quantiles, quantiles[:, -1:]], axis=1)


class OrderLimit(IntFlag):
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
class ReplenishedLines:
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

    def at(self, rows: Ints) -> "ReplenishedLines":
        """Return some of the lines."""
        others = {"demand", "is_fill"}
        arrays = {name: getattr(self, name)[rows] for name in self.__dataclass_fields__ if name not in others}
        return ReplenishedLines(demand=self.demand.at(rows), is_fill=self.is_fill, **arrays)

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
class SuggestedOrders:
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
    """`OrderLimit` of each line."""

    def at(self, rows: Ints) -> "SuggestedOrders":
        """Return the orders of some lines."""
        return SuggestedOrders(**{name: getattr(self, name)[rows] for name in self.__dataclass_fields__})


def suggest_orders(lines: ReplenishedLines, budget: float | None = None) -> SuggestedOrders:
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
    limits |= np.where(quantities > packs, OrderLimit.MINIMUM, 0)
    limits |= np.where((packs > missing) & (quantities == packs), OrderLimit.PACK, 0)
    quantities = np.where(is_too_much, 0.0, quantities)
    orders = SuggestedOrders(demanded, levels, position, quantities, np.zeros_like(quantities), limits)
    return orders if budget is None else within_budget(orders, lines, budget)


def within_budget(orders: SuggestedOrders, lines: ReplenishedLines, budget: float) -> SuggestedOrders:
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
    prevented = expected_shortage(demand, before) - expected_shortage(demand, after)
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
        limits=orders.limits | np.where(is_deferred, OrderLimit.BUDGET, 0),
    )


def whole_packs(units: Floats, pack: float | Floats) -> Floats:
    """Return units rounded up to whole packs; what exceeds them by a rounding error only is not another pack."""
    return np.asarray(np.ceil(np.round(units / pack, 9)) * pack)


def _capped(lines: ReplenishedLines, demanded: Floats) -> tuple[Floats, Ints]:
    levels = np.minimum(demanded, _cap(lines))
    limit = np.where(lines.shelf_days < 7 * lines.most_weeks, OrderLimit.SHELF_LIFE, OrderLimit.COVER)
    return levels, np.where(levels < demanded, limit, 0).astype(np.int64)


def _cap(lines: ReplenishedLines) -> Floats:
    return lines.demand.daily * (lines.lead_days + np.minimum(lines.shelf_days, 7 * lines.most_weeks))


@dataclass(frozen=True)
class SuggestedTransfers:
    """Whole units to transfer; each array has one value per transfer."""

    givers: Ints
    """Number of the line from which units are taken."""
    receivers: Ints
    """Number of the line that gets them."""
    units: Ints

    def taken(self, lines: int) -> Floats:
        """Return the units that each of `lines` lines gives."""
        return np.bincount(self.givers, self.units, lines).astype(np.float64)

    def received(self, lines: int) -> Floats:
        """Return the units that each of `lines` lines gets."""
        return np.bincount(self.receivers, self.units, lines).astype(np.float64)


def suggest_transfers(
    groups: Ints, levels: Floats, on_hand: Floats, position: Floats, *, margin: float = TRANSFER_MARGIN
) -> SuggestedTransfers:
    """Return transfers between lines of the same group.

    A group is a product in a region. A line gives what it has on hand above its level × (1 + margin), and gets what its
    position lacks to its level. Within a group the greatest surplus goes to the greatest need; ties are in the order of
    the lines. All arrays have the shape (lines,).
    """
    surplus = np.floor(np.maximum(np.minimum(on_hand, position) - levels * (1 + margin), 0)).astype(np.int64)
    need = np.ceil(np.round(np.maximum(levels - position, 0), 9)).astype(np.int64)
    givers, receivers = _ranked(groups, surplus), _ranked(groups, need)
    taken = _up_to_total(groups, givers, surplus[givers], need)
    received = _up_to_total(groups, receivers, need[receivers], surplus)
    return _matched(givers, taken, receivers, received)


def _ranked(groups: Ints, units: Ints) -> Ints:
    """Lines with units by group, those with the most first."""
    lines = np.flatnonzero(units)
    return lines[np.lexsort((lines, -units[lines], groups[lines]))]


def _up_to_total(groups: Ints, lines: Ints, units: Ints, others: Ints) -> Ints:
    """Units of lines, cut in each group after the total of the other side."""
    totals = np.zeros(int(groups.max(initial=-1)) + 1, dtype=np.int64)
    np.add.at(totals, groups, others)
    before = units.cumsum() - units
    of_group = before - before[np.searchsorted(groups[lines], groups[lines])]
    return np.clip(totals[groups[lines]] - of_group, 0, units)


def _matched(givers: Ints, taken: Ints, receivers: Ints, received: Ints) -> SuggestedTransfers:
    """Match both sides, whose units have the same total in each group and the same order of groups."""
    ends_taken, ends_received = taken.cumsum(), received.cumsum()
    ends = np.union1d(ends_taken, ends_received)
    starts = np.concatenate([[0], ends[:-1]]).astype(np.int64)
    units = ends - starts
    starts, units = starts[units > 0], units[units > 0]
    return SuggestedTransfers(
        givers[np.searchsorted(ends_taken, starts, side="right")],
        receivers[np.searchsorted(ends_received, starts, side="right")],
        units,
    )
