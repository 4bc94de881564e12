"""The same weeks of the year before, at today's level: the only member with a Christmas after one year of sales."""

import numpy as np

from tillstream.forecasting.models.calendar import days_from_easter
from tillstream.forecasting.models.panel import DAY, Bools, Floats, Ints, Panel, divide, mean_or_nan, mean_or_zero

GROWTH_WEEKS = 13
"""Weeks whose sum is compared with that of a year before, of weekly series."""
SHRINK = 0.5
"""Power of the growth that is expected to last, of weekly series."""
LIMITS = (0.5, 2.0)
"""Growth of a year beyond these is not expected to last."""
LIMITS_OF_DAYS = (0.2, 5.0)
"""The same for the growth of daily series."""
SPREAD = 0.25
"""Usual difference between the growth of a series and that of all."""
SMALLEST = 1e-9
"""Size of a series without sales."""
EASTER_DAYS = 10
"""A week whose middle is nearer to Easter has the season of Easter."""


def year_ago(panel: Panel, horizon: int, of_all: float | None = None) -> Floats | None:
    """Return means, or None if no series has a year and the recent steps before it.

    NaN for series that are younger. of_all: the `growth_of_all` of a panel that the series are a part of; None: of
    this one.
    """
    grain = panel.grain
    if panel.steps < grain.year + grain.recent:
        return None
    ahead = np.arange(panel.steps, panel.steps + horizon)
    if grain.days == 1:
        return _of_days(panel, ahead, growth_of_all(panel) if of_all is None else of_all)
    return _of_weeks(panel, ahead)


def growth_of_all(panel: Panel) -> float:
    """Return the recent level of all daily series ÷ that of a year ago, each as a share of the size of its series.

    Days on which returns or discounts exceed the sales are negative: the size of a series is the mean without signs,
    and a negative level is 0.
    """
    recent, before = _levels(panel)
    sizes = _sizes(panel)
    is_whole = np.isfinite(recent) & np.isfinite(before)
    sums = np.array([(np.where(is_whole, each, 0.0) / sizes).sum(keepdims=True) for each in (recent, before)])
    pooled = divide(sums[0], sums[1])
    return float(np.clip(np.where(np.isfinite(pooled), pooled, 1.0), *LIMITS_OF_DAYS)[0])


def _of_days(panel: Panel, ahead: Ints, of_all: float) -> Floats:
    """Mean of the same weekday a year ago and in the weeks around it × growth of the recent level."""
    year = panel.grain.year
    around = np.array([_values(panel, ahead - year + 7 * weeks) for weeks in (-1, 0, 1)])
    return mean_or_nan(around) * _growth_of_days(panel, of_all)[:, None]


def _growth_of_days(panel: Panel, of_all: float) -> Floats:
    """The recent level ÷ that of a year ago, shrunk towards the growth of all series by as much of it as is noise.

    Both levels get the same number of days at the yearly mean of the series: without them, a few sales of a year ago
    would give a large growth, and forecasts of series that rarely sell would be too high.
    """
    recent, before = _levels(panel)
    of_year = _last_year(panel)
    variance = mean_or_zero((of_year - mean_or_zero(of_year)[:, None]) ** 2)
    added = variance / _sizes(panel) / panel.grain.recent / SPREAD**2
    growth = divide(recent + of_all * added, before + added)
    is_whole = np.isfinite(recent) & np.isfinite(before)
    return np.clip(np.where(is_whole & ~np.isfinite(growth), of_all, growth), *LIMITS_OF_DAYS)


def _levels(panel: Panel) -> tuple[Floats, Floats]:
    """The recent level of each series and that of a year ago, at least 0; NaN where nothing was observed."""
    grain, rows = panel.grain, np.arange(panel.series)
    last = np.full(panel.series, panel.steps - 1)
    recent, before = (np.maximum(panel.mean(rows, each, grain.recent), 0) for each in (last, last - grain.year))
    return recent, before


def _sizes(panel: Panel) -> Floats:
    return np.fmax(mean_or_zero(np.abs(_last_year(panel))), SMALLEST)


def _last_year(panel: Panel) -> Floats:
    return panel.values[:, -(panel.grain.year + panel.grain.recent) :]


def _of_weeks(panel: Panel, ahead: Ints) -> Floats:
    """The same week a year ago × half the growth; weeks around Easter correspond to those around the earlier Easter."""
    year = panel.grain.year
    middle = panel.days + 3 * DAY
    offsets = days_from_easter(middle)
    is_near = np.abs(offsets) <= EASTER_DAYS
    earlier = ahead - year
    shifted = earlier + np.rint((offsets[ahead] - offsets[earlier]) / 7).astype(np.int64)
    source = np.where(is_near[ahead], np.clip(shifted, 0, panel.steps - 1), earlier)
    base = _values(panel, source)
    for column in np.flatnonzero(is_near[earlier] & ~is_near[ahead]):
        base[:, column] = _without_easter(panel, int(earlier[column]), is_near)
    return base * _growth(panel)[:, None]


def _without_easter(panel: Panel, step: int, is_near: Bools) -> Floats:
    """Mean of the last week before and the first week after Easter."""
    before = after = step
    while before > 0 and is_near[before]:
        before -= 1
    while after < panel.steps - 1 and is_near[after]:
        after += 1
    result: Floats = (panel.values[:, before] + panel.values[:, after]) / 2
    return result


def _growth(panel: Panel) -> Floats:
    rows = np.arange(panel.series)
    last = np.full(panel.series, panel.steps - 1)
    weeks = min(GROWTH_WEEKS, panel.steps - panel.grain.year)
    growth = divide(panel.mean(rows, last, weeks), panel.mean(rows, last - panel.grain.year, weeks))
    return np.clip(growth, *LIMITS) ** SHRINK


def _values(panel: Panel, steps: Ints) -> Floats:
    """Values of all series at steps; NaN for steps after the last."""
    rows = np.repeat(np.arange(panel.series), len(steps))
    return panel.at(rows, np.tile(steps, panel.series)).reshape(panel.series, len(steps))
