"""A data frame with a row for each series of a history, and what they share."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

import pyarrow as pa

from tillstream.forecasting.models.history import SeriesHistory
from tillstream.spark import series_rows, session

TASKS = 64
"""Number of tasks among which windows and blocks are divided; Spark runs as many at a time as there are cores."""
Grouped = Callable[[tuple[Any, ...], pa.Table], pa.Table]


class SeriesFrame:
    """A data frame with a row for each series, and what they share."""

    def __init__(self, history: SeriesHistory, columns: Mapping[str, pa.Array] | None = None) -> None:
        """columns: further ones, with a value for each series."""
        self._spark = session.active()
        self._held: list[Any] = []
        self.common = self.broadcast(series_rows.shared(history))
        rows = series_rows.rows(history)
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

    def grouped(self, cutoffs: Sequence[int], keys: Sequence[str], schema: str, function: Grouped) -> pa.Table:
        """Call a function with the rows of each cutoff and each value of the keys, and return its rows."""
        windows = self._spark.createDataFrame(pa.table({"cutoff": pa.array(cutoffs, pa.int64())}))
        names = ("cutoff", *keys)
        divided = self._series.crossJoin(windows).repartition(TASKS, *names)
        return divided.groupBy(*names).applyInArrow(function, schema).toArrow()

    def in_chunks(self, size: int, schema: str, function: Grouped) -> Any:
        """Return the data frame of what a function returns for the rows of each `size` series."""
        from pyspark.sql import functions

        number = functions.floor(functions.col("series") / size)
        tasks = min(TASKS, -(-self._count // size))
        divided = self._series.withColumn("chunk", number).repartition(tasks, "chunk")
        return divided.groupBy("chunk").applyInArrow(function, schema)
