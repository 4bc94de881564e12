"""Forecasts on Spark: a task for each window of the backtest trains its model, one for each block of stores uses it.

Series are rows of a data frame. What all of them share is broadcast: the calendar, open days, and what was computed
from all series, which are the fitted models and the growth of a year.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.forecasting.models import boosted_trees, ensemble
from tillstream.forecasting.models.ensemble import FORECAST_PARTS, ExplainedFit, ForecastFit, Importance
from tillstream.forecasting.models.history import SeriesHistory, group_series
from tillstream.forecasting.models.panel import Panel
from tillstream.forecasting.models.seasonal_models import growth_of_all
from tillstream.spark import series_frame, spark_session
from tillstream.spark.series_frame import GroupFunction, SeriesFrame, lists_of_matrix, matrix_of_lists
from tillstream.spark.spark_session import SparkProcess

_MODEL_SCHEMA = "cutoff long, model string, growth double, importance string"
_FIT_SCHEMA = (
    "cutoff long, series long, means array<float>, naive array<float>, is_open array<boolean>, parts array<double>"
)


class SparkFitter:
    """A fitter whose fits of all windows of a history are made at once, on Spark."""

    def __init__(self, process: SparkProcess) -> None:
        self._process = process
        self._fits: dict[int, ExplainedFit] = {}

    def make(self, history: SeriesHistory, cutoffs: Sequence[int], horizon: int, newest_cutoff: int) -> None:
        """Make the fits after these cutoffs, and the newest; they replace those of the history before.

        Raises `Unavailable`.
        """
        self._fits = self._process.call(fit_windows, history, cutoffs, horizon, newest_cutoff)

    def fit(self, history: SeriesHistory, horizon: int) -> ForecastFit:  # noqa: ARG002 - the protocol
        """Return the fit after a history that ends at a cutoff of those that were made."""
        return self._fits[history.steps].fit

    def fit_and_explain(self, history: SeriesHistory, horizon: int, newest_cutoff: int) -> ExplainedFit:  # noqa: ARG002
        """Return the newest fit of those that were made."""
        return self._fits[history.steps]


def fit_windows(
    history: SeriesHistory, cutoffs: Sequence[int], horizon: int, newest_cutoff: int
) -> dict[int, ExplainedFit]:
    """Return the fits after these cutoffs, and the newest, by cutoff; only the newest has parts.

    Runs beside a Spark session. Raises `Unavailable` if Spark fails.
    """
    windows = sorted({*cutoffs, history.steps})
    try:
        with SeriesFrame(history) as series:
            function = _train_window(series.common, horizon, newest_cutoff)
            trained = series.grouped(sorted({*windows, newest_cutoff}), (), _MODEL_SCHEMA, function).to_pylist()
            models = series.broadcast({each["cutoff"]: (each["model"], each["growth"]) for each in trained})
            forecasts = series.grouped(
                windows, ("block",), _FIT_SCHEMA, _forecast_block(series.common, models, horizon)
            )
    except Exception as error:  # noqa: BLE001 - of Java, which cannot be pickled
        raise spark_session.spark_failure(error) from None
    relied_on = next(json.loads(each["importance"]) for each in trained if each["cutoff"] == newest_cutoff)
    importance = tuple(Importance(*family) for family in relied_on)
    return {
        cutoff: _fit_of_rows(forecasts.filter(pc.equal(forecasts.column("cutoff"), cutoff)), importance)
        for cutoff in windows
    }


def _train_window(common: Any, horizon: int, newest_cutoff: int) -> GroupFunction:
    """Train the model of a cutoff, and compute the growth of all series; of the newest cutoff before the end of the
    history, also the importance."""

    def train(key: tuple[Any, ...], table: pa.Table) -> pa.Table:
        cutoff = key[0].as_py()
        history = series_frame.history_of(table, common.value)
        panel, _ = group_series(history.until(cutoff, horizon))
        trees = boosted_trees.fit_trees(panel, horizon)
        relied_on = ensemble.importance_of_history(history, horizon, cutoff, trees) if cutoff == newest_cutoff else ()
        return pa.table(
            {
                "cutoff": pa.array([cutoff], pa.int64()),
                "model": pa.array([trees.model.model_to_string() if trees else None], pa.string()),
                "growth": pa.array([growth_of_all(panel)]),
                "importance": pa.array([json.dumps([(each.family, each.growth) for each in relied_on])]),
            }
        )

    return train


def _forecast_block(common: Any, models: Any, horizon: int) -> GroupFunction:
    """Forecast the series of a block after a cutoff; the newest forecasts also have their parts."""

    def forecast(key: tuple[Any, ...], table: pa.Table) -> pa.Table:
        cutoff = key[0].as_py()
        whole = series_frame.history_of(table, common.value)
        history = whole.until(cutoff, horizon)
        panel, grouping = group_series(history)
        panel = _of_own_stores(panel)
        model, of_all = models.value[cutoff]
        trees = boosted_trees.load_trees(model, panel) if model else None
        parts = np.zeros((history.series, 0))
        if cutoff == whole.steps:
            fit, of_series = ensemble.explain_fit(panel, grouping, horizon, trees, of_all)
            parts = of_series.transpose(1, 0, 2).reshape(history.series, -1)
        else:
            fit = ensemble.combine_members(panel, horizon, trees, of_all).of_series(grouping)
        return pa.table(
            {
                "cutoff": pa.array(np.full(history.series, cutoff)),
                "series": table.sort_by("series").column("series"),
                "means": lists_of_matrix(fit.means),
                "naive": lists_of_matrix(fit.naive),
                "is_open": lists_of_matrix(fit.is_open),
                "parts": lists_of_matrix(parts),
            }
        )

    return forecast


def _of_own_stores(panel: Panel) -> Panel:
    """The panel without the stores that none of its series is of."""
    own, stores = np.unique(panel.stores, return_inverse=True)
    return replace(panel, stores=stores.astype(np.int64), is_open=panel.is_open[own])


def _fit_of_rows(table: pa.Table, importance: tuple[Importance, ...]) -> ExplainedFit:
    """The fit of rows of one cutoff."""
    table = table.sort_by("series")
    parts = matrix_of_lists(table, "parts").reshape(table.num_rows, len(FORECAST_PARTS), -1).transpose(1, 0, 2)
    fit = ForecastFit(
        matrix_of_lists(table, "means"), matrix_of_lists(table, "naive"), matrix_of_lists(table, "is_open")
    )
    return ExplainedFit(fit, parts, importance)
