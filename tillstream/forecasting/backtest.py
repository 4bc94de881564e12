"""Backtest by rolling origin: forecasts made with what was known at earlier times, and measures of their errors.

MAE, RMSE and bias have the unit of the sales. MASE is scaled by the seasonal naive error in the history (Hyndman and
Koehler, 2006). Relative measures divide by those of the seasonal naive forecast of the same steps: below 1 is better.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from tillstream.forecasting import error_bands
from tillstream.forecasting.error_bands import QUANTILES, ScaledErrors
from tillstream.forecasting.levels import HierarchyLevel
from tillstream.forecasting.models.ensemble import ForecastFit
from tillstream.forecasting.models.history import SeriesHistory
from tillstream.forecasting.models.panel import Bools, Floats, mean_or_zero
from tillstream.forecasting.models.seasonal_models import SMALLEST_ERROR, seasonal_error

WEEK_DAYS = 7
"""Days of a week."""


@dataclass(frozen=True)
class Accuracy:
    """How good the forecasts of a level were in a window; NaN where nothing can be compared."""

    mae: float
    rmse: float
    mase: float
    relative_mae: float
    relative_rmse: float
    relative_sum_error: float
    """Absolute error of the sums over the window, ÷ that of the seasonal naive forecast."""
    pinball: float
    """Mean pinball loss of the quantiles ÷ scale (Koenker and Bassett, 1978)."""
    coverage: float
    """Share of the actual values inside of the band from the 10 to the 90% quantile."""
    bias: float
    """(Forecast − actual) ÷ actual, of the sums."""
    points: int
    """Number of values that were compared."""

    def measures(self) -> dict[str, float]:
        """Return the measures by name, without the number of points."""
        return {name: value for name, value in asdict(self).items() if name != "points"}


def measure_accuracy(actual: Floats, means: Floats, naive: Floats, band: Floats, scales: Floats) -> Accuracy:
    """Compare forecasts of shape (nodes, horizon), and a band (quantiles, nodes, horizon), with what came.

    `scales` are NaN for nodes without sales before: scaled measures leave them out.
    """
    observed = np.isfinite(actual)
    error, naive_error = np.abs(actual - means)[observed], np.abs(actual - naive)[observed]
    scaled = np.abs(actual - means) / scales[:, None]

    def total(values: Floats) -> Floats:
        return np.asarray(np.where(observed, values, 0.0).sum(axis=1))

    sums, sum_error = total(actual), np.abs(total(actual) - total(means)).sum()
    low, _, high = band
    is_banded = observed & np.isfinite(low)
    inside = (actual >= low) & (actual <= high)
    losses = [_pinball(actual, each, share) / scales[:, None] for share, each in zip(QUANTILES, band, strict=True)]
    return Accuracy(
        mae=_mean(error),
        rmse=_mean(error**2) ** 0.5,
        mase=_mean(scaled[np.isfinite(scaled)]),
        relative_mae=_ratio(error.sum(), naive_error.sum()),
        relative_rmse=_ratio((error**2).sum(), (naive_error**2).sum()) ** 0.5,
        relative_sum_error=_ratio(sum_error, np.abs(sums - total(naive)).sum()),
        pinball=_mean(np.mean(losses, axis=0)[is_banded]),
        coverage=_mean(inside[is_banded]),
        bias=_ratio(total(means).sum() - sums.sum(), sums.sum()),
        points=int(observed.sum()),
    )


def _pinball(actual: Floats, quantile: Floats, share: float) -> Floats:
    difference = actual - quantile
    return np.maximum(share * difference, (share - 1) * difference)


def _mean(values: Floats) -> float:
    return float(values.mean()) if len(values) else float("nan")


def _ratio(value: float, base: float) -> float:
    return float(value / base) if base else float("nan")


@dataclass(frozen=True)
class BacktestWindow:
    """Forecasts of the steps after `cutoff`, which were made with what was known then."""

    cutoff: int
    fit: ForecastFit


@dataclass(frozen=True)
class LevelResult:
    """The backtest of a level."""

    windows: tuple[Accuracy, ...]
    """By window, in order of time. Bands come from the errors of earlier windows only."""
    overall: Accuracy
    """Of all windows together."""
    errors: ScaledErrors
    sums: Floats
    """Sums of the history by node; shape (nodes, steps)."""
    errors_of_weeks: ScaledErrors | None
    """Of sums of 7 days; None for weekly series."""


def backtest_cutoffs(steps: int, spacing: int, count: int, shortest: int, first: int) -> list[int]:
    """Return the last windows that start at multiples of `spacing` from step `first`, in order of time.

    Fixed starts let a later run use the forecasts of the windows that it has in common with an earlier one. Each
    window has at least `shortest` steps of history, and half of `spacing` steps to compare.
    """
    offset = first % spacing
    newest = steps - (spacing + 1) // 2
    newest -= (newest - offset) % spacing
    return [each for each in range(newest - (count - 1) * spacing, newest + 1, spacing) if each >= shortest]


def beats_naive(history: SeriesHistory, windows: Sequence[BacktestWindow], level: HierarchyLevel) -> Bools:
    """Return whether the model was better than the seasonal naive forecast for each node, over all windows.

    Better is a product of relative errors below 1: of steps, and of sums over each window; steps alone would favour
    forecasts of nothing for sparse series.
    """
    of_steps, of_sums = np.zeros((2, level.count)), np.zeros((2, level.count))
    for window in windows:
        actual = _actual(history, window)
        for row, forecast in enumerate((window.fit.means, window.fit.naive)):
            difference = np.where(np.isfinite(actual), forecast[:, : actual.shape[1]] - actual, 0.0)
            of_steps[row] += np.bincount(level.nodes, (difference**2).sum(axis=1) * level.factors**2, level.count)
            of_sums[row] += np.bincount(level.nodes, difference.sum(axis=1) * level.factors, level.count) ** 2
    result: Bools = of_steps[0] * of_sums[0] < of_steps[1] * of_sums[1]
    return result


def shown_means(windows: Sequence[BacktestWindow], is_model: Bools) -> list[Floats]:
    """Return the means that are shown: of the model, or seasonal naive ones for series whose model is not better."""
    return [np.where(is_model[:, None], each.fit.means, each.fit.naive) for each in windows]


def evaluate_level(
    history: SeriesHistory, windows: Sequence[BacktestWindow], means: Sequence[Floats], level: HierarchyLevel
) -> LevelResult:
    """Measure the forecasts of a level in each window, with bands from the errors of the windows before it."""
    horizon = windows[0].fit.means.shape[1]
    shape = (len(windows), level.count, horizon)
    actual, forecast, naive = np.full(shape, np.nan), np.full(shape, np.nan), np.full(shape, np.nan)
    band = np.full((len(error_bands.QUANTILES), *shape), np.nan)
    scales, scales_of_weeks = np.ones(shape[:2]), np.ones(shape[:2])
    sums = level.sums(history.values)
    for number, (window, mean) in enumerate(zip(windows, means, strict=True)):
        came = sums[:, window.cutoff : window.cutoff + horizon]
        if history.is_out is not None:
            is_out = history.is_out[:, window.cutoff : window.cutoff + horizon]
            came[:] = _filled(level, came, np.where(is_out, mean[:, : is_out.shape[1]], _actual(history, window)))
        actual[number, :, : came.shape[1]] = came
        forecast[number], naive[number] = level.sums(mean), level.sums(window.fit.naive)
        scales[number] = _or_nan(seasonal_error(sums[:, : window.cutoff], history.grain))
        scales_of_weeks[number] = _or_nan(week_error(sums[:, : window.cutoff]))
    errors = error_bands.scaled_errors(actual, forecast, scales)
    for number in range(len(windows)):
        quantiles = error_bands.step_quantiles(errors.before(number), history.grain.name, horizon)
        band[:, number] = error_bands.bands_around(forecast[number], scales[number], quantiles)
    accuracy = [
        measure_accuracy(actual[each], forecast[each], naive[each], band[:, each], scales[each])
        for each in range(len(windows))
    ]
    flat = (-1, horizon)
    overall = measure_accuracy(
        actual.reshape(flat),
        forecast.reshape(flat),
        naive.reshape(flat),
        band.reshape(len(error_bands.QUANTILES), *flat),
        scales.ravel(),
    )
    of_weeks = None
    if history.grain.days == 1 and horizon >= WEEK_DAYS:
        of_weeks = error_bands.scaled_errors(
            weeks_of(actual), weeks_of(np.where(np.isfinite(actual), forecast, 0)), scales_of_weeks
        )
    return LevelResult(tuple(accuracy), overall, errors, sums, of_weeks)


def _filled(level: HierarchyLevel, came: Floats, values: Floats) -> Floats:
    """Sums of values in which series out of stock have their forecasts: in sums with others, their errors are 0."""
    return np.where(np.isfinite(came), level.sums(values), np.nan)


def weeks_of(days: Floats) -> Floats:
    """Return sums of whole weeks of the last axis; NaN for weeks without any value."""
    count = days.shape[-1] // WEEK_DAYS
    blocks = days[..., : count * WEEK_DAYS].reshape(*days.shape[:-1], count, WEEK_DAYS)
    return np.where(np.isfinite(blocks).any(axis=-1), np.nan_to_num(blocks).sum(axis=-1), np.nan)


def week_error(days: Floats) -> Floats:
    """Return the mean absolute change from week to week in the last year of each series; the scale of sums of weeks."""
    weeks = weeks_of(days[:, -(days.shape[1] // WEEK_DAYS * WEEK_DAYS) :][:, -53 * WEEK_DAYS :])
    return np.asarray(np.fmax(mean_or_zero(np.abs(np.diff(weeks, axis=1))), SMALLEST_ERROR))


def _or_nan(scales: Floats) -> Floats:
    """NaN for nodes without sales before the window: their errors have no scale, and are no part of any pool."""
    return np.where(scales > SMALLEST_ERROR, scales, np.nan)


def _actual(history: SeriesHistory, window: BacktestWindow) -> Floats:
    return history.values[:, window.cutoff : window.cutoff + window.fit.means.shape[1]]
