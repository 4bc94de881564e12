"""The recent level with the usual shape of a week: the member that follows changes and stays calm on spikes."""

import numpy as np

from tillstream.forecasting.models.panel import Floats, Panel, divide, mean_or_zero

WEEKS = 8
"""Weeks whose mean is the shape of a week."""
HALF_LIFE = 14
"""Days after which a value has half the weight in the level."""
REACH = 91
"""Days that the level reads."""


def level(panel: Panel, horizon: int) -> Floats | None:
    """Return means of daily series; None for weekly ones, whose year-ago member has their level."""
    if panel.grain.days > 1:
        return None
    season = panel.grain.season
    recent_values = panel.values[:, -REACH:]
    shape = _shape_of_a_week(panel)  # from the oldest day of the last season to the newest
    positions = np.arange(-recent_values.shape[1], 0) % season
    scales = shape[:, positions]
    observed = np.isfinite(recent_values)
    weights = 0.5 ** (np.arange(recent_values.shape[1])[::-1] / HALF_LIFE)
    # a ratio of sums: the mean of ratios would leave out what sold on weekdays whose shape is 0, or let one sale decide
    sold = np.where(observed, recent_values, 0.0)
    means = divide((sold * weights).sum(axis=1), (np.where(observed, scales, 0.0) * weights).sum(axis=1))
    return means[:, None] * shape[:, np.arange(horizon) % season]


def _shape_of_a_week(panel: Panel) -> Floats:
    """Mean of each weekday ÷ mean of all, shrunk towards the shape of the store by as much of it as is noise.

    Positive-part James–Stein estimator: a few large sales do not give a product a weekday of its own.
    """
    season = panel.grain.season
    weeks = min(WEEKS, panel.steps // season)
    recent = panel.values[:, panel.steps - weeks * season :].reshape(panel.series, weeks, season)
    own = _weekdays(recent)
    by_store = [_weekdays(recent[panel.stores == each].reshape(1, -1, season))[0] for each in range(len(panel.is_open))]
    of_store = np.array(by_store)[panel.stores]
    observed = np.isfinite(recent)
    count = observed.sum(axis=(1, 2)).astype(np.float64)
    open_weekdays = observed.any(axis=1).sum(axis=1)
    means = mean_or_zero(recent.reshape(panel.series, weeks * season))
    errors = np.where(observed, recent - own[:, None] * means[:, None, None], 0.0)
    noise = divide((errors**2).sum(axis=(1, 2)) * open_weekdays, count * (count - open_weekdays) * means**2)
    difference = divide(((own - of_store) ** 2).sum(axis=1), open_weekdays.astype(np.float64))
    share = np.nan_to_num(np.clip(1.0 - divide(noise, difference), 0.0, 1.0))
    shape: Floats = of_store + share[:, None] * (own - of_store)
    return shape


def _weekdays(weeks: Floats) -> Floats:
    """Mean of each weekday ÷ mean of all, of shape (series, weeks, season); 1 where nothing was observed."""
    observed = np.isfinite(weeks)
    sums = np.where(observed, weeks, 0.0)
    weekdays = divide(sums.sum(axis=1), observed.sum(axis=1).astype(np.float64))
    overall = divide(sums.sum(axis=(1, 2)), observed.sum(axis=(1, 2)).astype(np.float64))
    shape = divide(weekdays, np.broadcast_to(overall[:, None], weekdays.shape).copy())
    return np.where(np.isfinite(shape), shape, 1.0)
