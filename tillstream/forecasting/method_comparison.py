"""The backtest of the forecasts compared with another method at the same cutoffs and levels, also as files."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tillstream.forecasting import backtest, levels
from tillstream.forecasting.backtest import Accuracy, BacktestWindow
from tillstream.forecasting.compute import FORECAST_PLANS, Fitter, window_starts
from tillstream.forecasting.feature_table import KEY_NAMES, key_columns
from tillstream.forecasting.levels import SUM_PLACES
from tillstream.forecasting.models.history import SeriesHistory
from tillstream.forecasting.models.panel import DAY, Floats
from tillstream.forecasting.regression import Regression
from tillstream.forecasting.sales_series import SalesSeries
from tillstream.model.errors import Rejected

FORECAST, REGRESSION, NAIVE = "forecast", "regression", "last week"
METHODS = (FORECAST, REGRESSION, NAIVE)
METHOD_COLUMNS = {FORECAST: "forecast", REGRESSION: "regression", NAIVE: "last_week"}
MEASURES = ("mae", "rmse", "relative_mae", "relative_sum_error", "bias", "points")
Regress = Callable[[SeriesHistory, Sequence[int], int], Regression]
"""A history, cutoffs and a horizon → forecasts after each cutoff."""

REPORT_FILE, PREDICTIONS_FILE = "comparison.json", "predictions.parquet"


@dataclass(frozen=True)
class MethodComparison:
    """The backtest of several methods."""

    cutoffs: tuple[int, ...]
    windows: tuple[dict[str, Any], ...]
    """A row for each level, method and window, and one without `cutoff_date` for all windows together."""
    regression: Regression
    means: Mapping[str, Sequence[Floats]]
    """By method: for each cutoff, shape (series, horizon)."""


def compare_methods(
    series: SalesSeries, target: str, currency: str, horizon: int, fitter: Fitter, regress: Regress
) -> MethodComparison:
    """Compare the forecasts of daily series with those of a regression, and with last week again.

    currency: the reporting one. Closed days are 0 in all methods; a series that sold nothing before has last week in
    the regression. Raises `NotEnoughData`.
    """
    history = series.history
    plan = replace(FORECAST_PLANS[history.grain.name], horizon=horizon)
    cutoffs = window_starts(history, plan)
    windows = [BacktestWindow(each, fitter.fit(history.until(each, horizon), horizon)) for each in cutoffs]
    regression = regress(history, cutoffs, horizon)
    nodes = [levels.level_nodes(series, name, currency).level for name in levels.LEVELS_OF_TARGETS[target]]
    cells = next(each for each in nodes if each.name == levels.CELL_LEVEL)
    is_model = backtest.beats_naive(history, windows, cells)[cells.nodes]
    means: dict[str, list[Floats]] = {
        FORECAST: [*backtest.shown_means(windows, is_model)],
        REGRESSION: [_of_regression(each, regression.means[each.cutoff]) for each in windows],
        NAIVE: [each.fit.naive.astype(np.float64) for each in windows],
    }
    rows = [
        _row(history, level.name, name, cutoff, accuracy)
        for level in nodes
        for name in METHODS
        for cutoff, accuracy in _accuracies(backtest.evaluate_level(history, windows, means[name], level), cutoffs)
    ]
    return MethodComparison(tuple(cutoffs), tuple(rows), regression, means)


def backtest_predictions(series: SalesSeries, comparison: MethodComparison) -> Iterator[pa.Table]:
    """Yield the forecasts of each window: a row for each series and day, with what came; NULL if it is not observed."""
    history = series.history
    keys = key_columns(series.keys)
    for number, cutoff in enumerate(comparison.cutoffs):
        horizon = comparison.means[FORECAST][number].shape[1]
        came = np.full((history.series, horizon), np.nan)
        observed = history.values[:, cutoff : cutoff + horizon]
        came[:, : observed.shape[1]] = observed
        rows = pa.array(np.repeat(np.arange(history.series), horizon))
        days = history.days[cutoff : cutoff + horizon].astype("datetime64[D]")
        yield pa.table(
            {name: keys[name].take(rows) for name in KEY_NAMES}
            | {
                "cutoff_date": pa.array(np.full(len(rows), days[0] - DAY), pa.date32()),
                "day": pa.array(np.tile(days, history.series), pa.date32()),
                "actual": pa.array(came.ravel(), mask=np.isnan(came.ravel())),
            }
            | {METHOD_COLUMNS[name]: pa.array(_rounded(comparison.means[name][number])) for name in METHODS}
        )


def _rounded(means: Floats) -> Floats:
    """As sums over levels round them."""
    return np.round(means.astype(np.float64).ravel(), SUM_PLACES)


def _of_regression(window: BacktestWindow, means: Floats) -> Floats:
    predicted = np.where(np.isfinite(means), means, window.fit.naive)
    return np.where(window.fit.is_open, predicted, 0.0)


def _accuracies(tested: backtest.LevelResult, cutoffs: Sequence[int]) -> Iterator[tuple[int | None, Accuracy]]:
    yield from zip(cutoffs, tested.windows, strict=True)
    yield None, tested.overall


def _row(history: SeriesHistory, level: str, method: str, cutoff: int | None, accuracy: Accuracy) -> dict[str, Any]:
    day = None if cutoff is None else (history.days[cutoff] - DAY).astype("datetime64[D]").item()
    values = {name: getattr(accuracy, name) for name in MEASURES}
    measures = {name: value if np.isfinite(value) else None for name, value in values.items()}
    return {"level": level, "method": method, "cutoff_date": day} | measures


def write_comparison(folder: str, report: dict[str, Any], series: SalesSeries, comparison: MethodComparison) -> None:
    """Write both files; they replace those of an earlier comparison. report: JSON.

    Raises `Rejected` if the folder cannot be written.
    """
    tables = backtest_predictions(series, comparison)
    first = next(tables)
    path = Path(folder)
    try:
        path.mkdir(parents=True, exist_ok=True)
        draft = path / f".{PREDICTIONS_FILE}"
        with pq.ParquetWriter(draft, first.schema, compression="zstd") as writer:
            writer.write_table(first)
            for table in tables:
                writer.write_table(table)
        draft.replace(path / PREDICTIONS_FILE)
        (path / REPORT_FILE).write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise Rejected(f"{folder} cannot be written: {error.strerror or error}.") from error
