"""The forecast of open days: half boosted trees, half the mean of the year-ago and the level member."""

from dataclasses import dataclass

import numpy as np

from tillstream.forecasting.models import boosted_trees
from tillstream.forecasting.models.boosted_trees import BoostedTrees
from tillstream.forecasting.models.history import Grouping
from tillstream.forecasting.models.level import level
from tillstream.forecasting.models.opening import open_ahead
from tillstream.forecasting.models.panel import Bools, Floats, Numbers, Panel
from tillstream.forecasting.models.seasonal_naive import seasonal_naive
from tillstream.forecasting.models.year_ago import year_ago

TREES_SHARE = 0.5
"""Weight of the trees; the other members share the rest."""


@dataclass(frozen=True)
class Fit:
    """Forecasts that were made with what was known at one time; each of shape (series, horizon)."""

    means: Numbers
    naive: Numbers
    """Seasonal naive forecasts."""
    is_open: Bools

    def of_series(self, grouping: Grouping) -> "Fit":
        """Share forecasts of modelled series out to their series; 32 bits, which is what is kept."""
        means = grouping.expand(self.means.astype(np.float64)).astype(np.float32)
        naive = grouping.expand(self.naive.astype(np.float64)).astype(np.float32)
        return Fit(means, naive, self.is_open[grouping.groups])


def fit(panel: Panel, horizon: int) -> Fit:
    """Forecast the steps after the panel."""
    return combine(panel, horizon, boosted_trees.fit(panel, horizon))


def combine(panel: Panel, horizon: int, trees: BoostedTrees | None, of_all: float | None = None) -> Fit:
    """Average the members; a series that a member has no value for has the average of the others.

    of_all: as for `year_ago`.
    """
    is_open = open_ahead(panel, horizon)[panel.stores]
    simple = [each for each in (year_ago(panel, horizon, of_all), level(panel, horizon)) if each is not None]
    naive = seasonal_naive(panel, horizon)
    members = simple or [naive]
    rest = 1.0 - TREES_SHARE if trees else 1.0
    weights = [rest / len(members)] * len(members)
    if trees:
        members, weights = [*members, trees.predict(panel, horizon)], [*weights, TREES_SHARE]
    means = _average(members, weights, naive)
    return Fit(np.where(is_open, np.maximum(means, 0.0), 0.0), np.where(is_open, naive, 0.0), is_open)


def _average(members: list[Floats], weights: list[float], fallback: Floats) -> Floats:
    total, weight = np.zeros_like(members[0]), np.zeros_like(members[0])
    for each, share in zip(members, weights, strict=True):
        observed = np.isfinite(each)
        total += np.where(observed, each, 0.0) * share
        weight += observed * share
    return np.where(weight > 0, total / np.where(weight > 0, weight, 1.0), fallback)
