"""The last season again: what every other method is measured against."""

import numpy as np

from tillstream.forecasting.models.panel import Floats, Grain, Panel, mean_or_zero

SMALLEST = 1e-9
"""Scale of a series whose values do not change."""


def seasonal_naive(panel: Panel, horizon: int) -> Floats:
    """Repeat the last known season; days that were not observed count as those of the season before."""
    last = last_season(panel)
    return np.tile(last, (1, -(-horizon // panel.grain.season)))[:, :horizon]


def last_season(panel: Panel) -> Floats:
    """Return the newest observed value of each step of the season, in order of time; 0 if there is none."""
    season = panel.grain.season
    newest = np.zeros((panel.series, season))
    is_missing = np.ones((panel.series, season), dtype=bool)
    for number in range(1, panel.steps // season + 1):
        start = panel.steps - number * season
        values = panel.values[:, start : start + season]
        is_fitting = is_missing & np.isfinite(values)
        newest[is_fitting] = values[is_fitting]
        is_missing &= ~is_fitting
        if not is_missing.any():
            break
    return newest


def seasonal_error(values: Floats, grain: Grain) -> Floats:
    """Return the mean absolute change from season to season in the last year of each series; shape (series,).

    The scale of MASE (Hyndman and Koehler, 2006). A series without two seasons has its mean, at least
    `SMALLEST`.
    """
    recent = values[:, -(grain.year + grain.season) :]
    changes = np.abs(recent[:, grain.season :] - recent[:, : -grain.season])
    means = mean_or_zero(changes)
    return np.fmax(np.where(means > 0, means, mean_or_zero(np.abs(recent))), SMALLEST)
