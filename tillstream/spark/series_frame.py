"""A data frame with a row for each series of a history, and what they share."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tillstream.forecasting.models.history import SeriesHistory
from tillstream.forecasting.models.panel import Ints, Regressor
from tillstream.spark import spark_session

BLOCK_SERIES = 256
"""Number of series from which on a block of stores is full."""

FEWEST_TASKS = 64
"""Number of tasks among which windows and blocks are divided; Spark runs as many at a time as there are cores."""
GroupFunction = Callable[[tuple[Any, ...], pa.Table], pa.Table]


def shared_history(history: SeriesHistory) -> SeriesHistory:
    """Return the history without its series: days, holidays, open days, and regressors that are the same for all."""
    return history.only(slice(0))


def series_rows(history: SeriesHistory) -> pa.Table:
    """Return a row for each series: its number, its codes, its block of stores, and lists of its values by step."""
    columns = {
        "series": pa.array(np.arange(history.series)),
        "block": pa.array(store_blocks(history.stores)[history.stores]),
        "store": pa.array(history.stores),
        "category": pa.array(history.categories),
        "country": pa.array(history.countries),
        "sold": lists_of_matrix(history.values),
    }
    if history.is_out is not None:
        columns["is_out"] = lists_of_matrix(history.is_out)
    for number, each in enumerate(history.regressors):
        if not _is_shared(each):
            columns[f"input_{number}"] = lists_of_matrix(each.values)
            if each.available is not None:
                columns[f"available_{number}"] = lists_of_matrix(each.available)
    return pa.table(columns)


def history_of(table: pa.Table, common: SeriesHistory) -> SeriesHistory:
    """Return the history of the series of some rows, in the order of their numbers."""
    table = table.sort_by("series")
    return replace(
        common,
        values=matrix_of_lists(table, "sold"),
        stores=table.column("store").to_numpy(),
        categories=table.column("category").to_numpy(),
        countries=table.column("country").to_numpy(),
        regressors=tuple(_regressor(table, number, each) for number, each in enumerate(common.regressors)),
        is_out=None if common.is_out is None else matrix_of_lists(table, "is_out"),
    )


def store_blocks(stores: Ints) -> Ints:
    """Return the block of each store, by the stores of series: stores that follow each other until one is full."""
    before = np.concatenate([[0], np.bincount(stores).cumsum()[:-1]])
    return np.unique(before // BLOCK_SERIES, return_inverse=True)[1].astype(np.int64)


def matrix_of_lists(table: pa.Table, name: str) -> NDArray[Any]:
    """Return a column of lists of one length as rows of a matrix."""
    column = table.column(name).combine_chunks()
    flat = column.flatten().to_numpy(zero_copy_only=False)
    return np.ascontiguousarray(flat).reshape(table.num_rows, -1)


def lists_of_matrix(values: NDArray[Any]) -> pa.Array:
    """Return the rows of a matrix as lists."""
    count, length = values.shape
    offsets = np.arange(count + 1, dtype=np.int32) * np.int32(length)
    return pa.ListArray.from_arrays(offsets, pa.array(np.ascontiguousarray(values).ravel()))


def _is_shared(regressor: Regressor) -> bool:
    return bool(regressor.values.shape[0] == 1)


def _regressor(table: pa.Table, number: int, common: Regressor) -> Regressor:
    if _is_shared(common):
        return common
    available = None if common.available is None else matrix_of_lists(table, f"available_{number}")
    return replace(common, values=matrix_of_lists(table, f"input_{number}"), available=available)


class SeriesFrame:
    """A data frame with a row for each series, and what they share."""

    def __init__(self, history: SeriesHistory, columns: Mapping[str, pa.Array] | None = None) -> None:
        """columns: further ones, with a value for each series."""
        self._spark = spark_session.active_session()
        self._held: list[Any] = []
        self.common = self.broadcast(shared_history(history))
        rows = series_rows(history)
        for name, values in (columns or {}).items():
            rows = rows.append_column(name, values)
        self._count = rows.num_rows
        self._series = self._spark.createDataFrame(rows).cache()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._series.unpersist()
        for each in self._held:
            each.destroy()

    def broadcast(self, value: object) -> Any:
        """Ship a value once to each executor, until the end of the context."""
        self._held.append(self._spark.sparkContext.broadcast(value))
        return self._held[-1]

    def grouped(self, cutoffs: Sequence[int], keys: Sequence[str], schema: str, function: GroupFunction) -> pa.Table:
        """Call a function with the rows of each cutoff and each value of the keys, and return its rows."""
        windows = self._spark.createDataFrame(pa.table({"cutoff": pa.array(cutoffs, pa.int64())}))
        names = ("cutoff", *keys)
        divided = self._series.crossJoin(windows).repartition(FEWEST_TASKS, *names)
        return divided.groupBy(*names).applyInArrow(function, schema).toArrow()

    def in_chunks(self, size: int, schema: str, function: GroupFunction) -> Any:
        """Return the data frame of what a function returns for the rows of each `size` series."""
        from pyspark.sql import functions

        number = functions.floor(functions.col("series") / size)
        tasks = min(FEWEST_TASKS, -(-self._count // size))
        divided = self._series.withColumn("chunk", number).repartition(tasks, "chunk")
        return divided.groupBy("chunk").applyInArrow(function, schema)
