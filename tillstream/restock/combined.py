"""Demand by a forecast: its mean, with the spread of its errors and that of recent sales."""

import numpy as np

from tillstream.forecasting.models.panel import Floats, Ints
from tillstream.restock.demand import SumDemand

OF_ERRORS = 0.5
"""Weight of the errors of earlier forecasts; the rest is that of recent sales."""


def by_forecast(means: Floats, errors: Floats, recent: SumDemand, sources: Ints) -> SumDemand:
    """Return the demand of lines around the means of their forecasts.

    Errors of earlier forecasts are pooled over all products, and recent sums are those of each product. Their mean
    needs less stock at high fill rates than either: see `bench.restock`.

    means: of the sums; shape (lines,). errors: quantiles of the errors of the sums; shape (lines, probabilities).
    recent: demand for the same lines and days by recent sales.
    """
    spread = recent.quantiles - (recent.daily * recent.days)[:, None]
    quantiles = np.maximum(means[:, None] + OF_ERRORS * errors + (1 - OF_ERRORS) * spread, 0.0)
    return SumDemand(recent.probabilities, quantiles, recent.days, means / recent.days, sources)
