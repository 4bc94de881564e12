"""Levels by forecasts: at every review of a simulation, one is made from the sales before it."""

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from tillstream.forecasting import error_bands
from tillstream.forecasting.models import ensemble
from tillstream.forecasting.models.history import SeriesHistory
from tillstream.forecasting.models.panel import Floats, Ints
from tillstream.forecasting.models.seasonal_models import SMALLEST_ERROR, seasonal_error
from tillstream.stock.product_demand import DemandSource, demand_by_forecast
from tillstream.stock.restock_simulation import (
    QUANTILES,
    OrderPolicy,
    SimulationSetting,
    levels_of_demand,
    recent_demand,
)

HORIZON = 28
"""Days that are forecast, and days between the forecasts whose errors are pooled."""
WINDOWS = 6
"""Number of earlier forecasts whose errors are pooled, at most."""


class Forecasts:
    """Forecasts of all products at the reviews of a simulation."""

    def __init__(self, history: SeriesHistory, steps: Ints, reviews: Sequence[int]) -> None:
        """steps: step of the history of each open day. reviews: open days on which orders are placed."""
        self._history, self._steps = history, steps
        first = int(steps[reviews[0]])
        earlier = [first - HORIZON * number for number in range(WINDOWS, 0, -1)]
        self._cutoffs = [each for each in earlier if each > 0] + [int(steps[each]) for each in reviews]

    def policy(self, series: Ints, first: int) -> OrderPolicy:
        """Return the policy of some series whose past days begin with the open day `first`."""

        def levels(past: Floats, setting: SimulationSetting) -> Floats:
            cutoff = int(self._steps[past.shape[1] + first])
            days = -(-setting.days * 7 // setting.week_days)
            recent = recent_demand(past, setting)
            means = self._means[cutoff][series, :days].sum(axis=1)
            errors = self._sum_quantiles(cutoff, recent.probabilities)[:, days - 1]
            scales = self._scales(cutoff)[series]
            sources = np.full(len(series), DemandSource.FORECAST, dtype=np.int64)
            return levels_of_demand(demand_by_forecast(means, scales[:, None] * errors, recent, sources), setting)

        return OrderPolicy(QUANTILES, levels)

    @cached_property
    def _means(self) -> dict[int, Floats]:
        """Cutoff → forecasts; shape (series, horizon)."""
        fits = {each: ensemble.fit_history(self._history.until(each, HORIZON), HORIZON) for each in self._cutoffs}
        return {cutoff: fit.means.astype(np.float64) for cutoff, fit in fits.items()}

    def _sum_quantiles(self, cutoff: int, probabilities: Floats) -> Floats:
        """Scaled errors of sums by probability, of the latest forecasts that ended before; (probabilities, horizon)."""
        windows: list[int] = []
        for each in reversed(self._cutoffs):
            if each <= (windows or [cutoff])[-1] - HORIZON and len(windows) < WINDOWS:
                windows.append(each)
        actual = np.array([self._history.values[:, each : each + HORIZON] for each in windows])
        scales = np.array([self._scales(each) for each in windows])
        errors = error_bands.scaled_errors(
            actual, np.array([self._means[each] for each in windows]), np.where(scales > SMALLEST_ERROR, scales, np.nan)
        )
        return error_bands.sum_quantiles(errors, HORIZON, tuple(probabilities.tolist()))

    def _scales(self, cutoff: int) -> Floats:
        return seasonal_error(self._history.values[:, :cutoff], self._history.grain)
