"""Order-up-to levels over a simulation, by policy: each has a knob that exchanges stock for service."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from tillstream.forecasting.models.panel import Floats, mean_or_zero
from tillstream.restock.demand import SumDemand
from tillstream.restock.recent_sales import OPEN_DAYS, recent_sales

QUANTILE, FIXED, ROLLING = "quantile of recent sales", "fixed level", "rolling mean"
ROLLING_DAYS = 48
DEVIATIONS = np.linspace(-2.0, 6.0, 25)
"""Safety stock in standard deviations of the demand, for policies that assume a normal distribution."""
PROBABILITIES = np.concatenate([np.linspace(0.2, 0.95, 16), [0.96, 0.97, 0.98, 0.99, 0.995]])
FACTORS = np.linspace(1.1, 3.0, 10)
"""Multiples of the highest quantile, for fill rates that it does not reach."""
QUANTILES = np.concatenate([PROBABILITIES, FACTORS])
"""Positions of the knob of levels that are quantiles."""


@dataclass(frozen=True)
class Setting:
    """What a simulation orders by; days are open days."""

    lead_days: int
    """At least 1."""
    review_days: int
    pack: float = 1.0
    warm_up: int = 12
    """First days that are not measured."""
    most_weeks: float = 8.0
    """Weeks of cover after a delivery, at most."""
    week_days: int = 7
    """Open days of a week."""

    @property
    def days(self) -> int:
        """Days that an order has to last."""
        return self.lead_days + self.review_days


@dataclass(frozen=True)
class Policy:
    """A rule for levels."""

    knob: Floats
    """Positions, in ascending order of the stock."""
    levels: Callable[[Floats, Setting], Floats]
    """Returns levels, shape (positions, lines), from the units of past days (lines, days), NaN where not observed."""
    is_fixed: bool = False
    """Whether levels are set once, before the simulation."""


def recent_demand(past: Floats, setting: Setting) -> SumDemand:
    """Return the demand over the lead time and the review period by recent sales, at `PROBABILITIES`."""
    return recent_sales(past[:, -OPEN_DAYS:], np.full(len(past), setting.days), PROBABILITIES)


def levels_of(demand: SumDemand, setting: Setting) -> Floats:
    """Return the levels at the positions of `QUANTILES`, capped in weeks of cover; shape (positions, lines)."""
    beyond = demand.quantiles[:, -1:] * FACTORS
    cap = demand.daily * (setting.lead_days + setting.week_days * setting.most_weeks)
    return np.asarray(np.minimum(np.hstack([demand.quantiles, beyond]), cap[:, None]).T)


def _recent_quantile(past: Floats, setting: Setting) -> Floats:
    """Quantile of the demand by recent sales, as for a product without a forecast."""
    return levels_of(recent_demand(past, setting), setting)


def _mean_and_deviations(past: Floats, setting: Setting) -> Floats:
    """Mean of all past days plus safety stock."""
    mean = mean_or_zero(past)
    deviation = np.sqrt(mean_or_zero((past - mean[:, None]) ** 2))
    levels = setting.days * mean + DEVIATIONS[:, None] * deviation * np.sqrt(setting.days)
    return np.asarray(np.maximum(levels, 0.0))


def _rolling_mean(past: Floats, setting: Setting) -> Floats:
    """Mean of the last `ROLLING_DAYS` days plus safety stock."""
    return _mean_and_deviations(past[:, -ROLLING_DAYS:], setting)


POLICIES: Mapping[str, Policy] = {
    QUANTILE: Policy(QUANTILES, _recent_quantile),
    FIXED: Policy(DEVIATIONS, _mean_and_deviations, is_fixed=True),
    ROLLING: Policy(DEVIATIONS, _rolling_mean),
}
