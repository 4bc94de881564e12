"""Fits of one time: work of seconds and megabytes, for a process of its own. Calls are plain functions of arrays."""

from dataclasses import dataclass

import numpy as np

from tillstream.forecasting.models import boosted_trees, ensemble, explanation
from tillstream.forecasting.models.boosted_trees import BoostedTrees
from tillstream.forecasting.models.ensemble import TREES_SHARE, Fit
from tillstream.forecasting.models.explanation import Importance
from tillstream.forecasting.models.history import Grouping, History, group
from tillstream.forecasting.models.panel import Floats, Panel


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
    panel, _ = group(history.until(newest_cutoff, horizon))
    relied_on = importance(history, horizon, newest_cutoff, boosted_trees.fit(panel, horizon))
    panel, grouping = group(history)
    fitted, parts = explained(panel, grouping, horizon, boosted_trees.fit(panel, horizon))
    return Explained(fitted, parts, relied_on)


def explained(
    panel: Panel, grouping: Grouping, horizon: int, trees: BoostedTrees | None, of_all: float | None = None
) -> tuple[Fit, Floats]:
    """Forecast the steps after the panel of a history with fitted trees; also return the parts of the forecasts.

    of_all: as for `year_ago`.
    """
    modelled = ensemble.combine(panel, horizon, trees, of_all)
    parts = explanation.parts(panel, horizon, trees, modelled.means.astype(np.float64), TREES_SHARE)
    return modelled.of_series(grouping), parts[:, grouping.groups] * grouping.shares[None, :, None]


def importance(history: History, horizon: int, cutoff: int, trees: BoostedTrees | None) -> tuple[Importance, ...]:
    """Compare what trees that were fitted to `cutoff` steps of a history forecast with what came."""
    if trees is None:
        return ()
    panel, grouping = group(history.until(cutoff, horizon))
    came = grouping.collect(history.values[:, cutoff : cutoff + horizon])
    return tuple(explanation.importance(trees, panel, came))
