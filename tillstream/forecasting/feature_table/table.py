"""Feature tables of a history: a row for each series and day from its first sale on."""

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tillstream.forecasting.feature_table.columns import KEYS, schema_of
from tillstream.forecasting.feature_table.inputs import Inputs
from tillstream.forecasting.models.history import History
from tillstream.forecasting.sales.series import Key

SERIES = 256
"""Number of series whose features are computed together."""


def feature_table(history: History, keys: Mapping[str, pa.Array], target: str, days_ahead: int) -> pa.Table:
    """Return the features of a daily history, ordered by series and day; `columns.schema_of` is their schema.

    keys: columns `KEYS`, a value for each series. target: units or revenue. Each row has what was known `days_ahead`
    days before its day; the last `days_ahead` days are those after the history, whose labels are NULL.
    """
    rows, steps = _rows(history, days_ahead)
    inputs = Inputs(history)
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
    taken = {name: keys[name].take(pa.array(rows)) for name in KEYS}
    schema = schema_of(history, target)
    columns = taken | constants | {name: arrow_of(each, schema.field(name).type) for name, each in values.items()}
    return pa.table([columns[name] for name in schema.names], schema=schema)


def keys_of(keys: Sequence[Key]) -> dict[str, pa.Array]:
    """Return the columns `KEYS` of series; empty texts are NULL."""
    return {name: pa.array([getattr(each, name) or None for each in keys], pa.string()) for name in KEYS}


def arrow_of(values: NDArray[np.float64], kind: pa.DataType) -> pa.Array:
    """Return numbers as an array of a type; NaN is NULL."""
    is_missing = np.isnan(values)
    numbers = values if kind == pa.float64() else np.where(is_missing, 0.0, values)
    return pa.array(numbers.astype(kind.to_pandas_dtype()), kind, mask=is_missing)


def _rows(history: History, days_ahead: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The series and steps of the rows; a series without any value has none."""
    observed = np.isfinite(history.values)
    sold = np.flatnonzero(observed.any(axis=1))
    first = observed[sold].argmax(axis=1)
    lengths = history.steps + days_ahead - first
    rows = np.repeat(sold, lengths)
    starts = np.repeat(np.cumsum(lengths) - lengths, lengths)
    return rows, np.arange(len(rows)) - starts + np.repeat(first, lengths)
