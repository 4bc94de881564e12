"""Histories for tests: made-up series with weekdays, a season and holidays."""

import numpy as np

from tillstream.forecasting.models.history import SeriesHistory
from tillstream.forecasting.models.panel import DAILY, DAY, WEEKLY, Floats, Grain, Holidays, Regressor

START = np.datetime64("2024-01-01")  # a Monday
NO_HOLIDAYS = Holidays(np.array([], dtype="datetime64[D]"), np.array([], dtype=np.int64))


def history(
    values: Floats,
    ahead: int = 28,
    grain: Grain = DAILY,
    holidays: Holidays = NO_HOLIDAYS,
    regressors: tuple[Regressor, ...] = (),
    *,
    can_be_sparse: bool = False,
) -> SeriesHistory:
    """One store, and a category for each series; a step is open if any series has a value."""
    series, steps = values.shape
    return SeriesHistory(
        grain=grain,
        days=START + grain.days * DAY * np.arange(steps + ahead),
        values=values,
        stores=np.zeros(series, dtype=np.int64),
        categories=np.arange(series),
        countries=np.zeros(series, dtype=np.int64),
        is_open=np.isfinite(values).any(axis=0)[None],
        holidays=(holidays,),
        regressors=regressors,
        can_be_sparse=can_be_sparse,
    )


def weekly_shape(series: int = 4, steps: int = 170, seed: int = 1) -> Floats:
    """Busy weekends, and a level per series, with noise."""
    random = np.random.default_rng(seed)
    levels = 20.0 * (1 + np.arange(series))[:, None]
    weekday = np.where(np.arange(steps) % 7 >= 5, 1.8, 0.7)
    return np.asarray(random.poisson(levels * weekday).astype(np.float64))


def yearly_weeks(series: int = 6, steps: int = 143) -> Floats:
    """Weeks with a peak before Christmas that no recent level shows."""
    random = np.random.default_rng(3)
    weeks = np.arange(steps) % 52
    season = 1 + 1.5 * (weeks >= 47)
    return np.asarray(1000 * (1 + np.arange(series))[:, None] * season * random.normal(1, 0.03, (series, steps)))


__all__ = ["DAILY", "NO_HOLIDAYS", "START", "WEEKLY", "history", "weekly_shape", "yearly_weeks"]
