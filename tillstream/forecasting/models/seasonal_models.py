"""Models without learning: the last season again, the recent level, and the same weeks of the year before."""

import numpy as np

from tillstream.forecasting.models.features import days_from_easter
from tillstream.forecasting.models.panel import (
    DAY,
    Bools,
    Floats,
    Grain,
    Holidays,
    Ints,
    Panel,
    divide,
    mean_or_nan,
    mean_or_zero,
)

SMALLEST_ERROR = 1e-9
"""Scale of a series whose values do not change."""

SHAPE_WEEKS = 8
"""Weeks whose mean is the shape of a week."""
HALF_LIFE = 14
"""Days after which a value has half the weight in the level."""
LEVEL_REACH = 91
"""Days that the level reads."""

OPENING_WEEKS = 8
"""A store that was closed on a weekday in all of these weeks is closed on it."""

GROWTH_WEEKS = 13
"""Weeks whose sum is compared with that of a year before, of weekly series."""
GROWTH_SHRINKAGE = 0.5
"""Power of the growth that is expected to last, of weekly series."""
GROWTH_LIMITS = (0.5, 2.0)
"""Growth of a year beyond these is not expected to last."""
GROWTH_LIMITS_OF_DAYS = (0.2, 5.0)
"""The same for the growth of daily series."""
GROWTH_SPREAD = 0.25
"""Usual difference between the growth of a series and that of all."""
SMALLEST_LEVEL = 1e-9
"""Size of a series without sales."""
EASTER_DAYS = 10
"""A week whose middle is nearer to Easter has the season of Easter."""


