"""Fits of one time: work of seconds and megabytes, for a process of its own. Calls are plain functions of arrays."""

from dataclasses import dataclass

import numpy as np

from tillstream.forecasting.models import boosted_trees, ensemble, explanation
from tillstream.forecasting.models.ensemble import TREES_SHARE, Fit
from tillstream.forecasting.models.explanation import Importance
from tillstream.forecasting.models.history import History, group
from tillstream.forecasting.models.panel import Floats


@dataclass(frozen=True)
class Explained:
    """The newest fit and why it is what it is."""

    fit: Fit
    parts: Floats
    """Shape (`explanation.PARTS`, series, horizon)."""
    importance: tuple[Importance, ...]


def fit(history: History, horizon: int) -> Fit:
    """Forecast the steps after a history."""
    panel, grouping = group(history)
    return ensemble.fit(panel, horizon).of_series(grouping)


def fit_and_explain(history: History, horizon: int, newest_cutoff: int) -> Explained:
    """Forecast the steps after a history; the importance of features is that of a fit of `newest_cutoff`."""
    panel, grouping = group(history.until(newest_cutoff, horizon))
    earlier = boosted_trees.fit(panel, horizon)
    came = grouping.collect(history.values[:, newest_cutoff : newest_cutoff + horizon])
    importance = explanation.importance(earlier, panel, came) if earlier else []
    panel, grouping = group(history)
    trees = boosted_trees.fit(panel, horizon)
    modelled = ensemble.combine(panel, horizon, trees)
    parts = explanation.parts(panel, horizon, trees, modelled.means.astype(np.float64), TREES_SHARE)
    return Explained(
        modelled.of_series(grouping),
        parts[:, grouping.groups] * grouping.shares[None, :, None],
        tuple(importance),
    )
