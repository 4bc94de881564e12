"""Feature tables of a history: a row for each series and day, with what was known some days before.

Outliers are values far from the median of the same weekday in the weeks before. A single large sale hardly changes the
median and its scale (Hampel, The influence curve, 1974). Where most values are equal, as those of products that rarely
sell, the scale is the mean absolute deviation (Iglewicz and Hoaglin, 1993).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tillstream.forecasting.models import features
from tillstream.forecasting.models.boosted_trees import LOWEST, calendar_of_panel
from tillstream.forecasting.models.features import regressor_names, regressor_values
from tillstream.forecasting.models.history import SeriesHistory, group_series
from tillstream.forecasting.models.panel import Bools, Floats, Ints, Panel, divide
from tillstream.forecasting.sales_series import SeriesKey

LAGS = (1, 7, 28)
"""Days of the lags: each is the value of the latest known day that is a multiple of as many days before."""
MEANS = (7, 28)
"""Days of the rolling means, which end with the latest known day."""
KEY_NAMES = ("region", "store_id", "category", "product")
KEY_TYPES = {name: pa.string() for name in KEY_NAMES} | {"day": pa.date32(), "days_ahead": pa.int32()}
DATE_TYPES = {"weekday": pa.int32(), "month": pa.int32(), "day_of_year": pa.int32()}
WHOLE_NUMBERS = {
    *("day_of_month", "days_to_month_end", "week_of_year", "holiday", "days_since_holiday", "days_to_holiday"),
    *("days_from_easter", "days_to_christmas"),
}
CALENDAR_TYPES = {
    name: pa.int32() if name in WHOLE_NUMBERS else pa.bool_() if name == "bridge" else pa.float64()
    for name in features.CALENDAR_FEATURES
    if name not in DATE_TYPES
}
RECENT_TYPES = {
    **{f"lag_{days}": pa.float64() for days in LAGS},
    **{f"lag_{days}_is_outlier": pa.bool_() for days in LAGS},
    **{f"mean_{days}": pa.float64() for days in MEANS},
    "level": pa.float64(),
    "days_out_of_stock": pa.int32(),
}

OUTLIER_WEEKS = 13
"""Number of earlier values that a value is compared with."""
FEWEST_WEEKS = 5
"""A value with fewer observed ones before it is no outlier."""
OUTLIER_DEVIATIONS = 3.0
"""Standard deviations from the median beyond which a value is an outlier."""
MAD, MEAN_DEVIATION = 1.4826, 1.2533
"""A standard deviation of normal values, by their median and their mean absolute deviation."""

CALENDAR_OFFSETS = {"day_of_month": 1}
"""What is added to a calendar feature: the models count it from 0."""
STOCK_DAYS = 28
"""Days in which those out of stock are counted."""

SERIES_AT_ONCE = 256
"""Number of series whose features are computed together."""


def label_types(target: str) -> dict[str, pa.DataType]:
    """Columns about the day itself, which are no inputs. target: units or revenue."""
    return {target: pa.float64(), "is_open": pa.bool_(), "is_out_of_stock": pa.bool_(), "is_outlier": pa.bool_()}


def input_types(history: SeriesHistory) -> dict[str, pa.DataType]:
    """Columns of what was known: dates, the calendar, recent sales, and the regressors of a history."""
    own = {name: pa.float64() for each in history.regressors for name in regressor_names(each)}
    return DATE_TYPES | CALENDAR_TYPES | RECENT_TYPES | own


def feature_schema(history: SeriesHistory, target: str) -> pa.Schema:
    """Return the columns of the feature table of a history in their order. target: units or revenue."""
    return pa.schema(list((KEY_TYPES | label_types(target) | input_types(history)).items()))


def find_outliers(values: Floats, season: int) -> Floats:
    """Return 1 for an outlier, 0 for other observed values, NaN for those that are not observed.

    values: shape (series, steps), as the result. season: number of steps of a week. A flag depends on its own value and
    on earlier ones only.
    """
    earlier = _earlier(values, season)
    count = np.isfinite(earlier).sum(axis=2)
    median = _median(earlier, count)
    deviations = np.abs(earlier - median[:, :, None])
    means = divide(np.where(np.isfinite(deviations), deviations, 0.0).sum(axis=2), count.astype(np.float64))
    mad = _median(deviations, count)
    scale = np.where(mad > 0, MAD * mad, MEAN_DEVIATION * means)
    is_outlier = (count >= FEWEST_WEEKS) & (scale > 0) & (np.abs(values - median) > OUTLIER_DEVIATIONS * scale)
    return np.where(np.isfinite(values), is_outlier.astype(np.float64), np.nan)


def _earlier(values: Floats, season: int) -> Floats:
    """Values of the same step of the last `OUTLIER_WEEKS` seasons; shape (series, steps, WEEKS)."""
    series, steps = values.shape
    result = np.full((series, steps, OUTLIER_WEEKS), np.nan)
    for number in range(OUTLIER_WEEKS):
        back = season * (number + 1)
        result[:, back:, number] = values[:, : max(steps - back, 0)]
    return result


def _median(values: Floats, count: Ints) -> Floats:
    """Medians of the observed values of the last axis; NaN if there are none."""
    ordered = np.sort(values, axis=2)  # NaN last
    lower = np.maximum(count - 1, 0) // 2
    middle = [np.take_along_axis(ordered, each[:, :, None], axis=2)[:, :, 0] for each in (lower, count // 2)]
    return np.where(count > 0, (middle[0] + middle[1]) / 2, np.nan)


@dataclass(frozen=True)
class FeatureInputs:
    """The inputs of the series of a history, each on its own: none is modelled together with others."""

    history: SeriesHistory

    def values(self, rows: Ints, origins: Ints, targets: Ints) -> dict[str, Floats]:
        """Return the values of the columns `input_types`; NaN where nothing is known.

        rows: series. origins: the last known steps. targets: the steps that are described, each after its origin. No
        value depends on a step after the origin, except the calendar and what was planned by then.
        """
        days = self.history.days[targets]
        months = days.astype("M8[M]")
        own_calendar = self._calendar[self.history.countries[rows], targets]
        steps = {lag: targets - lag * -(-(targets - origins) // lag) for lag in LAGS}
        return {
            "weekday": own_calendar[:, features.CALENDAR_FEATURES.index("weekday")],
            "month": months.astype(np.float64) % 12 + 1,
            "day_of_year": (days - days.astype("M8[Y]").astype("M8[D]")).astype(np.float64) + 1,
            **{
                name: own_calendar[:, features.CALENDAR_FEATURES.index(name)] + CALENDAR_OFFSETS.get(name, 0)
                for name in CALENDAR_TYPES
            },
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
        return find_outliers(self.history.values, self.history.grain.season)

    @cached_property
    def is_out(self) -> Bools:
        """Whether each series was out of stock; shape (series, steps)."""
        is_out = self.history.is_out
        return np.zeros(self.history.values.shape, dtype=bool) if is_out is None else is_out

    @cached_property
    def _panel(self) -> Panel:
        return group_series(replace(self.history, can_be_sparse=False))[0]

    @cached_property
    def _calendar(self) -> Floats:
        return calendar_of_panel(self._panel)

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


def feature_table(history: SeriesHistory, keys: Mapping[str, pa.Array], target: str, days_ahead: int) -> pa.Table:
    """Return the features of a daily history, ordered by series and day; `feature_schema` is their schema.

    keys: columns `KEY_NAMES`, a value for each series. target: units or revenue. Each row has what was known
    `days_ahead` days before its day; the last `days_ahead` days are those after the history, whose labels are NULL.
    """
    rows, steps = _rows(history, days_ahead)
    inputs = FeatureInputs(history)
    is_past = steps < history.steps
    past = np.minimum(steps, history.steps - 1)
    values = {
        target: np.where(is_past, history.values[rows, past], np.nan),
        "is_open": np.where(is_past, history.is_open[history.stores[rows], past], np.nan),
        "is_out_of_stock": np.where(is_past, inputs.is_out[rows, past], np.nan),
        "is_outlier": np.where(is_past, inputs.outliers[rows, past], np.nan),
        **inputs.values(rows, steps - days_ahead, steps),
    }
    constants = {
        "day": pa.array(history.days[steps].astype("datetime64[D]"), pa.date32()),
        "days_ahead": pa.array(np.full(len(rows), days_ahead), pa.int32()),
    }
    taken = {name: keys[name].take(pa.array(rows)) for name in KEY_NAMES}
    schema = feature_schema(history, target)
    columns = taken | constants | {name: arrow_numbers(each, schema.field(name).type) for name, each in values.items()}
    return pa.table([columns[name] for name in schema.names], schema=schema)


def key_columns(keys: Sequence[SeriesKey]) -> dict[str, pa.Array]:
    """Return the columns `KEY_NAMES` of series; empty texts are NULL."""
    return {name: pa.array([getattr(each, name) or None for each in keys], pa.string()) for name in KEY_NAMES}


def arrow_numbers(values: NDArray[np.float64], kind: pa.DataType) -> pa.Array:
    """Return numbers as an array of a type; NaN is NULL."""
    is_missing = np.isnan(values)
    numbers = values if kind == pa.float64() else np.where(is_missing, 0.0, values)
    return pa.array(numbers.astype(kind.to_pandas_dtype()), kind, mask=is_missing)


def _rows(history: SeriesHistory, days_ahead: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The series and steps of the rows; a series without any value has none."""
    observed = np.isfinite(history.values)
    sold = np.flatnonzero(observed.any(axis=1))
    first = observed[sold].argmax(axis=1)
    lengths = history.steps + days_ahead - first
    rows = np.repeat(sold, lengths)
    starts = np.repeat(np.cumsum(lengths) - lengths, lengths)
    return rows, np.arange(len(rows)) - starts + np.repeat(first, lengths)
