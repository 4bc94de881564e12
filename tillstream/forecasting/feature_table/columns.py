"""The columns of a feature table, and their types."""

import pyarrow as pa

from tillstream.forecasting.models import calendar
from tillstream.forecasting.models.features import regressor_names
from tillstream.forecasting.models.history import History

LAGS = (1, 7, 28)
"""Days of the lags: each is the value of the latest known day that is a multiple of as many days before."""
MEANS = (7, 28)
"""Days of the rolling means, which end with the latest known day."""
KEYS = ("region", "store_id", "category", "product")
KEY_TYPES = {name: pa.string() for name in KEYS} | {"day": pa.date32(), "days_ahead": pa.int32()}
DATES = {"weekday": pa.int32(), "month": pa.int32(), "day_of_year": pa.int32()}
WHOLE = {
    *("day_of_month", "days_to_month_end", "week_of_year", "holiday", "days_since_holiday", "days_to_holiday"),
    *("days_from_easter", "days_to_christmas"),
}
CALENDAR = {
    name: pa.int32() if name in WHOLE else pa.bool_() if name == "bridge" else pa.float64()
    for name in calendar.FEATURES
    if name not in DATES
}
RECENT = {
    **{f"lag_{days}": pa.float64() for days in LAGS},
    **{f"lag_{days}_is_outlier": pa.bool_() for days in LAGS},
    **{f"mean_{days}": pa.float64() for days in MEANS},
    "level": pa.float64(),
    "days_out_of_stock": pa.int32(),
}


def label_types(target: str) -> dict[str, pa.DataType]:
    """Columns about the day itself, which are no inputs. target: units or revenue."""
    return {target: pa.float64(), "is_open": pa.bool_(), "is_out_of_stock": pa.bool_(), "is_outlier": pa.bool_()}


def input_types(history: History) -> dict[str, pa.DataType]:
    """Columns of what was known: dates, the calendar, recent sales, and the regressors of a history."""
    own = {name: pa.float64() for each in history.regressors for name in regressor_names(each)}
    return DATES | CALENDAR | RECENT | own


def schema_of(history: History, target: str) -> pa.Schema:
    """Return the columns of the feature table of a history in their order. target: units or revenue."""
    return pa.schema(list((KEY_TYPES | label_types(target) | input_types(history)).items()))
