"""Feature tables on Spark: each task computes those of some series, and writes them."""

import re
from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from tillstream.forecasting.feature_files import COMPRESSION, check_names
from tillstream.forecasting.feature_table import KEY_NAMES, SERIES_AT_ONCE, feature_schema, feature_table
from tillstream.forecasting.models.history import SeriesHistory
from tillstream.model.errors import Rejected, TillstreamError
from tillstream.spark import series_frame, spark_session
from tillstream.spark.series_frame import GroupFunction, SeriesFrame

_KEY = "key_"
_NO_CONNECTOR = re.compile(r"No FileSystem for scheme|Class \S+FileSystem not found")
_TYPES = {
    pa.string(): "string",
    pa.date32(): "date",
    pa.int32(): "int",
    pa.int64(): "long",
    pa.float64(): "double",
    pa.bool_(): "boolean",
}


def write_features(
    folder: str, history: SeriesHistory, keys: Mapping[str, pa.Array], target: str, days_ahead: int
) -> int:
    """Write the feature table of a history into a folder, and return the number of its rows.

    folder: a path, or an address that Spark writes to, such as gs://BUCKET/features. The other arguments are those of
    `feature_table`. Runs beside a Spark session. Raises `Rejected` if the folder has Parquet files or Spark has no
    connector for it, and `Unavailable` if Spark fails.
    """
    try:
        check_names(folder, _files_in_folder(folder))
        with SeriesFrame(history, {f"{_KEY}{name}": values for name, values in keys.items()}) as series:
            function = _feature_rows(series.common, target, days_ahead)
            frame = series.in_chunks(SERIES_AT_ONCE, spark_schema(feature_schema(history, target)), function)
            frame.write.mode("append").option("compression", COMPRESSION).parquet(folder)
        return int(spark_session.active_session().read.parquet(folder).count())
    except Rejected:
        raise
    except Exception as error:  # noqa: BLE001 - of Java, which cannot be pickled
        raise _not_written(folder, error) from None


def spark_schema(schema: pa.Schema) -> str:
    """Return a schema as Spark reads it."""
    return ", ".join(f"`{field.name}` {_TYPES[field.type]}" for field in schema)


def _not_written(folder: str, error: Exception) -> TillstreamError:
    if _NO_CONNECTOR.search(str(error)):
        scheme = folder.partition("://")[0]
        return Rejected(
            f"Spark has no connector for {scheme}://. Add it to the driver and the executors, as the page “Models on "
            "Spark” of the docs describes, or choose a folder that all machines of the cluster share."
        )
    return spark_session.spark_failure(error)


def _files_in_folder(folder: str) -> list[str]:
    """What is in a folder, as Hadoop lists it; PySpark has no function for it."""
    spark = spark_session.active_session()
    path = spark._jvm.org.apache.hadoop.fs.Path(folder)  # noqa: SLF001
    files = path.getFileSystem(spark._jsc.hadoopConfiguration())  # noqa: SLF001
    return [each.getPath().getName() for each in files.listStatus(path)] if files.exists(path) else []


def _feature_rows(common: Any, target: str, days_ahead: int) -> GroupFunction:
    def table(_: tuple[Any, ...], rows: pa.Table) -> pa.Table:
        rows = rows.sort_by("series")
        history = series_frame.history_of(rows, common.value)
        return feature_table(history, {name: rows.column(f"{_KEY}{name}") for name in KEY_NAMES}, target, days_ahead)

    return table
