"""Exports of feature tables."""

from dataclasses import dataclass

from tillstream.app import App
from tillstream.commands.numbers.engines import LOCAL, is_on_spark
from tillstream.commands.result import Progress, Result
from tillstream.forecasting import feature_files
from tillstream.forecasting.feature_table import feature_schema, key_columns
from tillstream.model.errors import Rejected


@dataclass(frozen=True, kw_only=True)
class Features:
    """out: path of the folder; of Spark also another address. target: one of `source.TARGETS`. days_ahead: number of
    days. engine: one of `engines.ENGINES`. master: of a Spark cluster; empty: this machine."""

    out: str
    target: str = feature_files.UNITS
    days_ahead: int = 1
    engine: str = LOCAL
    master: str = ""


def export_features(app: App, progress: Progress, arguments: Features) -> Result:
    """Write the feature table into a folder. Raises `Rejected` and `Unavailable`."""
    target, days_ahead = arguments.target, arguments.days_ahead
    is_path = "://" not in arguments.out
    on_spark = is_on_spark(arguments.engine, arguments.master)
    if is_path:
        feature_files.check_folder(arguments.out)
    elif not on_spark:
        raise Rejected("Only Spark writes to such an address: add --engine spark, or choose a folder of this machine.")
    sold, series = feature_files.daily_sales(app.ports, target, days_ahead)
    if on_spark:
        from tillstream.spark import features  # lazy: with Spark only
        from tillstream.spark.process import SparkProcess

        with SparkProcess(arguments.master) as process:
            keys = key_columns(series.keys)
            rows = process.call(features.write, arguments.out, series.history, keys, target, days_ahead)
    else:
        rows = feature_files.write_features(arguments.out, series, target, days_ahead)
    return Result(
        {
            "folder": arguments.out,
            "target": target,
            "days_ahead": days_ahead,
            "last_day": sold.last,
            "series": len(series.keys),
            "rows": rows,
            "columns": len(feature_schema(series.history, target)),
        }
    )
