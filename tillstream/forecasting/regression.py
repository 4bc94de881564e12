"""A regression of all series: its inputs as ratios to the level of their series, and what it returns."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tillstream.forecasting.feature_table import LAGS, FeatureInputs
from tillstream.forecasting.models.boosted_trees import HIGHEST, SEED
from tillstream.forecasting.models.features import regressor_names
from tillstream.forecasting.models.history import SeriesHistory
from tillstream.forecasting.models.panel import Floats, Ints

WEEKDAY_INPUTS = tuple(f"weekday_{day}" for day in range(7))
RATIO_INPUTS = (*(f"lag_{lag}" for lag in LAGS), "mean_7")
"""Columns that are divided by the level; 1 where there is no value."""
FLAG_INPUTS = (*(f"lag_{lag}_is_outlier" for lag in LAGS), "bridge")
OTHER_INPUTS = ("season_sin", "season_cos", "days_out_of_stock")
INPUT_NAMES = (*WEEKDAY_INPUTS, *RATIO_INPUTS, *FLAG_INPUTS, *OTHER_INPUTS, "is_holiday", "days_ahead", "log_level")

FOLDS = 3
"""Number of spans of time of the cross-validation."""


@dataclass(frozen=True)
class RegressionDesign:
    """Rows of a regression. Shapes: (rows, names) and (rows,)."""

    inputs: Floats
    levels: Floats
    """Level of the series on the latest known day. Rows of series without a level are left out."""
    rows: Ints
    """Series of each row."""
    targets: Ints
    """Step of each row."""
    values: Floats
    """What was sold, ÷ level and at most `HIGHEST`; NaN where nothing is observed or the step is not past."""


def input_names(history: SeriesHistory) -> list[str]:
    """Return the names of the inputs; prices, promotions and outside series of the history are the last."""
    return [*INPUT_NAMES, *_plans(history)]


def input_families(history: SeriesHistory) -> list[str]:
    """Return what each input is about, as the inputs of a weekday are about one thing."""
    return ["weekday" if each in WEEKDAY_INPUTS else each for each in input_names(history)]


def regression_design(history: SeriesHistory, rows: Ints, origins: Ints, targets: Ints) -> RegressionDesign:
    """Return the rows of a regression of daily series. Arguments as of `FeatureInputs.values`."""
    columns = FeatureInputs(history).values(rows, origins, targets)
    chosen = np.isfinite(columns["level"])
    rows, targets, ahead = rows[chosen], targets[chosen], (targets - origins)[chosen]
    columns = {name: values[chosen] for name, values in columns.items()}
    level = columns["level"]
    inputs = [
        *(columns["weekday"] == np.arange(7)[:, None]).astype(np.float64),
        *(np.nan_to_num(columns[name] / level, nan=1.0) for name in RATIO_INPUTS),
        *(np.nan_to_num(columns[name]) for name in (*FLAG_INPUTS, *OTHER_INPUTS)),
        (columns["holiday"] > 0).astype(np.float64),
        ahead.astype(np.float64),
        np.log1p(level),
        *(np.nan_to_num(columns[name]) for name in _plans(history)),
    ]
    past = np.minimum(targets, history.steps - 1)
    values = np.where(targets < history.steps, history.values[rows, past], np.nan)
    return RegressionDesign(np.column_stack(inputs), level, rows, targets, np.clip(values / level, 0.0, HIGHEST))


def sample_forecasts(history: SeriesHistory, horizon: int, most: int, seed: int) -> tuple[Ints, Ints, Ints]:
    """Return series, origins and targets of past forecasts up to a horizon: all of them, or `most` at random."""
    first = history.grain.recent - 1
    count = max(history.steps - 1 - first, 0)
    total = history.series * count * horizon
    chosen: Ints = np.arange(total)
    if total > most:
        chosen = np.random.default_rng([SEED, seed]).integers(0, total, most)
    rows, rest = np.divmod(chosen, max(count * horizon, 1))
    origins, ahead = np.divmod(rest, horizon)
    origins, targets = origins + first, origins + first + ahead + 1
    inside = targets < history.steps
    return rows[inside], origins[inside], targets[inside]


def forecasts_after(history: SeriesHistory, cutoff: int, horizon: int) -> tuple[Ints, Ints, Ints]:
    """Return series, origins and targets of forecasts of the steps after `cutoff` steps."""
    rows, ahead = (each.ravel() for each in np.indices((history.series, horizon)))
    return rows, np.full(len(rows), cutoff - 1), cutoff + ahead


def _plans(history: SeriesHistory) -> list[str]:
    return [name for each in history.regressors for name in regressor_names(each)]


@dataclass(frozen=True)
class RegressionSetting:
    """Values of the settings, and their mean error in the cross-validation: MAE ÷ level."""

    values: dict[str, float]
    error: float


@dataclass(frozen=True)
class Regression:
    """Forecasts of a regression, and how it was trained."""

    means: Mapping[int, Floats]
    """By cutoff; shape (series, horizon). NaN for series that sold nothing before."""
    settings: dict[str, float]
    tried: tuple[RegressionSetting, ...]
    importance: tuple[tuple[str, float], ...]
    """Share of each kind of input in what the model before the last cutoff relies on, the largest first."""
    rows: tuple[int, ...]
    """Number of training rows before each cutoff."""
