"""The inputs and the target of a regression of all series: the features as ratios to the level of their series."""

from dataclasses import dataclass

import numpy as np

from tillstream.forecasting.feature_table.columns import LAGS
from tillstream.forecasting.feature_table.inputs import Inputs
from tillstream.forecasting.models.boosted_trees import HIGHEST, SEED
from tillstream.forecasting.models.features import regressor_names
from tillstream.forecasting.models.history import History
from tillstream.forecasting.models.panel import Floats, Ints

WEEKDAYS = tuple(f"weekday_{day}" for day in range(7))
RATIOS = (*(f"lag_{lag}" for lag in LAGS), "mean_7")
"""Columns that are divided by the level; 1 where there is no value."""
FLAGS = (*(f"lag_{lag}_is_outlier" for lag in LAGS), "bridge")
OTHERS = ("season_sin", "season_cos", "days_out_of_stock")
NAMES = (*WEEKDAYS, *RATIOS, *FLAGS, *OTHERS, "is_holiday", "days_ahead", "log_level")


@dataclass(frozen=True)
class Design:
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


def names(history: History) -> list[str]:
    """Return the names of the inputs; prices, promotions and outside series of the history are the last."""
    return [*NAMES, *_plans(history)]


def families(history: History) -> list[str]:
    """Return what each input is about, as the inputs of a weekday are about one thing."""
    return ["weekday" if each in WEEKDAYS else each for each in names(history)]


def design(history: History, rows: Ints, origins: Ints, targets: Ints) -> Design:
    """Return the rows of a regression of daily series. Arguments as of `Inputs.values`."""
    columns = Inputs(history).values(rows, origins, targets)
    chosen = np.isfinite(columns["level"])
    rows, targets, ahead = rows[chosen], targets[chosen], (targets - origins)[chosen]
    columns = {name: values[chosen] for name, values in columns.items()}
    level = columns["level"]
    inputs = [
        *(columns["weekday"] == np.arange(7)[:, None]).astype(np.float64),
        *(np.nan_to_num(columns[name] / level, nan=1.0) for name in RATIOS),
        *(np.nan_to_num(columns[name]) for name in (*FLAGS, *OTHERS)),
        (columns["holiday"] > 0).astype(np.float64),
        ahead.astype(np.float64),
        np.log1p(level),
        *(np.nan_to_num(columns[name]) for name in _plans(history)),
    ]
    past = np.minimum(targets, history.steps - 1)
    values = np.where(targets < history.steps, history.values[rows, past], np.nan)
    return Design(np.column_stack(inputs), level, rows, targets, np.clip(values / level, 0.0, HIGHEST))


def sample(history: History, horizon: int, most: int, seed: int) -> tuple[Ints, Ints, Ints]:
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


def after(history: History, cutoff: int, horizon: int) -> tuple[Ints, Ints, Ints]:
    """Return series, origins and targets of forecasts of the steps after `cutoff` steps."""
    rows, ahead = (each.ravel() for each in np.indices((history.series, horizon)))
    return rows, np.full(len(rows), cutoff - 1), cutoff + ahead


def _plans(history: History) -> list[str]:
    return [name for each in history.regressors for name in regressor_names(each)]