def seasonal_naive(panel: Panel, horizon: int) -> Floats:
    """Repeat the last known season; days that were not observed count as those of the season before."""
    last = last_season(panel)
    return np.tile(last, (1, -(-horizon // panel.grain.season)))[:, :horizon]


def last_season(panel: Panel) -> Floats:
    """Return the newest observed value of each step of the season, in order of time; 0 if there is none."""
    season = panel.grain.season
    newest = np.zeros((panel.series, season))
    is_missing = np.ones((panel.series, season), dtype=bool)
    for number in range(1, panel.steps // season + 1):
        start = panel.steps - number * season
        values = panel.values[:, start : start + season]
        is_fitting = is_missing & np.isfinite(values)
        newest[is_fitting] = values[is_fitting]
        is_missing &= ~is_fitting
        if not is_missing.any():
            break
    return newest


def seasonal_error(values: Floats, grain: Grain) -> Floats:
    """Return the mean absolute change from season to season in the last year of each series; shape (series,).

    The scale of MASE (Hyndman and Koehler, 2006). A series without two seasons has its mean, at least
    `SMALLEST_ERROR`.
    """
    recent = values[:, -(grain.year + grain.season) :]
    changes = np.abs(recent[:, grain.season :] - recent[:, : -grain.season])
    means = mean_or_zero(changes)
    return np.fmax(np.where(means > 0, means, mean_or_zero(np.abs(recent))), SMALLEST_ERROR)


def recent_level(panel: Panel, horizon: int) -> Floats | None:
    """Return means of daily series; None for weekly ones, whose year-ago member has their level."""
    if panel.grain.days > 1:
        return None
    season = panel.grain.season
    recent_values = panel.values[:, -LEVEL_REACH:]
    shape = _shape_of_a_week(panel)  # from the oldest day of the last season to the newest
    positions = np.arange(-recent_values.shape[1], 0) % season
    scales = shape[:, positions]
    observed = np.isfinite(recent_values)
    weights = 0.5 ** (np.arange(recent_values.shape[1])[::-1] / HALF_LIFE)
    # a ratio of sums: the mean of ratios would leave out what sold on weekdays whose shape is 0, or let one sale decide
    sold = np.where(observed, recent_values, 0.0)
    means = divide((sold * weights).sum(axis=1), (np.where(observed, scales, 0.0) * weights).sum(axis=1))
    return means[:, None] * shape[:, np.arange(horizon) % season]


def _shape_of_a_week(panel: Panel) -> Floats:
    """Mean of each weekday ÷ mean of all, shrunk towards the shape of the store by as much of it as is noise.

    Positive-part James–Stein estimator: a few large sales do not give a product a weekday of its own.
    """
    season = panel.grain.season
    weeks = min(SHAPE_WEEKS, panel.steps // season)
    recent = panel.values[:, panel.steps - weeks * season :].reshape(panel.series, weeks, season)
    own = _weekdays(recent)
    by_store = [_weekdays(recent[panel.stores == each].reshape(1, -1, season))[0] for each in range(len(panel.is_open))]
    of_store = np.array(by_store)[panel.stores]
    observed = np.isfinite(recent)
    count = observed.sum(axis=(1, 2)).astype(np.float64)
    open_weekdays = observed.any(axis=1).sum(axis=1)
    means = mean_or_zero(recent.reshape(panel.series, weeks * season))
    errors = np.where(observed, recent - own[:, None] * means[:, None, None], 0.0)
    noise = divide((errors**2).sum(axis=(1, 2)) * open_weekdays, count * (count - open_weekdays) * means**2)
    difference = divide(((own - of_store) ** 2).sum(axis=1), open_weekdays.astype(np.float64))
    share = np.nan_to_num(np.clip(1.0 - divide(noise, difference), 0.0, 1.0))
    shape: Floats = of_store + share[:, None] * (own - of_store)
    return shape


def _weekdays(weeks: Floats) -> Floats:
    """Mean of each weekday ÷ mean of all, of shape (series, weeks, season); 1 where nothing was observed."""
    observed = np.isfinite(weeks)
    sums = np.where(observed, weeks, 0.0)
    weekdays = divide(sums.sum(axis=1), observed.sum(axis=1).astype(np.float64))
    overall = divide(sums.sum(axis=(1, 2)), observed.sum(axis=(1, 2)).astype(np.float64))
    shape = divide(weekdays, np.broadcast_to(overall[:, None], weekdays.shape).copy())
    return np.where(np.isfinite(shape), shape, 1.0)


def open_ahead(panel: Panel, horizon: int) -> Bools:
    """Return whether each store opens in the steps after the panel; shape (stores, horizon). Weeks are open."""
    stores = panel.is_open.shape[0]
    if panel.grain.days > 1 or panel.steps < 7 * OPENING_WEEKS:
        return np.ones((stores, horizon), dtype=bool)
    recent = panel.is_open[:, -7 * OPENING_WEEKS :].reshape(stores, OPENING_WEEKS, 7)
    weekdays: Bools = np.any(recent, axis=1)
    weekdays[~weekdays.any(axis=1)] = True  # a store without any sale in these weeks
    ahead = weekdays[:, np.arange(horizon) % 7]
    country_of = np.zeros(stores, dtype=np.int64)
    country_of[panel.stores] = panel.countries
    for store in range(stores):
        ahead[store] &= ~_closed_on_holidays(panel, store, panel.holidays[country_of[store]], horizon)
    return ahead


def _closed_on_holidays(panel: Panel, store: int, holidays: Holidays, horizon: int) -> Bools:
    """Days of a holiday on whose last occurrence, on a weekday that is usually open, the store was closed."""
    closed = np.zeros(horizon, dtype=bool)
    steps = (holidays.days - panel.days[0]).astype(np.int64)
    is_past = (steps >= 0) & (steps < panel.steps)
    last_seen = dict(zip(holidays.names[is_past].tolist(), steps[is_past].tolist(), strict=True))
    is_ahead = (steps >= panel.steps) & (steps < panel.steps + horizon)
    for name, step in zip(holidays.names[is_ahead].tolist(), steps[is_ahead].tolist(), strict=True):
        if name in last_seen:
            seen = last_seen[name]
            usual = panel.is_open[store, max(seen - 7 * OPENING_WEEKS, 0) : seen][::-1][6::7]  # the same weekday before
            closed[step - panel.steps] = not panel.is_open[store, seen] and bool(usual.any())
    return closed


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
    return float(np.clip(np.where(np.isfinite(pooled), pooled, 1.0), *GROWTH_LIMITS_OF_DAYS)[0])


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
    added = variance / _sizes(panel) / panel.grain.recent / GROWTH_SPREAD**2
    growth = divide(recent + of_all * added, before + added)
    is_whole = np.isfinite(recent) & np.isfinite(before)
    return np.clip(np.where(is_whole & ~np.isfinite(growth), of_all, growth), *GROWTH_LIMITS_OF_DAYS)


def _levels(panel: Panel) -> tuple[Floats, Floats]:
    """The recent level of each series and that of a year ago, at least 0; NaN where nothing was observed."""
    grain, rows = panel.grain, np.arange(panel.series)
    last = np.full(panel.series, panel.steps - 1)
    recent, before = (np.maximum(panel.mean(rows, each, grain.recent), 0) for each in (last, last - grain.year))
    return recent, before


def _sizes(panel: Panel) -> Floats:
    return np.fmax(mean_or_zero(np.abs(_last_year(panel))), SMALLEST_LEVEL)


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
    return np.clip(growth, *GROWTH_LIMITS) ** GROWTH_SHRINKAGE


def _values(panel: Panel, steps: Ints) -> Floats:
    """Values of all series at steps; NaN for steps after the last."""
    rows = np.repeat(np.arange(panel.series), len(steps))
    return panel.at(rows, np.tile(steps, panel.series)).reshape(panel.series, len(steps))
