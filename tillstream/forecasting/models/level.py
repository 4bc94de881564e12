"""The recent level with the usual shape of a week: the member that follows changes and stays calm on spikes."""

import numpy as np

from tillstream.forecasting.models.panel import Floats, Panel, divide

WEEKS = 8
"""Weeks whose mean is the shape of a week."""
HALF_LIFE = 14
"""Days after which a value has half the weight in the level."""
REACH = 91
"""Days that the level reads."""
LOWEST = 0.05
"""A weekday with less than this share of the mean does not scale its values up."""


def level(panel: Panel, horizon: int) -> Floats | None:
    """Return means of daily series; None for weekly ones, whose year-ago member has their level."""
    if panel.grain.days > 1:
        return None
    season = panel.grain.season
    recent_values = panel.values[:, -REACH:]
    shape = _shape_of_a_week(panel)  # from the oldest day of the last season to the newest
    positions = np.arange(-recent_values.shape[1], 0) % season
    flat = recent_values / np.maximum(shape[:, positions], LOWEST)
    observed = np.isfinite(flat)
    weights = 0.5 ** (np.arange(recent_values.shape[1])[::-1] / HALF_LIFE)
    means = divide((np.where(observed, flat, 0.0) * weights).sum(axis=1), (observed * weights).sum(axis=1))
    return means[:, None] * shape[:, np.arange(horizon) % season]


def _shape_of_a_week(panel: Panel) -> Floats:
    """Mean of each weekday ÷ mean of all; 1 where nothing was observed."""
    season = panel.grain.season
    weeks = min(WEEKS, panel.steps // season)
    recent = panel.values[:, panel.steps - weeks * season :].reshape(panel.series, weeks, season)
    observed = np.isfinite(recent)
    sums = np.where(observed, recent, 0.0)
    weekdays = divide(sums.sum(axis=1), observed.sum(axis=1).astype(np.float64))
    overall = divide(sums.sum(axis=(1, 2)), observed.sum(axis=(1, 2)).astype(np.float64))
    shape = divide(weekdays, np.broadcast_to(overall[:, None], weekdays.shape).copy())
    return np.where(np.isfinite(shape), shape, 1.0)
