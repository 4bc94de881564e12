"""A history as rows of a data frame, one per series, and back: what all series share is no part of the rows."""

from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tillstream.forecasting.models.history import SeriesHistory
from tillstream.forecasting.models.panel import Ints, Regressor

FULL = 256
"""Number of series from which on a block of stores is full."""


def shared(history: SeriesHistory) -> SeriesHistory:
    """Return the history without its series: days, holidays, open days, and regressors that are the same for all."""
    return history.only(slice(0))


def rows(history: SeriesHistory) -> pa.Table:
    """Return a row for each series: its number, its codes, its block of stores, and lists of its values by step."""
    columns = {
        "series": pa.array(np.arange(history.series)),
        "block": pa.array(blocks(history.stores)[history.stores]),
        "store": pa.array(history.stores),
        "category": pa.array(history.categories),
        "country": pa.array(history.countries),
        "sold": lists(history.values),
    }
    if history.is_out is not None:
        columns["is_out"] = lists(history.is_out)
    for number, each in enumerate(history.regressors):
        if not _is_shared(each):
            columns[f"input_{number}"] = lists(each.values)
            if each.available is not None:
                columns[f"available_{number}"] = lists(each.available)
    return pa.table(columns)


def history_of(table: pa.Table, common: SeriesHistory) -> SeriesHistory:
    """Return the history of the series of some rows, in the order of their numbers."""
    table = table.sort_by("series")
    return replace(
        common,
        values=matrix(table, "sold"),
        stores=table.column("store").to_numpy(),
        categories=table.column("category").to_numpy(),
        countries=table.column("country").to_numpy(),
        regressors=tuple(_regressor(table, number, each) for number, each in enumerate(common.regressors)),
        is_out=None if common.is_out is None else matrix(table, "is_out"),
    )


def blocks(stores: Ints) -> Ints:
    """Return the block of each store, by the stores of series: stores that follow each other until one is full."""
    before = np.concatenate([[0], np.bincount(stores).cumsum()[:-1]])
    return np.unique(before // FULL, return_inverse=True)[1].astype(np.int64)


def matrix(table: pa.Table, name: str) -> NDArray[Any]:
    """Return a column of lists of one length as rows of a matrix."""
    column = table.column(name).combine_chunks()
    flat = column.flatten().to_numpy(zero_copy_only=False)
    return np.ascontiguousarray(flat).reshape(table.num_rows, -1)


def lists(values: NDArray[Any]) -> pa.Array:
    """Return the rows of a matrix as lists."""
    count, length = values.shape
    offsets = np.arange(count + 1, dtype=np.int32) * np.int32(length)
    return pa.ListArray.from_arrays(offsets, pa.array(np.ascontiguousarray(values).ravel()))


def _is_shared(regressor: Regressor) -> bool:
    return bool(regressor.values.shape[0] == 1)


def _regressor(table: pa.Table, number: int, common: Regressor) -> Regressor:
    if _is_shared(common):
        return common
    available = None if common.available is None else matrix(table, f"available_{number}")
    return replace(common, values=matrix(table, f"input_{number}"), available=available)
