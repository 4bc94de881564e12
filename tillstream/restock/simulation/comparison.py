"""Policies compared at an equal fill rate, interpolated between the positions of their knobs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tillstream.forecasting.models.panel import Floats
from tillstream.restock.simulation.policies import FIXED, POLICIES, QUANTILE, QUANTILES, Policy, Setting
from tillstream.restock.simulation.replay import Curve, replay

MEASURES = ("cycle_service", "stock_units", "stock_value", "days_short", "orders")


@dataclass(frozen=True)
class Compared:
    """A policy at a fill rate. The measures are those of `Curve`."""

    policy: str
    fill: float
    cycle_service: float
    stock_units: float
    stock_value: float
    days_short: float
    orders: float
    change: float | None
    """Stock value against that of the fixed level, as a fraction; None if that does not reach the fill rate."""


@dataclass(frozen=True)
class Comparison:
    """Curves of policies for the same lines and days."""

    curves: Mapping[str, Curve]

    def at_fill(self, fill: float) -> Sequence[Compared]:
        """Return the policies that reach a fill rate."""
        rows: dict[str, dict[str, float]] = {}
        for policy, curve in self.curves.items():
            reached = np.maximum.accumulate(curve.fill)
            if reached[0] <= fill <= reached[-1]:
                rows[policy] = {name: float(np.interp(fill, reached, getattr(curve, name))) for name in MEASURES}
        fixed = rows[FIXED]["stock_value"] if FIXED in rows else 0
        return [
            Compared(policy, fill, **row, change=row["stock_value"] / fixed - 1 if fixed else None)
            for policy, row in rows.items()
        ]

    def fill_of_service(self, service: float) -> float:
        """Return the fill rate of levels that are the quantile of recent sales at the probability `service`."""
        return float(np.interp(service, QUANTILES, self.curves[QUANTILE].fill))

    def series(self) -> list[dict[str, Any]]:
        """Return the lines of a chart of stock value against fill rate, by policy, in order of the knob."""
        return [
            {
                "policy": policy,
                "fill": [round(each, 6) for each in curve.fill.tolist()],
                "stock_value": [round(each, 2) for each in curve.stock_value.tolist()],
            }
            for policy, curve in self.curves.items()
        ]


def compare(
    units: Floats, values: Floats, start: int, setting: Setting, policies: Mapping[str, Policy] = POLICIES
) -> Comparison:
    """Simulate policies from the day `start` on; `units` has the shape (lines, days), `values` (lines,)."""
    return Comparison({name: replay(units, policy, values, start, setting) for name, policy in policies.items()})
