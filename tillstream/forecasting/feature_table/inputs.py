"""The values of feature tables: what was known at the origins of forecasts, and the forecast days themselves."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from tillstream.forecasting.feature_table.columns import CALENDAR, LAGS, MEANS
from tillstream.forecasting.feature_table.outliers import outliers
from tillstream.forecasting.models import calendar
from tillstream.forecasting.models.boosted_trees import LOWEST, calendar_of
from tillstream.forecasting.models.features import regressor_names, regressor_values
from tillstream.forecasting.models.history import History, group
from tillstream.forecasting.models.panel import Bools, Floats, Ints, Panel

OFFSETS = {"day_of_month": 1}
"""What is added to a calendar feature: the models count it from 0."""
STOCK_DAYS = 28
"""Days in which those out of stock are counted."""


@dataclass(frozen=True)
class Inputs:
    """The inputs of the series of a history, each on its own: none is modelled together with others."""

    history: History

    def values(self, rows: Ints, origins: Ints, targets: Ints) -> dict[str, Floats]:
        """Return the values of the columns `columns.input_types`; NaN where nothing is known.

        rows: series. origins: the last known steps. targets: the steps that are described, each after its origin. No
        value depends on a step after the origin, except the calendar and what was planned by then.
        """
        days = self.history.days[targets]
        months = days.astype("M8[M]")
        own_calendar = self._calendar[self.history.countries[rows], targets]
        steps = {lag: targets - lag * -(-(targets - origins) // lag) for lag in LAGS}
        return {
            "weekday": own_calendar[:, calendar.FEATURES.index("weekday")],
            "month": months.astype(np.float64) % 12 + 1,
            "day_of_year": (days - days.astype("M8[Y]").astype("M8[D]")).astype(np.float64) + 1,
            **{name: own_calendar[:, calendar.FEATURES.index(name)] + OFFSETS.get(name, 0) for name in CALENDAR},
            **{f"lag_{lag}": self._panel.at(rows, step) for lag, step in steps.items()},
            **{f"lag_{lag}_is_outlier": _at(self.outliers, rows, step) for lag, step in steps.items()},
            **{f"mean_{width}": self._panel.mean(rows, origins, width) for width in MEANS},
            "level": self._levels(rows, origins),
            "days_out_of_stock": self._days_out_of_stock(rows, origins),
            **self._regressors(rows, origins, targets),
        }

    @cached_property
    def outliers(self) -> Floats:
        """1 for values that are outliers, 0 for others; NaN where nothing is observed. Shape (series, steps)."""
        return outliers(self.history.values, self.history.grain.season)

    @cached_property
    def is_out(self) -> Bools:
        """Whether each series was out of stock; shape (series, steps)."""
        is_out = self.history.is_out
        return np.zeros(self.history.values.shape, dtype=bool) if is_out is None else is_out

    @cached_property
    def _panel(self) -> Panel:
        return group(replace(self.history, can_be_sparse=False))[0]

    @cached_property
    def _calendar(self) -> Floats:
        return calendar_of(self._panel)

    def _levels(self, rows: Ints, origins: Ints) -> Floats:
        levels = _at(self._panel.levels, rows, origins)
        return np.where(levels > LOWEST, levels, np.nan)

    def _days_out_of_stock(self, rows: Ints, origins: Ints) -> Floats:
        counts = np.pad(self.is_out.cumsum(axis=1), ((0, 0), (1, 0)))
        end = np.clip(origins + 1, 0, self.history.steps)
        start = np.clip(origins + 1 - STOCK_DAYS, 0, self.history.steps)
        return np.asarray(counts[rows, end] - counts[rows, start], dtype=np.float64)

    def _regressors(self, rows: Ints, origins: Ints, targets: Ints) -> dict[str, Floats]:
        names = [name for each in self.history.regressors for name in regressor_names(each)]
        values = regressor_values(self._panel, rows, np.maximum(origins, 0), targets)
        return {name: np.where(origins >= 0, column, np.nan) for name, column in zip(names, values, strict=True)}


def _at(values: Floats, rows: Ints, steps: Ints) -> Floats:
    inside = (steps >= 0) & (steps < values.shape[1])
    return np.where(inside, values[rows, np.clip(steps, 0, values.shape[1] - 1)], np.nan)
