"""Replay of past sales as demand: periodic orders up to a level, lost sales."""

from dataclasses import dataclass

import numpy as np

from tillstream.forecasting.models.panel import Floats
from tillstream.restock.policy import whole_packs
from tillstream.restock.simulation.policies import Policy, Setting


@dataclass(frozen=True)
class Curve:
    """What a policy reaches for each position of its knob; each array has the shape (knobs,)."""

    fill: Floats
    """Share of the demand that was served."""
    cycle_service: Floats
    """Share of the cycles of lines without a day short."""
    stock_units: Floats
    """Mean over the evenings."""
    stock_value: Floats
    days_short: Floats
    """Share of the days of lines on which some demand was not served."""
    orders: Floats
    """Number of order lines."""


def replay(units: Floats, policy: Policy, values: Floats, start: int, setting: Setting) -> Curve:
    """Simulate from the day `start` to the end of past sales.

    A day begins with deliveries; on every `review_days`-th day orders are placed after them, which are delivered
    `lead_days` later. Demand that is not served is lost. The stock of the first day is its level.

    units: shape (lines, days), with days that were not observed as NaN: they have no demand.
    values: money per unit of each line.
    """
    demand = np.nan_to_num(units)
    levels = policy.levels(units[:, :start], setting)
    on_hand = levels.copy()
    arriving = np.zeros((setting.lead_days + 1, *on_hand.shape))  # by day modulo their number
    sums = _Sums(*on_hand.shape)
    for day in range(start, units.shape[1]):
        on_hand += arriving[day % len(arriving)]
        arriving[day % len(arriving)] = 0.0
        is_measured = day >= start + setting.warm_up
        if (day - start) % setting.review_days == 0:
            if not policy.is_fixed:
                levels = policy.levels(units[:, :day], setting)
            missing = np.maximum(levels - on_hand - arriving.sum(axis=0), 0.0)
            ordered = whole_packs(missing, setting.pack)
            arriving[(day + setting.lead_days) % len(arriving)] += ordered
            if is_measured:
                sums.add_review(ordered)
        lost = np.maximum(demand[:, day] - on_hand, 0.0)
        on_hand = np.maximum(on_hand - demand[:, day], 0.0)
        if is_measured:
            sums.add_day(demand[:, day], lost, on_hand, values)
    return sums.curve()


class _Sums:
    """Sums over the days that are measured, by knob."""

    def __init__(self, knobs: int, lines: int) -> None:
        self._lines, self._days, self._cycles, self._demand = lines, 0, 0, 0.0
        self._lost, self._units, self._value, self._short, self._orders, self._unserved = np.zeros((6, knobs))
        self._is_short = np.zeros((knobs, lines), dtype=bool)  # in the current cycle

    def add_review(self, ordered: Floats) -> None:
        """Add order lines, and begin a cycle."""
        self._end_cycle()
        self._orders += (ordered > 0).sum(axis=1)

    def add_day(self, demand: Floats, lost: Floats, on_hand: Floats, values: Floats) -> None:
        """Add a day with its lost demand and the stock in the evening."""
        is_short = lost > 0
        self._is_short |= is_short
        self._days += 1
        self._demand += float(demand.sum())
        self._lost += lost.sum(axis=1)
        self._short += is_short.sum(axis=1)
        self._units += on_hand.sum(axis=1)
        self._value += on_hand @ values

    def curve(self) -> Curve:
        """Return the measures; a cycle that is not complete counts."""
        self._end_cycle()
        days = max(self._days, 1)
        return Curve(
            fill=1 - self._lost / max(self._demand, np.finfo(np.float64).tiny),
            cycle_service=1 - self._unserved / max(self._cycles * self._lines, 1),
            stock_units=self._units / days,
            stock_value=self._value / days,
            days_short=self._short / (days * self._lines),
            orders=self._orders.copy(),
        )

    def _end_cycle(self) -> None:
        if self._days:
            self._cycles += 1
            self._unserved += self._is_short.sum(axis=1)
            self._is_short[:] = False
