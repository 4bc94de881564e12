"""Other methods that forecast the rows of a data set in its windows."""

import subprocess
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from bench.forecasting.data_sets import DataSet
from tillstream.forecasting.models.history import SeriesHistory, group_series
from tillstream.forecasting.models.panel import Bools, Floats, Grain, divide, mean_or_nan
from tillstream.forecasting.models.seasonal_models import seasonal_naive

Method = Callable[[DataSet], list[Floats]]
"""Returns forecasts of each window that is compared, shape (rows, horizon); none if the history is too short."""
ROOT = Path(__file__).resolve().parents[2]
PEER_PYTHON = ROOT / ".venv-forecast-peers" / "bin" / "python"
"""statsforecast has an environment of its own, as it needs an older pandas than the product."""


def last_year(data: DataSet) -> list[Floats]:
    """The same steps a year ago × the recent level ÷ that of a year ago; of days, the mean of three weeks around."""
    scaled = [_last_year(data.history.until(each, data.horizon), data.horizon) for each in data.cutoffs]
    if not any(np.isfinite(each).any() for each in scaled):
        return []
    return [
        data.shown.rows(np.where(np.isfinite(each), each, _naive(data, cutoff)))
        for each, cutoff in zip(scaled, data.cutoffs, strict=True)
    ]


def auto_ets(data: DataSet) -> list[Floats]:
    """AutoETS of statsforecast, a model of each row; NaN on weekdays that are never open.

    It needs a value at every step, so these weekdays are left out of its season.
    """
    rows, horizon = data.shown.rows(data.history.values), data.horizon
    of_season = open_steps(rows[:, : data.cutoffs[0]], data.history.grain)
    is_regular = np.resize(of_season, data.history.steps + horizon)
    season = int(of_season.sum())
    histories = [without_gaps(rows[:, :each][:, is_regular[:each]], season) for each in data.cutoffs]
    forecasts = [np.full((len(rows), horizon), np.nan) for _ in data.cutoffs]
    for forecast, means, cutoff in zip(forecasts, _means(histories, season, horizon), data.cutoffs, strict=True):
        steps = is_regular[cutoff : cutoff + horizon]
        forecast[:, steps] = np.maximum(means[:, : steps.sum()], 0.0)
    return forecasts


LAST_YEAR = "last year × recent level"
SIMPLE: Mapping[str, Method] = {LAST_YEAR: last_year}
ALL: Mapping[str, Method] = {**SIMPLE, "AutoETS": auto_ets}


def open_steps(values: Floats, grain: Grain) -> Bools:
    """Return which steps of a season have sales at all, in order from the first step of the history."""
    return np.array([np.isfinite(values[:, step :: grain.season]).any() for step in range(grain.season)])


def without_gaps(values: Floats, season: int) -> Floats:
    """Return series in which a missing value after the first is that of the season before, or else of the step before.

    Before the first value of a series it stays NaN.
    """
    filled = values.copy()
    for step in range(1, values.shape[1]):
        source = filled[:, step - season] if step >= season else filled[:, step - 1]
        source = np.where(np.isfinite(source), source, filled[:, step - 1])
        filled[:, step] = np.where(np.isfinite(filled[:, step]), filled[:, step], source)
    return filled


def _means(histories: list[Floats], season: int, horizon: int) -> list[Floats]:
    """Forecast the steps after each history in the environment of the peers; shape (rows, horizon) each."""
    with tempfile.TemporaryDirectory(prefix="tillstream-peers-") as folder:
        task, result = Path(folder) / "task.npz", Path(folder) / "result.npz"
        names = [f"window_{number}" for number in range(len(histories))]
        arrays = dict(zip(names, histories, strict=True))
        np.savez(task, allow_pickle=False, season=season, horizon=horizon, **arrays)
        subprocess.run([PEER_PYTHON, "-m", "bench.peers.auto_ets", task, result], check=True, cwd=ROOT)
        with np.load(result) as means:
            return [means[name] for name in names]


def _last_year(history: SeriesHistory, horizon: int) -> Floats:
    panel, _ = group_series(replace(history, can_be_sparse=False))
    grain, rows = panel.grain, np.arange(panel.series)
    last = np.full(panel.series, panel.steps - 1)
    now, before = (panel.mean(rows, each, grain.recent) for each in (last, last - grain.year))
    same = panel.steps + np.arange(horizon) - grain.year
    weeks = (-7, 0, 7) if grain.days == 1 else (0,)
    around = np.array([
        panel.at(np.repeat(rows, horizon), np.tile(same + each, panel.series)).reshape(panel.series, horizon)
        for each in weeks
    ])  # fmt: skip
    return mean_or_nan(around) * divide(now, before)[:, None]


def _naive(data: DataSet, cutoff: int) -> Floats:
    panel, _ = group_series(replace(data.history.until(cutoff, data.horizon), can_be_sparse=False))
    return seasonal_naive(panel, data.horizon)
