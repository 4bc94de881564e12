"""Backtest by rolling origin: forecasts made with what was known at earlier times, compared with what came."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tillstream.forecasting.evaluation import bands
from tillstream.forecasting.evaluation.accuracy import Accuracy, measure
from tillstream.forecasting.evaluation.bands import Errors
from tillstream.forecasting.evaluation.hierarchy import Level
from tillstream.forecasting.models.ensemble import Fit
from tillstream.forecasting.models.history import History
from tillstream.forecasting.models.panel import Bools, Floats, mean_or_zero
from tillstream.forecasting.models.seasonal_naive import SMALLEST, seasonal_error

WEEK = 7
"""Days of a week."""


@dataclass(frozen=True)
class Window:
    """Forecasts of the steps after `cutoff`, which were made with what was known then."""

    cutoff: int
    fit: Fit


@dataclass(frozen=True)
class LevelResult:
    """The backtest of a level."""

    windows: tuple[Accuracy, ...]
    """By window, in order of time. Bands come from the errors of earlier windows only."""
    overall: Accuracy
    """Of all windows together."""
    errors: Errors
    sums: Floats
    """Sums of the history by node; shape (nodes, steps)."""
    errors_of_weeks: Errors | None
    """Of sums of 7 days; None for weekly series."""


def cutoffs(steps: int, spacing: int, count: int, shortest: int, first: int) -> list[int]:
    """Return the last windows that start at multiples of `spacing` from step `first`, in order of time.

    Fixed starts let a later run use the forecasts of the windows that it has in common with an earlier one. Each
    window has at least `shortest` steps of history, and half of `spacing` steps to compare.
    """
    offset = first % spacing
    newest = steps - (spacing + 1) // 2
    newest -= (newest - offset) % spacing
    return [each for each in range(newest - (count - 1) * spacing, newest + 1, spacing) if each >= shortest]


def beats_naive(history: History, windows: Sequence[Window], level: Level) -> Bools:
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


def shown(windows: Sequence[Window], is_model: Bools) -> list[Floats]:
    """Return the means that are shown: of the model, or seasonal naive ones for series whose model is not better."""
    return [np.where(is_model[:, None], each.fit.means, each.fit.naive) for each in windows]


def evaluate(history: History, windows: Sequence[Window], means: Sequence[Floats], level: Level) -> LevelResult:
    """Measure the forecasts of a level in each window, with bands from the errors of the windows before it."""
    horizon = windows[0].fit.means.shape[1]
    shape = (len(windows), level.count, horizon)
    actual, forecast, naive = np.full(shape, np.nan), np.full(shape, np.nan), np.full(shape, np.nan)
    band = np.full((len(bands.QUANTILES), *shape), np.nan)
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
    errors = bands.errors(actual, forecast, scales)
    for number in range(len(windows)):
        quantiles = bands.step_quantiles(errors.before(number), history.grain.name, horizon)
        band[:, number] = bands.around(forecast[number], scales[number], quantiles)
    accuracy = [
        measure(actual[each], forecast[each], naive[each], band[:, each], scales[each]) for each in range(len(windows))
    ]
    flat = (-1, horizon)
    overall = measure(
        actual.reshape(flat),
        forecast.reshape(flat),
        naive.reshape(flat),
        band.reshape(len(bands.QUANTILES), *flat),
        scales.ravel(),
    )
    of_weeks = None
    if history.grain.days == 1 and horizon >= WEEK:
        of_weeks = bands.errors(weeks_of(actual), weeks_of(np.where(np.isfinite(actual), forecast, 0)), scales_of_weeks)
    return LevelResult(tuple(accuracy), overall, errors, sums, of_weeks)


def _filled(level: Level, came: Floats, values: Floats) -> Floats:
    """Sums of values in which series out of stock have their forecasts: in sums with others, their errors are 0."""
    return np.where(np.isfinite(came), level.sums(values), np.nan)


def weeks_of(days: Floats) -> Floats:
    """Return sums of whole weeks of the last axis; NaN for weeks without any value."""
    count = days.shape[-1] // WEEK
    blocks = days[..., : count * WEEK].reshape(*days.shape[:-1], count, WEEK)
    return np.where(np.isfinite(blocks).any(axis=-1), np.nan_to_num(blocks).sum(axis=-1), np.nan)


def week_error(days: Floats) -> Floats:
    """Return the mean absolute change from week to week in the last year of each series; the scale of sums of weeks."""
    weeks = weeks_of(days[:, -(days.shape[1] // WEEK * WEEK) :][:, -53 * WEEK :])
    return np.asarray(np.fmax(mean_or_zero(np.abs(np.diff(weeks, axis=1))), SMALLEST))


def _or_nan(scales: Floats) -> Floats:
    """NaN for nodes without sales before the window: their errors have no scale, and are no part of any pool."""
    return np.where(scales > SMALLEST, scales, np.nan)


def _actual(history: History, window: Window) -> Floats:
    return history.values[:, window.cutoff : window.cutoff + window.fit.means.shape[1]]
