"""Forecasts of a history at all levels: backtest, choice of the method, means, bands and accuracy."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from tillstream.forecasting import backtest, error_bands
from tillstream.forecasting.backtest import BacktestWindow, LevelResult, week_error, weeks_of
from tillstream.forecasting.levels import HierarchyLevel
from tillstream.forecasting.models.ensemble import ExplainedFit, ForecastFit, Importance
from tillstream.forecasting.models.history import SeriesHistory
from tillstream.forecasting.models.panel import Bools, Floats, Ints
from tillstream.forecasting.models.seasonal_models import seasonal_error

MONDAY = np.datetime64("1970-01-05")


@dataclass(frozen=True)
class ForecastPlan:
    """How far to forecast, and how to test it. All lengths are steps."""

    horizon: int
    spacing: int
    """Between the starts of windows."""
    windows: int
    shortest: int
    """History before the first window."""


FORECAST_PLANS = {"day": ForecastPlan(91, 28, 6, 56), "week": ForecastPlan(13, 13, 6, 65)}
"""By grain."""


class Fitter(Protocol):
    """Makes fits, in this process or another; may keep those of windows."""

    def fit(self, history: SeriesHistory, horizon: int) -> ForecastFit: ...

    def fit_and_explain(self, history: SeriesHistory, horizon: int, newest_cutoff: int) -> ExplainedFit: ...


@runtime_checkable
class MakesAtOnce(Protocol):
    """A fitter that makes the fits of a history together, before they are asked for."""

    def make(self, history: SeriesHistory, cutoffs: Sequence[int], horizon: int, newest_cutoff: int) -> None: ...


class NotEnoughData(Exception):
    """There are not enough steps for a backtest of two windows.

    weeks: length of the sales. needed: length that is always enough; it depends on the day.
    """

    def __init__(self, steps: int, needed: int, days: int) -> None:
        self.weeks, self.needed = steps * days // 7, -(-needed * days // 7)
        super().__init__(f"{self.weeks} of {self.needed} weeks")


@dataclass(frozen=True)
class Band:
    """Means and quantiles: shape (nodes, steps) and (`error_bands.QUANTILES`, nodes, steps)."""

    days: np.ndarray
    """First day of each step; of sums, the last."""
    means: Floats
    quantiles: Floats


@dataclass(frozen=True)
class LevelForecast:
    """Forecasts of a level."""

    level: HierarchyLevel
    steps: Band
    weeks: Band | None
    """Sums of whole weeks ahead; None for weekly series."""
    sums: Band
    """Sums from the first step ahead to each."""
    parts: Floats
    """Shape (`ensemble.FORECAST_PARTS`, nodes, horizon)."""
    is_model: Bools
    """Whether any series of each node has the model, and not the seasonal naive forecast."""
    tested: LevelResult
    scales: Floats
    """Shape (nodes,): what scaled errors of steps and sums are multiplied with."""


@dataclass(frozen=True)
class Forecast:
    """Forecasts of a history at all levels."""

    history: SeriesHistory
    plan: ForecastPlan
    cutoffs: tuple[int, ...]
    levels: tuple[LevelForecast, ...]
    importance: tuple[Importance, ...]


def window_starts(history: SeriesHistory, plan: ForecastPlan) -> list[int]:
    """Return the cutoffs of the backtest.

    Raises `NotEnoughData` if there are fewer than two.
    """
    step = int((history.days[0] - MONDAY).astype(np.int64)) // history.grain.days
    starts = backtest.backtest_cutoffs(history.steps, plan.spacing, plan.windows, plan.shortest, -step)
    if len(starts) < error_bands.FEWEST:
        raise NotEnoughData(history.steps, plan.shortest + 2 * plan.spacing + plan.spacing // 2, history.grain.days)
    return starts


def compute_forecast(
    history: SeriesHistory,
    levels: Sequence[HierarchyLevel],
    cells: HierarchyLevel,
    fitter: Fitter,
    plan: ForecastPlan,
    progress: Callable[[int, int], object],
) -> Forecast:
    """Forecast a history.

    The model is shown for the series of the nodes of `cells` in whose backtest it beats the seasonal naive forecast.
    `progress` gets the number of fits that are done, and of all. Raises `NotEnoughData`.
    """
    starts = window_starts(history, plan)
    total = len(starts) + 1
    windows = []
    for number, cutoff in enumerate(starts):
        progress(number, total)
        windows.append(BacktestWindow(cutoff, fitter.fit(history.until(cutoff, plan.horizon), plan.horizon)))
    progress(len(starts), total)
    newest = fitter.fit_and_explain(history, plan.horizon, starts[-1])
    is_model = backtest.beats_naive(history, windows, cells)[cells.nodes]
    past = backtest.shown_means(windows, is_model)
    means = np.where(is_model[:, None], newest.fit.means, newest.fit.naive)
    parts = np.where(is_model[None, :, None], newest.parts, _naive_parts(newest))
    results = []
    for level in levels:
        tested = backtest.evaluate_level(history, windows, past, level)
        results.append(_of_level(history, level, means, parts, is_model, tested))
    progress(total, total)
    return Forecast(history, plan, tuple(starts), tuple(results), newest.importance)


def _naive_parts(newest: ExplainedFit) -> Floats:
    """A seasonal naive forecast is its level only."""
    parts = np.zeros_like(newest.parts)
    parts[0] = newest.fit.naive
    return parts


def _of_level(
    history: SeriesHistory, level: HierarchyLevel, means: Floats, parts: Floats, is_model: Bools, tested: LevelResult
) -> LevelForecast:
    horizon = means.shape[1]
    ahead = history.days[history.steps :]
    scales = seasonal_error(tested.sums, history.grain)
    of_steps = level.sums(means)  # NaN for nodes whose series have no exchange rate
    is_closed = of_steps <= 0
    quantiles = error_bands.bands_around(
        of_steps, scales, error_bands.step_quantiles(tested.errors, history.grain.name, horizon)
    )
    quantiles = np.where(is_closed[None], 0.0, quantiles)
    of_sums = of_steps.cumsum(axis=1)
    around_sums = error_bands.bands_around(of_sums, scales, error_bands.sum_quantiles(tested.errors, horizon))
    return LevelForecast(
        level,
        Band(ahead, of_steps, quantiles),
        _weeks(history, of_steps, tested),
        Band(ahead, of_sums, around_sums),
        np.stack([level.sums(each) for each in parts]),
        level.any(is_model),
        tested,
        scales,
    )


def _weeks(history: SeriesHistory, means: Floats, tested: LevelResult) -> Band | None:
    """Sums of the weeks, Monday to Sunday, that are wholly ahead."""
    if tested.errors_of_weeks is None:
        return None
    ahead = history.days[history.steps :]
    skipped = int(-((ahead[0] - MONDAY).astype(np.int64)) % backtest.WEEK_DAYS)
    sums = weeks_of(means[:, skipped:])
    if not sums.shape[1]:
        return None
    quantiles = error_bands.step_quantiles(tested.errors_of_weeks, "week", sums.shape[1])
    starts: Ints = skipped + backtest.WEEK_DAYS * np.arange(sums.shape[1])
    return Band(ahead[starts], sums, error_bands.bands_around(sums, week_error(tested.sums), quantiles))
