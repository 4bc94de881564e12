"""Inputs of the pooled model: about a series, the day of the forecast and the calendar, and nothing later."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tillstream.forecasting.models.panel import (
    DAY,
    Days,
    Floats,
    Grain,
    Holidays,
    Ints,
    Panel,
    Regressor,
    divide,
    mean_or_nan,
)

FAR_DAYS = 30
"""Days from which on a holiday is no longer near."""
CALENDAR_FEATURES = (
    "weekday", "day_of_month", "days_to_month_end", "season_sin", "season_cos", "week_of_year",
    "holiday", "days_since_holiday", "days_to_holiday", "days_from_easter", "days_to_christmas", "bridge",
)  # fmt: skip

LAGS = 4
"""Number of earlier seasons whose values are features, of days."""
SEASONS = {1: (1, 7, 28, 91), 7: (1, 4, 13, 26)}
"""Widths of recent means in steps, by the days of a step."""
CHUNK_ROWS = 20_000
"""Number of forecasts whose features are computed together."""
YEAR_AGO = ((1, 0), (3, 1), (7, 3))
"""Widths of means around the same step a year ago, and the steps after it that they include."""


def easter(years: Ints) -> Days:
    """Easter Sundays of the Gregorian calendar, by the anonymous algorithm (Meeus, Astronomical Algorithms, 1991)."""
    a, b, c = years % 19, years // 100, years % 100
    d = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    e = (32 + 2 * (b % 4) + 2 * (c // 4) - d - c % 4) % 7
    f = d + e - 7 * ((a + 11 * d + 22 * e) // 451) + 114
    months = (years - 1970) * 12 + f // 31 - 1
    return np.asarray(months.astype("M8[M]").astype("M8[D]") + f % 31 * DAY)


def days_from_easter(days: Days) -> Ints:
    """Signed days from the Easter Sunday of the same calendar year."""
    years = days.astype("M8[Y]").astype(np.int64) + 1970
    return (days - easter(years)).astype(np.int64)


def calendar_features(days: Days, grain: Grain, holidays: Holidays) -> Floats:
    """The features of each day; shape (days, FEATURES). Of a week: of its middle, with the holidays inside it."""
    middle = days + grain.days // 2 * DAY
    month = middle.astype("M8[M]")
    day_of_month = (middle - month.astype("M8[D]")).astype(np.int64)
    to_month_end = ((month + np.timedelta64(1, "M")).astype("M8[D]") - middle).astype(np.int64) - 1
    of_year = (middle - middle.astype("M8[Y]").astype("M8[D]")).astype(np.float64)
    angle = 2 * np.pi * of_year / 365.25
    inside, since, until, bridge = _holidays(days, grain, holidays)
    return np.column_stack(
        [
            (middle.astype(np.int64) + 3) % 7,  # 0: Monday
            day_of_month,
            to_month_end,
            np.sin(angle),
            np.cos(angle),
            of_year // 7,
            inside,
            since,
            until,
            np.clip(days_from_easter(middle), -2 * FAR_DAYS, 2 * FAR_DAYS),
            np.clip(358 - of_year, -FAR_DAYS, 2 * FAR_DAYS),
            bridge,
        ]
    ).astype(np.float64)


def _holidays(days: Days, grain: Grain, holidays: Holidays) -> tuple[Floats, Floats, Floats, Floats]:
    """Number of the holiday in each step (0: none), days since the last, until the next, and whether it is a bridge."""
    if not len(holidays.days):
        nothing, far = np.zeros(len(days)), np.full(len(days), float(FAR_DAYS))
        return nothing, far, far, nothing
    last = days + grain.to_last
    following = np.searchsorted(holidays.days, days)  # the first holiday on or after the first day
    index = np.clip(following, 0, len(holidays.days) - 1)
    next_day = holidays.days[index]
    is_inside = (following < len(holidays.days)) & (next_day <= last)
    before = holidays.days[np.clip(following - 1, 0, len(holidays.days) - 1)]
    after_index = np.searchsorted(holidays.days, last, side="right")
    after = holidays.days[np.clip(after_index, 0, len(holidays.days) - 1)]
    since = np.where(following > 0, (days - before).astype(np.int64), FAR_DAYS)
    until = np.where(after_index < len(holidays.days), (after - last).astype(np.int64), FAR_DAYS)
    weekday = (days.astype(np.int64) + 3) % 7
    bridge = (grain.days == 1) & ~is_inside & (((weekday == 4) & (since == 1)) | ((weekday == 0) & (until == 1)))
    inside = np.where(is_inside, holidays.names[index] + 1, 0)
    return (
        inside.astype(float),
        np.clip(since, 0, FAR_DAYS).astype(float),
        np.clip(until, 0, FAR_DAYS).astype(float),
        bridge.astype(float),
    )


def feature_names(panel: Panel) -> list[str]:
    """Return the names of the columns of `matrix`."""
    lags = LAGS if panel.grain.days == 1 else 1
    return [
        "horizon",
        *(f"season_{number}_ago" for number in range(1, lags + 1)),
        "seasons_ago",
        *(f"year_ago_{width}" for width, _ in YEAR_AGO),
        "year_ago",
        *(f"mean_{width}" for width in SEASONS[panel.grain.days]),
        "growth_of_a_year",
        "mean_of_a_year",
        "level",
        *CALENDAR_FEATURES,
        *(f"attribute_{number}" for number in range(panel.attributes.shape[1])),
        *(name for each in panel.regressors for name in regressor_names(each)),
    ]


def feature_matrix(panel: Panel, rows: Ints, origins: Ints, horizons: Ints, days: Floats) -> NDArray[np.float32]:
    """Return the features of forecasts; shape (forecasts, features). Their memory is a few times that of the result.

    `rows` are series, `origins` the last known steps, `horizons` the steps from there to the forecast steps; `days`
    holds the calendar features of the countries, shape (countries, steps + steps ahead, `CALENDAR_FEATURES`).
    """
    result = np.empty((len(rows), len(feature_names(panel))), dtype=np.float32)
    for start in range(0, len(rows), CHUNK_ROWS):
        chunk = slice(start, start + CHUNK_ROWS)
        result[chunk] = _chunk(panel, rows[chunk], origins[chunk], horizons[chunk], days)
    return result


def _chunk(panel: Panel, rows: Ints, origins: Ints, horizons: Ints, days: Floats) -> Floats:
    grain = panel.grain
    targets = origins + horizons
    level = panel.levels[rows, origins]
    lags = _lags(panel, rows, horizons, targets) / level
    year_ago = targets - grain.year
    level_year_ago = panel.mean(rows, origins - grain.year, grain.recent)
    around = [panel.mean(rows, np.minimum(year_ago + after, origins), width) for width, after in YEAR_AGO]
    columns = [
        horizons.astype(np.float64),
        *lags,
        mean_or_nan(lags),
        *(divide(each, level_year_ago) for each in around),
        around[0] / level,
        *(panel.mean(rows, origins, width) / level for width in SEASONS[grain.days]),
        divide(level, level_year_ago),
        panel.mean(rows, origins, grain.year) / level,
        np.log1p(level),
    ]
    fixed = [days[panel.countries[rows], targets], panel.attributes[rows]]
    return np.column_stack([*columns, *fixed, *regressor_values(panel, rows, origins, targets)])


def _lags(panel: Panel, rows: Ints, horizons: Ints, targets: Ints) -> Floats:
    """Values of the same step of the last known seasons; shape (lags, forecasts)."""
    season = panel.grain.season
    seasons_back = -(-horizons // season)
    lags = LAGS if panel.grain.days == 1 else 1
    return np.array([panel.at(rows, targets - season * (seasons_back + number)) for number in range(lags)])


def regressor_values(panel: Panel, rows: Ints, origins: Ints, targets: Ints) -> list[Floats]:
    """Return what was known at the origins of prices, promotions and outside series; `regressor_names` by column."""
    columns = []
    for each in panel.regressors:
        latest = each.at(rows, origins, origins)
        if each.is_relative:
            columns.append(each.at(rows, targets, origins) - latest)
        else:
            columns += [latest, each.at(rows, targets, origins)] if each.is_planned else [latest]
    return columns


def regressor_names(each: Regressor) -> Sequence[str]:
    """Return the names of the columns of a regressor."""
    if each.is_relative:
        return (each.name,)
    return (f"{each.name}_before", each.name) if each.is_planned else (f"{each.name}_before",)
