"""Forecasts: runs, their accuracy, feature tables, a comparison with MLlib, and outside series."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from tillstream import logs
from tillstream.analytics.json_values import to_json
from tillstream.app import App
from tillstream.commands.arguments import NoArguments
from tillstream.commands.result import COMMAND_LINE, DONE, FAILED, Progress, Result
from tillstream.forecasting import feature_files, method_comparison, outside_series, published_forecasts, run_records
from tillstream.forecasting.compute import Fitter, NotEnoughData
from tillstream.forecasting.feature_files import UNITS, daily_sales
from tillstream.forecasting.feature_table import feature_schema, key_columns
from tillstream.forecasting.forecast_run import MAX_DAYS
from tillstream.forecasting.forecast_run import run_forecast as run
from tillstream.forecasting.method_comparison import MethodComparison, compare_methods
from tillstream.forecasting.mlflow_tracking import Tracking
from tillstream.forecasting.outside_series import read_series
from tillstream.forecasting.stored_fits import StoredFits
from tillstream.model import audit
from tillstream.model.errors import Rejected, TillstreamError
from tillstream.ports.machine import FORECAST_JOB
from tillstream.records import audit_log, job_runs

ENGINES = LOCAL, SPARK = ("local", "spark")


def is_on_spark(engine: str, master: str) -> bool:
    """Whether an engine is Spark. master: of a cluster; empty: this machine.

    Raises `Rejected` for another engine than `ENGINES`, and for a master of the engine local.
    """
    if engine not in ENGINES:
        raise Rejected(f"There is no engine {engine}. The engines are {' and '.join(ENGINES)}.")
    if master and engine == LOCAL:
        raise Rejected("A master belongs to the engine spark: add --engine spark.")
    return engine == SPARK


@dataclass(frozen=True, kw_only=True)
class RunForecast:
    """horizon: number of days. engine: what makes the fits, one of `ENGINES`. master: of a Spark cluster; empty: this
    machine."""

    horizon: int = MAX_DAYS
    engine: str = LOCAL
    master: str = ""


def run_forecast(app: App, progress: Progress, arguments: RunForecast) -> Result:
    def note(*_: int) -> None:
        job_runs.renew_reservation(app.ports, FORECAST_JOB)
        progress("fits")

    if app.ports.jobs:  # at the start: a job that is killed each time waits for the next night
        run_records.FORECAST_REQUEST.answer(app.ports, run_records.FORECAST_REQUEST.pending(app.ports))
    with job_runs.job_reserved(app.ports, FORECAST_JOB), _fitter(arguments) as fitter:
        ended = run(app.ports, fitter, arguments.horizon, note)
    audit_log.record(
        app.ports, COMMAND_LINE, audit.AuditAction.FORECAST_RUN, "forecasts", None, run_records.published_run(ended)
    )
    if app.settings.project:
        logs.warn("forecast drifts", ended.drifting)
    return Result(run_records.published_run(ended), FAILED if ended.reason else DONE)


@contextmanager
def _fitter(arguments: RunForecast) -> Iterator[Fitter]:
    """What makes the fits. Raises `Rejected` without Spark."""
    if is_on_spark(arguments.engine, arguments.master):
        from tillstream.spark.forecast_fits import SparkFitter  # lazy: with Spark only
        from tillstream.spark.spark_session import SparkProcess

        with SparkProcess(arguments.master) as process:
            yield SparkFitter(process)
        return
    from tillstream.forecasting.fitters import FittingProcess  # lazy: this command only

    with FittingProcess() as fitter:
        yield fitter


def forecast_accuracy(app: App, progress: Progress, arguments: NoArguments) -> Result:
    return Result(published_forecasts.accuracy_report(app.ports))


@dataclass(frozen=True, kw_only=True)
class ExportFeatures:
    """out: path of the folder; of Spark also another address. target: one of `feature_files.TARGETS`. days_ahead:
    number of days. engine: one of `ENGINES`. master: of a Spark cluster; empty: this machine."""

    out: str
    target: str = feature_files.UNITS
    days_ahead: int = 1
    engine: str = LOCAL
    master: str = ""


def export_features(app: App, progress: Progress, arguments: ExportFeatures) -> Result:
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
        from tillstream.spark import feature_tables  # lazy: with Spark only
        from tillstream.spark.spark_session import SparkProcess

        with SparkProcess(arguments.master) as process:
            keys = key_columns(series.keys)
            rows = process.call(feature_tables.write_features, arguments.out, series.history, keys, target, days_ahead)
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


@dataclass(frozen=True, kw_only=True)
class CompareForecasts:
    """target: units or revenue. horizon: number of days. out: path of a folder for the files; empty: none. track:
    address of an MLflow server; empty: none. master: of a Spark cluster; empty: this machine."""

    target: str = UNITS
    horizon: int = MAX_DAYS
    out: str = ""
    track: str = ""
    master: str = ""


def compare_forecasts(app: App, progress: Progress, arguments: CompareForecasts) -> Result:
    """Compare, write the files, and log the comparison. Raises `Rejected` and `Unavailable`."""
    started = app.ports.clock.now()
    tracking = Tracking(arguments.track) if arguments.track else None
    sold, series = daily_sales(app.ports, arguments.target, arguments.horizon)
    from tillstream.forecasting.fitters import FittingProcess  # lazy: this command only
    from tillstream.spark import series_regression
    from tillstream.spark.spark_session import SparkProcess

    with SparkProcess(arguments.master) as process, FittingProcess() as fitter:
        try:
            comparison = compare_methods(
                series,
                arguments.target,
                sold.reporting_currency,
                arguments.horizon,
                StoredFits(app.ports, fitter),
                lambda *history: process.call(series_regression.regress_series, *history),
            )
        except NotEnoughData as missing:
            raise Rejected(f"There are sales of {missing.weeks} weeks. A comparison needs {missing.needed}.") from None
    report = to_json(_comparison_report(arguments, comparison) | {"last_day": sold.last, "series": len(series.keys)})
    if arguments.out:
        method_comparison.write_comparison(arguments.out, report, series, comparison)
    return log_comparison(report, tracking, started, app.ports.clock.now()) if tracking else Result(report)


def log_comparison(report: dict[str, Any], tracking: Tracking, started: datetime, ended: datetime) -> Result:
    """Log a report, and add the address of its run, or else why there is none: a comparison may take hours."""
    try:
        return Result(report | {"run": tracking.log(report, started, ended)})
    except TillstreamError as error:
        return Result(report | {"run_error": str(error)}, FAILED)


def _comparison_report(arguments: CompareForecasts, comparison: MethodComparison) -> dict[str, Any]:
    regression = comparison.regression
    return {
        "target": arguments.target,
        "horizon": arguments.horizon,
        "settings": regression.settings,
        "tried": [asdict(each) for each in regression.tried],
        "training_rows": list(regression.rows),
        "windows": list(comparison.windows),
        "importance": [{"feature": name, "share": share} for name, share in regression.importance],
        "folder": arguments.out or None,
    }


MAX_SERIES_PROBLEMS = 1_000


@dataclass(frozen=True, kw_only=True)
class ImportSeries:
    name: str
    file: str


@dataclass(frozen=True, kw_only=True)
class OfSeries:
    name: str


def import_series(app: App, progress: Progress, arguments: ImportSeries) -> Result:
    """Import a series, all rows or none; it replaces one of the same name."""
    path = Path(arguments.file)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise Rejected(f"{path} cannot be read: {error.strerror}.") from error
    table = read_series(content, app.contracts.regions())
    problems = [asdict(one) for one in table.problems[:MAX_SERIES_PROBLEMS]]
    if problems:
        return Result({"name": arguments.name, "file": path.name, "rows": 0, "problems": problems}, FAILED)
    saved = outside_series.save_series(app.ports, arguments.name, table.values, by=COMMAND_LINE, file=path.name)
    return Result({**asdict(saved), "file": path.name, "problems": []}, DONE)


def list_series(app: App, progress: Progress, arguments: NoArguments) -> Result:
    return Result([asdict(one) for one in outside_series.listed_series(app.ports)])


def remove_series(app: App, progress: Progress, arguments: OfSeries) -> Result:
    outside_series.remove_series(app.ports, arguments.name, by=COMMAND_LINE)
    return Result({"name": arguments.name})
