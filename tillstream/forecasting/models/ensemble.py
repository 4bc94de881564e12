"""The forecast of open days: the members, their fits in a process of its own, and why a forecast is what it is."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tillstream.forecasting.models import boosted_trees, features
from tillstream.forecasting.models.boosted_trees import LOWEST, SEED, BoostedTrees, calendar_of_panel
from tillstream.forecasting.models.features import FAR_DAYS
from tillstream.forecasting.models.history import Grouping, SeriesHistory, group_series
from tillstream.forecasting.models.panel import Bools, Floats, Numbers, Panel
from tillstream.forecasting.models.seasonal_models import open_ahead, recent_level, seasonal_naive, year_ago

TREES_SHARE = 0.5
"""Weight of the trees; the other members share the rest."""

FORECAST_PARTS = ("level", "trend", "weekday", "holidays", "plans")
"""Recent level; time of year and trend; weekday; public holidays; prices, promotions and other plans."""
IMPORTANCE_SAMPLE = 20_000
"""Number of forecasts in which features are permuted."""
FEATURE_FAMILIES = {
    "recent level": ("level", "mean_", "horizon"),
    "the same weekday of recent weeks": ("season_", "seasons_ago"),
    "a year ago": ("year_ago", "growth_of_a_year", "mean_of_a_year"),
    "weekday": ("weekday",),
    "time of month": ("day_of_month", "days_to_month_end"),
    "time of year": ("year_", "week_of_year", "days_to_christmas"),
    "holidays": ("holiday", "days_since_holiday", "days_to_holiday", "days_from_easter", "bridge"),
    "store and category": ("attribute_",),
}
"""What features are called, by the beginnings of their names; the longest that fits counts."""


@dataclass(frozen=True)
class ForecastFit:
    """Forecasts that were made with what was known at one time; each of shape (series, horizon)."""

    means: Numbers
    naive: Numbers
    """Seasonal naive forecasts."""
    is_open: Bools

    def of_series(self, grouping: Grouping) -> "ForecastFit":
        """Share forecasts of modelled series out to their series; 32 bits, which is what is kept."""
        means = grouping.expand(self.means.astype(np.float64)).astype(np.float32)
        naive = grouping.expand(self.naive.astype(np.float64)).astype(np.float32)
        return ForecastFit(means, naive, self.is_open[grouping.groups])


def fit_panel(panel: Panel, horizon: int) -> ForecastFit:
    """Forecast the steps after the panel."""
    return combine_members(panel, horizon, boosted_trees.fit_trees(panel, horizon))


def combine_members(panel: Panel, horizon: int, trees: BoostedTrees | None, of_all: float | None = None) -> ForecastFit:
    """Average the members; a series that a member has no value for has the average of the others.

    of_all: as for `year_ago`.
    """
    is_open = open_ahead(panel, horizon)[panel.stores]
    simple = [each for each in (year_ago(panel, horizon, of_all), recent_level(panel, horizon)) if each is not None]
    naive = seasonal_naive(panel, horizon)
    members = simple or [naive]
    rest = 1.0 - TREES_SHARE if trees else 1.0
    weights = [rest / len(members)] * len(members)
    if trees:
        members, weights = [*members, trees.predict(panel, horizon)], [*weights, TREES_SHARE]
    means = _average(members, weights, naive)
    return ForecastFit(np.where(is_open, np.maximum(means, 0.0), 0.0), np.where(is_open, naive, 0.0), is_open)


def _average(members: list[Floats], weights: list[float], fallback: Floats) -> Floats:
    total, weight = np.zeros_like(members[0]), np.zeros_like(members[0])
    for each, share in zip(members, weights, strict=True):
        observed = np.isfinite(each)
        total += np.where(observed, each, 0.0) * share
        weight += observed * share
    return np.where(weight > 0, total / np.where(weight > 0, weight, 1.0), fallback)


@dataclass(frozen=True)
class Importance:
    """How much the error of the model grows if a family of features is permuted, as a share of the error."""

    family: str
    growth: float


def forecast_parts(panel: Panel, horizon: int, trees: BoostedTrees | None, means: Floats, share: float) -> Floats:
    """Return the parts of means; shape (`FORECAST_PARTS`, series, horizon). They add up to the means.

    Holidays and plans are what the trees, which have `share` of the forecast, predict less without them. The rest is
    the recent level, the weekly mean above it, and the weekday.
    """
    holidays = plans = np.zeros_like(means)
    if trees:
        whole = trees.predict(panel, horizon)
        holidays = share * (whole - trees.predict(panel, horizon, _without_holidays(panel)))
        if any(each.is_planned for each in panel.regressors):
            plans = share * (whole - trees.predict(_without_plans(panel), horizon))
    is_open = means > 0
    holidays, plans = np.where(is_open, holidays, 0.0), np.where(is_open, plans, 0.0)
    level = np.where(is_open, np.nan_to_num(panel.levels[:, -1:]), 0.0)
    rest = means - holidays - plans
    trend = np.where(is_open, _weekly_mean(rest, is_open) - level, 0.0)
    return np.stack([level, trend, rest - level - trend, holidays, plans])


def feature_importance(trees: BoostedTrees, panel: Panel, actual: Floats) -> list[Importance]:
    """Permute each family of features, and compare the errors (Breiman, 2001).

    `panel` is what was known, `actual` what came after it in the modelled series; shape (series, horizon).
    """
    random = np.random.default_rng(SEED)
    level = panel.levels[:, -1:] * np.ones_like(actual)
    rows, steps = np.nonzero(np.isfinite(actual) & (level > LOWEST))
    if len(rows) > IMPORTANCE_SAMPLE:
        chosen = np.sort(random.choice(len(rows), IMPORTANCE_SAMPLE, replace=False))
        rows, steps = rows[chosen], steps[chosen]
    if not len(rows):
        return []
    level, actual = level[rows, steps], actual[rows, steps]
    inputs = features.feature_matrix(
        panel, rows, np.full(len(rows), panel.steps - 1), steps + 1, calendar_of_panel(panel)
    )

    def error(matrix: NDArray[np.float32]) -> float:
        return float(np.abs(trees.ratios(matrix) * level - actual).mean())

    base, results = error(inputs), []
    names = [family_of(each) for each in features.feature_names(panel)]
    for family in dict.fromkeys(names):
        columns = [index for index, each in enumerate(names) if each == family]
        permuted = inputs.copy()
        permuted[:, columns] = inputs[random.permutation(len(inputs))][:, columns]
        results.append(Importance(family, error(permuted) / base - 1 if base else 0.0))
    return sorted(results, key=lambda each: -each.growth)


def family_of(feature: str) -> str:
    """Return the name of a feature for people: that of its family, or its own for a regressor."""
    fitting = [
        (len(start), family)
        for family, starts in FEATURE_FAMILIES.items()
        for start in starts
        if feature.startswith(start)
    ]
    return max(fitting)[1] if fitting else feature.removesuffix("_before").replace("_", " ")


def _without_holidays(panel: Panel) -> Floats:
    """Calendar features as if no holiday were near."""
    days = calendar_of_panel(panel).copy()
    for name, usual in (("holiday", 0), ("days_since_holiday", FAR_DAYS), ("days_to_holiday", FAR_DAYS), ("bridge", 0)):
        days[:, panel.steps :, features.CALENDAR_FEATURES.index(name)] = usual
    return days


def _without_plans(panel: Panel) -> Panel:
    """The panel as if planned regressors stayed as they are."""

    kept = []
    for each in panel.regressors:
        values = each.values.copy()
        if each.is_planned:
            values[:, panel.steps :] = values[:, panel.steps - 1 : panel.steps]
        kept.append(replace(each, values=values, available=None))
    return replace(panel, regressors=tuple(kept))


def _weekly_mean(values: Floats, is_open: Bools) -> Floats:
    """Mean of the open steps of a week around each step."""
    horizon = values.shape[1]
    start = np.clip(np.arange(horizon) - 3, 0, max(horizon - 7, 0))
    end = np.minimum(start + 7, horizon)
    sums = np.concatenate([np.zeros((values.shape[0], 1)), np.cumsum(np.where(is_open, values, 0.0), axis=1)], axis=1)
    counts = np.concatenate([np.zeros((values.shape[0], 1)), np.cumsum(is_open, axis=1)], axis=1)
    return np.asarray((sums[:, end] - sums[:, start]) / np.maximum(counts[:, end] - counts[:, start], 1))


@dataclass(frozen=True)
class ExplainedFit:
    """The newest fit and why it is what it is."""

    fit: ForecastFit
    parts: Floats
    """Shape (`FORECAST_PARTS`, series, horizon)."""
    importance: tuple[Importance, ...]


def fit_history(history: SeriesHistory, horizon: int) -> ForecastFit:
    """Forecast the steps after a history."""
    panel, grouping = group_series(history)
    return fit_panel(panel, horizon).of_series(grouping)


def fit_and_explain(history: SeriesHistory, horizon: int, newest_cutoff: int) -> ExplainedFit:
    """Forecast the steps after a history; the importance of features is that of a fit of `newest_cutoff`."""
    panel, _ = group_series(history.until(newest_cutoff, horizon))
    relied_on = importance_of_history(history, horizon, newest_cutoff, boosted_trees.fit_trees(panel, horizon))
    panel, grouping = group_series(history)
    fitted, parts = explain_fit(panel, grouping, horizon, boosted_trees.fit_trees(panel, horizon))
    return ExplainedFit(fitted, parts, relied_on)


def explain_fit(
    panel: Panel, grouping: Grouping, horizon: int, trees: BoostedTrees | None, of_all: float | None = None
) -> tuple[ForecastFit, Floats]:
    """Forecast the steps after the panel of a history with fitted trees; also return the parts of the forecasts.

    of_all: as for `year_ago`.
    """
    modelled = combine_members(panel, horizon, trees, of_all)
    parts = forecast_parts(panel, horizon, trees, modelled.means.astype(np.float64), TREES_SHARE)
    return modelled.of_series(grouping), parts[:, grouping.groups] * grouping.shares[None, :, None]


def importance_of_history(
    history: SeriesHistory, horizon: int, cutoff: int, trees: BoostedTrees | None
) -> tuple[Importance, ...]:
    """Compare what trees that were fitted to `cutoff` steps of a history forecast with what came."""
    if trees is None:
        return ()
    panel, grouping = group_series(history.until(cutoff, horizon))
    came = grouping.collect(history.values[:, cutoff : cutoff + horizon])
    return tuple(feature_importance(trees, panel, came))
