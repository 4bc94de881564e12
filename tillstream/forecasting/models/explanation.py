"""Why a forecast is what it is: parts that add up to it, and which features the model relies on."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tillstream.forecasting.models import calendar, features
from tillstream.forecasting.models.boosted_trees import LOWEST, SEED, BoostedTrees, calendar_of
from tillstream.forecasting.models.calendar import FAR
from tillstream.forecasting.models.panel import Bools, Floats, Panel

PARTS = ("level", "trend", "weekday", "holidays", "plans")
"""Recent level; time of year and trend; weekday; public holidays; prices, promotions and other plans."""
SAMPLE = 20_000
"""Number of forecasts in which features are permuted."""
FAMILIES = {
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
class Importance:
    """How much the error of the model grows if a family of features is permuted, as a share of the error."""

    family: str
    growth: float


def parts(panel: Panel, horizon: int, trees: BoostedTrees | None, means: Floats, share: float) -> Floats:
    """Return the parts of means; shape (`PARTS`, series, horizon). They add up to the means.

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


def importance(trees: BoostedTrees, panel: Panel, actual: Floats) -> list[Importance]:
    """Permute each family of features, and compare the errors (Breiman, 2001).

    `panel` is what was known, `actual` what came after it in the modelled series; shape (series, horizon).
    """
    random = np.random.default_rng(SEED)
    level = panel.levels[:, -1:] * np.ones_like(actual)
    rows, steps = np.nonzero(np.isfinite(actual) & (level > LOWEST))
    if len(rows) > SAMPLE:
        chosen = np.sort(random.choice(len(rows), SAMPLE, replace=False))
        rows, steps = rows[chosen], steps[chosen]
    if not len(rows):
        return []
    level, actual = level[rows, steps], actual[rows, steps]
    inputs = features.matrix(panel, rows, np.full(len(rows), panel.steps - 1), steps + 1, calendar_of(panel))

    def error(matrix: NDArray[np.float32]) -> float:
        return float(np.abs(trees.ratios(matrix) * level - actual).mean())

    base, results = error(inputs), []
    names = [family_of(each) for each in features.names(panel)]
    for family in dict.fromkeys(names):
        columns = [index for index, each in enumerate(names) if each == family]
        permuted = inputs.copy()
        permuted[:, columns] = inputs[random.permutation(len(inputs))][:, columns]
        results.append(Importance(family, error(permuted) / base - 1 if base else 0.0))
    return sorted(results, key=lambda each: -each.growth)


def family_of(feature: str) -> str:
    """Return the name of a feature for people: that of its family, or its own for a regressor."""
    fitting = [
        (len(start), family) for family, starts in FAMILIES.items() for start in starts if feature.startswith(start)
    ]
    return max(fitting)[1] if fitting else feature.removesuffix("_before").replace("_", " ")


def _without_holidays(panel: Panel) -> Floats:
    """Calendar features as if no holiday were near."""
    days = calendar_of(panel).copy()
    for name, usual in (("holiday", 0), ("days_since_holiday", FAR), ("days_to_holiday", FAR), ("bridge", 0)):
        days[:, panel.steps :, calendar.FEATURES.index(name)] = usual
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
