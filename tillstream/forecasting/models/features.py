"""Inputs of the pooled model: about a series, the day of the forecast and the forecast day, and nothing later."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tillstream.forecasting.models import calendar
from tillstream.forecasting.models.panel import Floats, Ints, Panel, Regressor, divide, mean_or_nan

LAGS = 4
"""Number of earlier seasons whose values are features, of days."""
SEASONS = {1: (1, 7, 28, 91), 7: (1, 4, 13, 26)}
"""Widths of recent means in steps, by the days of a step."""
CHUNK = 20_000
"""Number of forecasts whose features are computed together."""
YEAR_AGO = ((1, 0), (3, 1), (7, 3))
"""Widths of means around the same step a year ago, and the steps after it that they include."""


def names(panel: Panel) -> list[str]:
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
        *calendar.FEATURES,
        *(f"attribute_{number}" for number in range(panel.attributes.shape[1])),
        *(name for each in panel.regressors for name in regressor_names(each)),
    ]


def matrix(panel: Panel, rows: Ints, origins: Ints, horizons: Ints, days: Floats) -> NDArray[np.float32]:
    """Return the features of forecasts; shape (forecasts, features). Their memory is a few times that of the result.

    `rows` are series, `origins` the last known steps, `horizons` the steps from there to the forecast steps; `days`
    holds the calendar features of the countries, shape (countries, steps + steps ahead, `calendar.FEATURES`).
    """
    result = np.empty((len(rows), len(names(panel))), dtype=np.float32)
    for start in range(0, len(rows), CHUNK):
        chunk = slice(start, start + CHUNK)
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
