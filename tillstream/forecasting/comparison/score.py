"""Compares the backtest of the forecasts with forecasts of another method, at the same cutoffs and levels."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from tillstream.forecasting import levels
from tillstream.forecasting.comparison.regression import Regression
from tillstream.forecasting.compute import PLANS, Fitter, window_starts
from tillstream.forecasting.evaluation import backtest
from tillstream.forecasting.evaluation.accuracy import Accuracy
from tillstream.forecasting.evaluation.backtest import Window
from tillstream.forecasting.evaluation.hierarchy import PLACES
from tillstream.forecasting.feature_table.columns import KEYS
from tillstream.forecasting.feature_table.table import keys_of
from tillstream.forecasting.models.history import History
from tillstream.forecasting.models.panel import DAY, Floats
from tillstream.forecasting.sales.series import Series

FORECAST, REGRESSION, NAIVE = "forecast", "regression", "last week"
METHODS = (FORECAST, REGRESSION, NAIVE)
COLUMNS = {FORECAST: "forecast", REGRESSION: "regression", NAIVE: "last_week"}
MEASURES = ("mae", "rmse", "relative_mae", "relative_sum_error", "bias", "points")
Regress = Callable[[History, Sequence[int], int], Regression]
"""A history, cutoffs and a horizon → forecasts after each cutoff."""


@dataclass(frozen=True)
class Comparison:
    """The backtest of several methods."""

    cutoffs: tuple[int, ...]
    windows: tuple[dict[str, Any], ...]
    """A row for each level, method and window, and one without `cutoff_date` for all windows together."""
    regression: Regression
    means: Mapping[str, Sequence[Floats]]
    """By method: for each cutoff, shape (series, horizon)."""


def compare(series: Series, target: str, currency: str, horizon: int, fitter: Fitter, regress: Regress) -> Comparison:
    """Compare the forecasts of daily series with those of a regression, and with last week again.

    currency: the reporting one. Closed days are 0 in all methods; a series that sold nothing before has last week in
    the regression. Raises `NotEnoughData`.
    """
    history = series.history
    plan = replace(PLANS[history.grain.name], horizon=horizon)
    cutoffs = window_starts(history, plan)
    windows = [Window(each, fitter.fit(history.until(each, horizon), horizon)) for each in cutoffs]
    regression = regress(history, cutoffs, horizon)
    nodes = [levels.nodes(series, name, currency).level for name in levels.TARGETS[target]]
    cells = next(each for each in nodes if each.name == levels.CELLS)
    is_model = backtest.beats_naive(history, windows, cells)[cells.nodes]
    means: dict[str, list[Floats]] = {
        FORECAST: [*backtest.shown(windows, is_model)],
        REGRESSION: [_of_regression(each, regression.means[each.cutoff]) for each in windows],
        NAIVE: [each.fit.naive.astype(np.float64) for each in windows],
    }
    rows = [
        _row(history, level.name, name, cutoff, accuracy)
        for level in nodes
        for name in METHODS
        for cutoff, accuracy in _accuracies(backtest.evaluate(history, windows, means[name], level), cutoffs)
    ]
    return Comparison(tuple(cutoffs), tuple(rows), regression, means)


def predictions(series: Series, comparison: Comparison) -> Iterator[pa.Table]:
    """Yield the forecasts of each window: a row for each series and day, with what came; NULL if it is not observed."""
    history = series.history
    keys = keys_of(series.keys)
    for number, cutoff in enumerate(comparison.cutoffs):
        horizon = comparison.means[FORECAST][number].shape[1]
        came = np.full((history.series, horizon), np.nan)
        observed = history.values[:, cutoff : cutoff + horizon]
        came[:, : observed.shape[1]] = observed
        rows = pa.array(np.repeat(np.arange(history.series), horizon))
        days = history.days[cutoff : cutoff + horizon].astype("datetime64[D]")
        yield pa.table(
            {name: keys[name].take(rows) for name in KEYS}
            | {
                "cutoff_date": pa.array(np.full(len(rows), days[0] - DAY), pa.date32()),
                "day": pa.array(np.tile(days, history.series), pa.date32()),
                "actual": pa.array(came.ravel(), mask=np.isnan(came.ravel())),
            }
            | {COLUMNS[name]: pa.array(_rounded(comparison.means[name][number])) for name in METHODS}
        )


def _rounded(means: Floats) -> Floats:
    """As sums over levels round them."""
    return np.round(means.astype(np.float64).ravel(), PLACES)


def _of_regression(window: Window, means: Floats) -> Floats:
    predicted = np.where(np.isfinite(means), means, window.fit.naive)
    return np.where(window.fit.is_open, predicted, 0.0)


def _accuracies(tested: backtest.LevelResult, cutoffs: Sequence[int]) -> Iterator[tuple[int | None, Accuracy]]:
    yield from zip(cutoffs, tested.windows, strict=True)
    yield None, tested.overall


def _row(history: History, level: str, method: str, cutoff: int | None, accuracy: Accuracy) -> dict[str, Any]:
    day = None if cutoff is None else (history.days[cutoff] - DAY).astype("datetime64[D]").item()
    values = {name: getattr(accuracy, name) for name in MEASURES}
    measures = {name: value if np.isfinite(value) else None for name, value in values.items()}
    return {"level": level, "method": method, "cutoff_date": day} | measures
