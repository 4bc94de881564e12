"""One gradient-boosted model of all series and horizons. The only module that imports LightGBM."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tillstream.forecasting.models import features
from tillstream.forecasting.models.panel import Floats, Ints, Panel
from tillstream.model.errors import Rejected

if TYPE_CHECKING:
    from lightgbm import Booster

SAMPLES = 200_000
"""Maximum number of past forecasts in the training data."""
TREES = 150
SEED = 7
HIGHEST = 20.0
"""Values are learnt up to this multiple of the level: larger ones are single events."""
SERIES = 256
"""Number of series that are predicted together."""
LOWEST = 1e-8
"""Series with a lower level have nothing to learn from."""
FEWEST = 80
"""Number of past forecasts from which on there is a model."""
PARAMETERS: Mapping[str, Any] = {
    "objective": "tweedie",  # means of what is 0 or positive, also of sparse sales
    "learning_rate": 0.06,
    "num_leaves": 31,
    "min_data_in_leaf": 20,
    "feature_fraction": 0.8,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambda_l2": 1.0,
    "seed": SEED,
    "deterministic": True,
    "num_threads": 1,  # two threads wait for each other by spinning: on a busy machine a fit takes ten times as long
    "force_row_wise": True,
    "verbose": -1,
}


@dataclass(frozen=True)
class BoostedTrees:
    """A fitted model, and the calendar of the panel that it was fitted to."""

    model: "Booster"
    days: Floats

    def predict(self, panel: Panel, horizon: int, days: Floats | None = None) -> Floats:
        """Return means of the steps after the panel; `days` replaces the calendar features."""
        means = np.empty((panel.series, horizon))
        for start in range(0, panel.series, SERIES):
            end = min(start + SERIES, panel.series)
            rows, horizons = (each.ravel() for each in np.indices((end - start, horizon)))
            origins = np.full(len(rows), panel.steps - 1)
            matrix = features.feature_matrix(
                panel, start + rows, origins, horizons + 1, self.days if days is None else days
            )
            ratios = self.ratios(matrix)
            means[start:end] = ratios.reshape(end - start, horizon) * panel.levels[start:end, -1:]
        return means

    def ratios(self, matrix: NDArray[np.float32]) -> Floats:
        """Return means ÷ levels, from features; shape (forecasts,)."""
        return np.asarray(self.model.predict(matrix, num_threads=PARAMETERS["num_threads"]))


class MissingLibrary(Rejected):
    """LightGBM needs a library of the system that is not installed."""


def _lightgbm() -> Any:
    try:
        import lightgbm
    except OSError as error:  # its wheels do not contain OpenMP, and a minimal Linux does not either
        raise MissingLibrary(
            f"Forecasts need the library of OpenMP, which is not on this machine ({error}). On Debian and Ubuntu, run: "
            "sudo apt install libgomp1 (on macOS: brew install libomp). Then run: tillstream forecast run"
        ) from error
    return lightgbm


def fit_trees(panel: Panel, horizon: int) -> BoostedTrees | None:
    """Fit the ratio of later values to the level of their series; None if the history is too short.

    Raises `MissingLibrary`.
    """
    lightgbm = _lightgbm()
    days = calendar_of_panel(panel)
    rows, origins, horizons = _samples(panel, horizon)
    values, level = panel.at(rows, origins + horizons), panel.levels[rows, origins]
    fitting = np.isfinite(values) & np.isfinite(level) & (level > LOWEST)
    if fitting.sum() < FEWEST:
        return None
    rows, origins, horizons = rows[fitting], origins[fitting], horizons[fitting]
    ratios = np.clip(values[fitting] / level[fitting], 0.0, HIGHEST)
    matrix = features.feature_matrix(panel, rows, origins, horizons, days)
    names = features.feature_names(panel)
    learnt = lightgbm.Dataset(
        matrix,
        ratios,
        feature_name=names,
        categorical_feature=[name for name in names if name.startswith("attribute_")],
        params={"verbose": -1},
    ).construct()
    del matrix  # binned by now
    return BoostedTrees(lightgbm.train(dict(PARAMETERS), learnt, TREES), days)


def load_trees(model: str, panel: Panel) -> BoostedTrees:
    """Return a model from its text, with the calendar of a panel. Raises `MissingLibrary`."""
    return BoostedTrees(_lightgbm().Booster(model_str=model), calendar_of_panel(panel))


def calendar_of_panel(panel: Panel) -> Floats:
    """Calendar features by country; shape (countries, steps + steps ahead, features)."""
    return np.stack([features.calendar_features(panel.days, panel.grain, each) for each in panel.holidays])


def _samples(panel: Panel, horizon: int) -> tuple[Ints, Ints, Ints]:
    """Series, last known steps and horizons of past forecasts: all of them, or a sample of `SAMPLES`."""
    first = panel.grain.recent
    count = panel.steps - 1 - first
    if count < 1:
        return (np.zeros(0, dtype=np.int64),) * 3
    total = panel.series * count * horizon
    everything = total <= SAMPLES
    chosen: Ints = np.arange(total) if everything else np.random.default_rng(SEED).integers(0, total, SAMPLES)
    rows, rest = np.divmod(chosen, count * horizon)
    origins, horizons = np.divmod(rest, horizon)
    origins, horizons = origins + first, horizons + 1
    inside = origins + horizons < panel.steps
    return rows[inside], origins[inside], horizons[inside]
