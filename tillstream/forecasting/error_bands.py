"""Bands around forecasts, from the errors of earlier forecasts: split conformal prediction with pooled scaled errors.

Errors are divided by the scale of their series, as in MASE, and pooled over the series of a level and ranges of
horizons (Lei et al., Distribution-free predictive inference for regression, 2018). Bands of a sum come from errors of
sums, never from bands of days.
"""

from dataclasses import dataclass

import numpy as np

from tillstream.forecasting.models.panel import Floats, Ints

QUANTILES = (0.1, 0.5, 0.9)
GRID = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.975, 0.99)
"""Probabilities for which errors of sums are kept."""
RANGES = {"day": (7, 28), "week": (4,)}
"""Last steps of the ranges of horizons in which errors are pooled; the last range is open."""
NEIGHBOURS = 0.2
"""Sums over up to this share more or fewer steps are pooled with those of a number of steps."""
FEWEST = 2
"""Number of windows from which on there is a band."""
FEW_NODES = 10
"""Levels with fewer nodes have bands that are wider by 1 ÷ windows: errors of a window depend on each other."""


@dataclass(frozen=True)
class ScaledErrors:
    """Scaled errors of the forecasts of a level: actual − forecast, ÷ scale; shape (windows, nodes, horizon)."""

    of_steps: Floats
    of_sums: Floats
    """Of the sums from the first step to each."""

    def before(self, window: int) -> "ScaledErrors":
        """Return those of the windows before one, in order of time."""
        return ScaledErrors(self.of_steps[:window], self.of_sums[:window])


def scaled_errors(actual: Floats, means: Floats, scales: Floats) -> ScaledErrors:
    """Compare forecasts (windows, nodes, horizon) with what came; `scales` has the shape (windows, nodes)."""
    difference = (actual - means) / scales[:, :, None]
    observed = np.isfinite(difference)
    reached = observed[:, :, ::-1].cumsum(axis=2)[:, :, ::-1] > 0  # up to the last observed step
    sums = np.where(observed, difference, 0.0).cumsum(axis=2)
    return ScaledErrors(difference, np.where(reached, sums, np.nan))


def step_quantiles(errors: ScaledErrors, grain: str, horizon: int) -> Floats:
    """Return scaled errors of steps by probability; shape (`QUANTILES`, horizon). NaN without enough windows."""
    result = np.full((len(QUANTILES), horizon), np.nan)
    if errors.of_steps.shape[0] < FEWEST:
        return result
    edges = [edge for edge in (0, *RANGES[grain]) if edge < horizon]
    for start, end in zip(edges, [*edges[1:], horizon], strict=True):
        pooled = errors.of_steps[:, :, start:end]
        pooled = pooled[np.isfinite(pooled)]
        if len(pooled):
            result[:, start:end] = np.quantile(pooled, QUANTILES)[:, None]
    return _filled(result) * _widening(errors)


def sum_quantiles(errors: ScaledErrors, horizon: int, probabilities: tuple[float, ...] = QUANTILES) -> Floats:
    """Return scaled errors of sums up to each step by probability; shape (probabilities, horizon)."""
    result = np.full((len(probabilities), horizon), np.nan)
    if errors.of_sums.shape[0] < FEWEST:
        return result
    for step in range(min(horizon, errors.of_sums.shape[2])):
        pooled = errors.of_sums[:, :, _neighbours(step, errors.of_sums.shape[2])]
        pooled = pooled[np.isfinite(pooled)]
        if len(pooled):
            result[:, step] = np.quantile(pooled, probabilities)
    return _filled(result) * _widening(errors)


def bands_around(means: Floats, scales: Floats, quantiles: Floats) -> Floats:
    """Return bands: shape (probabilities, nodes, horizon), at least 0 and in order."""
    bands = means[None] + scales[None, :, None] * quantiles[:, None, :]
    return np.sort(np.maximum(bands, 0.0), axis=0)


def _neighbours(step: int, horizon: int) -> Ints:
    length = step + 1
    first = max(int(np.ceil(length * (1 - NEIGHBOURS))) - 1, 0)
    return np.arange(first, min(int(length * (1 + NEIGHBOURS)), horizon))


def _widening(errors: ScaledErrors) -> float:
    windows, nodes = errors.of_steps.shape[:2]
    return 1 + 1 / windows if nodes < FEW_NODES else 1.0


def _filled(quantiles: Floats) -> Floats:
    """Repeat the last known quantiles where no window reached."""
    for step in range(1, quantiles.shape[1]):
        missing = ~np.isfinite(quantiles[:, step])
        quantiles[missing, step] = quantiles[missing, step - 1]
    return quantiles
