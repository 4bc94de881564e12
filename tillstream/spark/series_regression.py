"""A linear regression of all series by MLlib: cross-validation, and forecasts after the cutoffs of a backtest."""

from collections.abc import Sequence
from math import ceil
from typing import Any

import numpy as np
import pyarrow as pa

from tillstream.forecasting.feature_table import SERIES_AT_ONCE
from tillstream.forecasting.models.boosted_trees import FEWEST, SAMPLES, SEED
from tillstream.forecasting.models.history import SeriesHistory
from tillstream.forecasting.models.panel import Floats
from tillstream.forecasting.regression import (
    FOLDS,
    Regression,
    RegressionDesign,
    RegressionSetting,
    forecasts_after,
    input_families,
    regression_design,
    sample_forecasts,
)
from tillstream.model.errors import Rejected
from tillstream.spark import series_frame, spark_session
from tillstream.spark.series_frame import GroupFunction, SeriesFrame

_ROW_SCHEMA = "series long, target long, level double, value double, inputs array<double>"
REGRESSION_SETTINGS = [{"regParam": size} for size in (0.001, 0.01, 0.1, 1.0)]
"""Those among which cross-validation chooses: the size of the regularisation of squared coefficients."""


def regress_series(history: SeriesHistory, cutoffs: Sequence[int], horizon: int) -> Regression:
    """Forecast the `horizon` steps after each cutoff, with a model of the rows before it only.

    The settings are those with the smallest error in a cross-validation of the rows before the first
    cutoff, whose folds are spans of time. Runs beside a Spark session. Raises `Rejected` with too few rows, and
    `Unavailable` if Spark fails.
    """
    try:
        return _regress(history, cutoffs, horizon)
    except Rejected:
        raise
    except Exception as error:  # noqa: BLE001 - of Java, which cannot be pickled
        raise spark_session.spark_failure(error) from None


def _regress(history: SeriesHistory, cutoffs: Sequence[int], horizon: int) -> Regression:
    with SeriesFrame(history) as series:
        rows = _frame(series, _past(series.common, horizon, SAMPLES / history.series))
        rows = rows.filter("value IS NOT NULL").cache()
        counts = [rows.filter(rows.target < cutoff).count() for cutoff in cutoffs]
        if counts[0] < FEWEST:
            raise Rejected("There are too few days before the first window of the backtest to train a regression.")
        chosen, tried = _cross_validated(rows.filter(rows.target < cutoffs[0]))
        means, model = {}, None
        for cutoff in cutoffs:
            model = _estimator(**chosen).fit(rows.filter(rows.target < cutoff))
            ahead = model.transform(_frame(series, _ahead(series.common, cutoff, horizon)))
            predicted = ahead.select("series", "target", "level", "prediction").toArrow()
            means[cutoff] = _means(predicted, cutoff, (history.series, horizon))
        shares = _by_family(_reliance(model, rows.filter(rows.target < cutoffs[-1])), input_families(history))
        rows.unpersist()
    return Regression(means, chosen, tuple(tried), shares, tuple(counts))


def _estimator(**settings: Any) -> Any:
    from pyspark.ml.regression import LinearRegression

    return LinearRegression(  # solved directly: one pass over the rows
        labelCol="value", featuresCol="features", weightCol="level", solver="normal", **settings
    )


def _frame(series: SeriesFrame, function: GroupFunction) -> Any:
    """The rows of a function, with their inputs as the vectors of MLlib."""
    from pyspark.ml.functions import array_to_vector

    frame = series.in_chunks(SERIES_AT_ONCE, _ROW_SCHEMA, function)
    return frame.withColumn("features", array_to_vector(frame.inputs)).drop("inputs")


def _past(common: Any, horizon: int, most: float) -> GroupFunction:
    """Past forecasts; most: number of rows for each series."""

    def past(key: tuple[Any, ...], rows: pa.Table) -> pa.Table:
        rows = rows.sort_by("series")
        history = series_frame.history_of(rows, common.value)
        return _table(
            regression_design(
                history, *sample_forecasts(history, horizon, ceil(most * history.series), key[0].as_py())
            ),
            rows,
        )

    return past


def _ahead(common: Any, cutoff: int, horizon: int) -> GroupFunction:
    def ahead(_: tuple[Any, ...], rows: pa.Table) -> pa.Table:
        rows = rows.sort_by("series")
        history = series_frame.history_of(rows, common.value)
        return _table(regression_design(history, *forecasts_after(history, cutoff, horizon)), rows)

    return ahead


def _table(rows: RegressionDesign, series: pa.Table) -> pa.Table:
    return pa.table(
        {
            "series": series.column("series").take(pa.array(rows.rows)),
            "target": pa.array(rows.targets),
            "level": pa.array(rows.levels),
            "value": pa.array(rows.values, mask=np.isnan(rows.values)),
            "inputs": series_frame.lists_of_matrix(rows.inputs),
        }
    )


def _cross_validated(rows: Any) -> tuple[dict[str, float], list[RegressionSetting]]:
    """The settings with the smallest error, and the error of all: MAE of the ratios, weighted by the level."""
    from pyspark.ml.evaluation import RegressionEvaluator
    from pyspark.ml.tuning import CrossValidator
    from pyspark.sql import functions

    first, last = rows.agg(functions.min("target"), functions.max("target")).first()
    share = (functions.col("target") - first) / (last - first + 1)
    folded = rows.withColumn("fold", functions.floor(share * FOLDS).cast("int")).cache()
    estimator = _estimator()
    grid = [{estimator.getParam(name): value for name, value in each.items()} for each in REGRESSION_SETTINGS]
    evaluator = RegressionEvaluator(labelCol="value", weightCol="level", metricName="mae")
    validator = CrossValidator(
        estimator=estimator, estimatorParamMaps=grid, evaluator=evaluator, numFolds=FOLDS, foldCol="fold", seed=SEED
    )
    errors = validator.fit(folded).avgMetrics
    folded.unpersist()
    tried = [RegressionSetting(each, float(error)) for each, error in zip(REGRESSION_SETTINGS, errors, strict=True)]
    return min(tried, key=lambda each: each.error).values, tried


def _reliance(model: Any, rows: Any) -> list[float]:
    """What the model relies on: the size of its coefficients × the standard deviations of their inputs."""
    from pyspark.ml.stat import Summarizer

    deviations = rows.select(Summarizer.std(rows.features)).first()[0]
    return [abs(float(each) * float(scale)) for each, scale in zip(model.coefficients, deviations, strict=True)]


def _means(rows: pa.Table, cutoff: int, shape: tuple[int, int]) -> Floats:
    """Forecasts by series and step, at least 0; NaN for series without a level."""
    series, steps = rows.column("series").to_numpy(), rows.column("target").to_numpy() - cutoff
    means = np.full(shape, np.nan)
    means[series, steps] = np.maximum(rows.column("prediction").to_numpy() * rows.column("level").to_numpy(), 0.0)
    return means


def _by_family(shares: Sequence[float], names: Sequence[str]) -> tuple[tuple[str, float], ...]:
    """Shares of what the model relies on, the largest first."""
    total = sum(shares) or 1.0
    summed = dict.fromkeys(names, 0.0)
    for name, share in zip(names, shares, strict=True):
        summed[name] += share / total
    return tuple(sorted(summed.items(), key=lambda each: (-each[1], each[0])))
