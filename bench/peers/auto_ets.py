"""AutoETS of statsforecast: `python -m bench.peers.auto_ets TASK RESULT` forecasts the series of `bench.forecasting`.

TASK is an .npz file with the numbers `season` and `horizon`, and arrays of shape (series, steps), NaN before the first
value of a series. RESULT gets an array of the same name for each: the means, shape (series, horizon).
"""

import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import numpy as np
import numpy.typing as npt
from statsforecast.models import AutoETS

Floats = npt.NDArray[np.float64]


def main(task: str, result: str) -> None:
    with np.load(task) as file:
        arrays = dict(file)
    season, horizon = int(arrays.pop("season")), int(arrays.pop("horizon"))
    with ProcessPoolExecutor() as pool:
        model = partial(forecast, season=season, horizon=horizon)
        means = {name: np.array(list(pool.map(model, series, chunksize=8))) for name, series in arrays.items()}
    np.savez(result, allow_pickle=False, **means)


def forecast(series: Floats, season: int, horizon: int) -> Floats:
    """Return the means after a series."""
    values = series[np.isfinite(series)]
    means: Floats = AutoETS(season_length=season).forecast(y=values, h=horizon)["mean"]
    return means


if __name__ == "__main__":
    main(*sys.argv[1:3])
