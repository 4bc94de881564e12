"""Cycle service and fill rate of order-up-to levels, and the levels that reach them.

Cycle service is the probability that a cycle ends without a stock-out. Fill rate is the share of the demand that is
served from stock. Demand is piecewise linear between the probabilities of its quantiles, and constant beyond them.
"""

import numpy as np

from tillstream.forecasting.models.panel import Floats, Ints
from tillstream.restock.demand import SumDemand


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


def shortage(demand: SumDemand, levels: Floats) -> Floats:
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
    missing = shortage(demand, levels) / np.where(expected > 0, expected, 1)
    return np.where(expected > 0, np.maximum(1 - missing, 0), 1.0)


def reached(demand: SumDemand, levels: Floats, review_days: Ints) -> tuple[Floats, Floats]:
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
