"""`tillstream forecast …` and `tillstream series …`: runs, accuracy, features, a comparison, and outside series."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypedDict

from tillstream.commands.declaration import AnyPath, Group, InputFile, Option, PathKind, read_file
from tillstream.commands.printing import ImportProblem, print_line, print_problems, problem_rows, show_rows
from tillstream.commands.result import COMMAND_LINE, DONE, FAILED, Progress, Result
from tillstream.model import audit
from tillstream.model.document_json import JsonObject
from tillstream.model.errors import Rejected, TillstreamError

if TYPE_CHECKING:
    from tillstream.app import App
    from tillstream.forecasting.compute import Fitter
    from tillstream.forecasting.method_comparison import MethodComparison
    from tillstream.forecasting.mlflow_tracking import Tracking
    from tillstream.ports.warehouse import Row

forecast = Group("forecast", "Forecast revenue and units, and see how accurate the forecasts were.")
series = Group("series", "Series from outside, such as footfall or a market index, that forecasts use.")

ACCURACY_COLUMNS = {
    "target": "target",
    "level": "level",
    "relative_mae": "error / naive",
    "relative_sum_error": "error of sums / naive",
    "coverage": "in the band",
    "bias": "bias",
    "points": "values",
}
COMPARISON_COLUMNS = {
    "level": "level",
    "method": "method",
    "mae": "MAE",
    "rmse": "RMSE",
    "relative_mae": "error / naive",
    "relative_sum_error": "error of sums / naive",
    "bias": "bias",
    "points": "values",
}
NAIVE_WORDS = {"day": "the same weekday a week before", "week": "the same week a year before"}
"""Step of the forecast → the sales that the naive forecast repeats."""
MAX_INPUTS = 6
"""Number of inputs that are named."""
ENGINES = LOCAL, SPARK = ("local", "spark")
Master = Annotated[str, Option("The Spark cluster, such as spark://HOST:7077; default: this machine.")]
Horizon = Annotated[int, Option("Number of days to forecast.", metavar="DAYS", least=1, most=91)]
Target = Annotated[
    str,
    Option(
        "What the series are: units of products in stores, or revenue of categories in stores.",
        choices=["units", "revenue"],
    ),
]


class OutsideSeriesRow(TypedDict):
    name: str
    rows: int
    first: str
    last: str
    regions: list[str]
    by: str
    at: str


class FeatureShare(TypedDict):
    """How much of a regression relies on an input."""

    feature: str
    share: float


def show_forecast_run(
    *,
    reason: str,
    horizon: int,
    grain: str,
    cutoff_date: str,
    series: int,
    windows: int,
    left_out: list[str],
    unconverted: list[str],
) -> None:
    """Print what a run forecast, or why it forecast nothing."""
    if reason:
        print_line(f"No forecast: {reason}")
        return
    print_line(
        f"Forecast for {horizon} {grain}s after {cutoff_date}: revenue and units, "
        f"{series:,} products in stores. Tested with {windows} earlier forecasts."
    )
    for region in left_out:
        print_line(f"{region} is left out: it has no sales of the last days.")
    for region in unconverted:
        print_line(f"{region} is in no revenue over all regions: it has no exchange rate.")


def show_accuracy(*, windows: "list[Row]", run: dict[str, str]) -> None:
    """Print the accuracy by target and level, of all windows together."""
    if not windows:
        print_line("There is no forecast yet. Make one with: tillstream forecast run")
        return
    rows = [
        {title: _figure(name, window.get(name)) for name, title in ACCURACY_COLUMNS.items()}
        for window in windows
        if window["cutoff_date"] is None
    ]
    show_rows({"name": "forecast accuracy", "columns": list(ACCURACY_COLUMNS.values()), "rows": rows, "cut": False})
    print_line(f"error / naive: error of the forecast ÷ that of {NAIVE_WORDS[run['grain']]}. Below 1 is better.")


def show_comparison(
    *,
    windows: "list[Row]",
    settings: dict[str, float],
    tried: list[object],
    importance: list[FeatureShare],
    folder: str,
    run: str = "",
    run_error: str = "",
) -> None:
    """Print the errors of each method by level, of all windows together, and what the regression relies on."""
    rows = [
        {title: _figure(name, window.get(name)) for name, title in COMPARISON_COLUMNS.items()}
        for window in windows
        if window["cutoff_date"] is None
    ]
    show_rows({"name": "comparison", "columns": list(COMPARISON_COLUMNS.values()), "rows": rows, "cut": False})
    numbers = ", ".join(f"{name} {value:g}" for name, value in settings.items())
    print_line(f"Regression: {numbers}, the best of {len(tried)} settings.")
    parts = [f"{each['feature']} {each['share']:.0%}" for each in importance[:MAX_INPUTS]]
    print_line(f"It relies on {', '.join(parts)}.")
    if folder:
        print_line(f"{folder} has the numbers and the forecasts that they are computed from.")
    if run:
        print_line(f"MLflow has it as {run}.")
    if run_error:
        print_line(f"It is not in MLflow: {run_error}")


def show_features(
    *, folder: str, rows: int, columns: int, target: str, series: int, last_day: str, days_ahead: int
) -> None:
    """Print where the features are, and how many."""
    print_line(
        f"{folder} has {rows:,} rows of {columns} columns: {target} of "
        f"{series:,} series until {last_day}, as known {days_ahead} days before."
    )


def _figure(name: str, value: Any) -> Any:
    if value is None or name in {"target", "level", "method", "points"}:
        return value
    return f"{float(value):.0%}" if name in {"coverage", "bias"} else f"{float(value):.2f}"


def show_series_import(*, problems: list[ImportProblem], name: str, rows: int, first: str = "", last: str = "") -> None:
    """Print what was imported, or why nothing was."""
    print_problems((), problems, len(problems))
    if problems:
        print_line(f"Nothing was imported: {len(problems):,} rows have a problem.")
        return
    print_line(f"{name}: {rows:,} values from {first} to {last}. The next forecast uses them.")


def show_series_list(data: list[OutsideSeriesRow]) -> None:
    """Print the series."""
    rows = [{**one, "regions": ", ".join(one["regions"]) or "all"} for one in data]
    show_rows({"name": "series", "columns": list(OutsideSeriesRow.__annotations__), "rows": rows, "cut": False})


def show_removed_series(*, name: str) -> None:
    """Print what was removed."""
    print_line(f"The series {name} is removed. The next forecast does not use it.")


@forecast.command("run", show_forecast_run, api="forecast")
def run_forecast(
    app: "App",
    progress: Progress,
    *,
    horizon: Horizon = 91,
    engine: Annotated[
        str, Option("What makes the forecasts: a process on this machine, or Apache Spark.", choices=ENGINES)
    ] = "local",
    master: Master = "",
) -> Result:
    """Forecast again from all sales before today. An interrupted run is continued. A server does it every night."""
    from tillstream import logs
    from tillstream.forecasting import run_records
    from tillstream.forecasting.forecast_run import run_forecast as run
    from tillstream.records import audit_log

    def note(*_: int) -> None:
        run_records.FORECAST.renew(app.ports)
        progress("fits")

    if app.ports.jobs:  # at the start: a job that is killed each time waits for the next night
        run_records.FORECAST.answer(app.ports, run_records.FORECAST.pending(app.ports))
    with run_records.FORECAST.reserved(app.ports), _fitter(engine, master) as fitter:
        ended = run(app.ports, fitter, horizon, note)
    audit_log.record(
        app.ports, COMMAND_LINE, audit.AuditAction.FORECAST_RUN, "forecasts", None, run_records.published_run(ended)
    )
    if app.settings.project:
        logs.warn("forecast drifts", ended.drifting)
    return Result(run_records.published_run(ended), FAILED if ended.reason else DONE)


@forecast.command("accuracy", show_accuracy)
def forecast_accuracy(app: "App") -> Result:
    """Compare the forecasts of the backtest with what came, and with last week's sales as a forecast."""
    from tillstream.forecasting import published_forecasts

    return Result(published_forecasts.accuracy_report(app.ports))


@forecast.command("features", show_features)
def export_features(
    app: "App",
    *,
    out: Annotated[
        AnyPath,
        Option(
            "Folder without Parquet files; of Spark, also gs://BUCKET/FOLDER if it has the connector.", metavar="FOLDER"
        ),
    ],
    target: Target = "units",
    days_ahead: Annotated[
        int, Option("Each row has what was known so many days before its day.", metavar="DAYS", least=1, most=91)
    ] = 1,
    engine: Annotated[
        str, Option("What computes the features: this process, or Apache Spark.", choices=ENGINES)
    ] = "local",
    master: Master = "",
) -> Result:
    """Write the features of each series and day as Parquet, for models of your own."""
    from tillstream.forecasting import feature_files
    from tillstream.forecasting.feature_table import feature_schema, key_columns

    is_path = "://" not in out
    on_spark = is_on_spark(engine, master)
    if is_path:
        feature_files.check_folder(out)
    elif not on_spark:
        raise Rejected("Only Spark writes to such an address: add --engine spark, or choose a folder of this machine.")
    sold, series = feature_files.daily_sales(app.ports, target, days_ahead)
    if on_spark:
        from tillstream.spark import feature_tables  # lazy: with Spark only
        from tillstream.spark.spark_session import SparkProcess

        with SparkProcess(master) as process:
            keys = key_columns(series.keys)
            rows = process.call(feature_tables.write_features, out, series.history, keys, target, days_ahead)
    else:
        rows = feature_files.write_features(out, series, target, days_ahead)
    return Result(
        {
            "folder": out,
            "target": target,
            "days_ahead": days_ahead,
            "last_day": sold.last,
            "series": len(series.keys),
            "rows": rows,
            "columns": len(feature_schema(series.history, target)),
        }
    )


@forecast.command("compare", show_comparison)
def compare_forecasts(
    app: "App",
    *,
    target: Target = "units",
    horizon: Horizon = 91,
    out: Annotated[
        str,
        PathKind(is_folder=True),
        Option("Write comparison.json and predictions.parquet into this folder.", metavar="FOLDER"),
    ] = "",
    track: Annotated[str, Option("Log the comparison to this MLflow server.", metavar="URL")] = "",
    master: Master = "",
) -> Result:
    """Compare the backtest of the forecasts with a linear regression on Spark, at the same cutoffs and levels."""
    from tillstream.forecasting import method_comparison
    from tillstream.forecasting.compute import NotEnoughData
    from tillstream.forecasting.feature_files import daily_sales
    from tillstream.forecasting.method_comparison import compare_methods
    from tillstream.forecasting.mlflow_tracking import Tracking
    from tillstream.forecasting.stored_fits import StoredFits
    from tillstream.model.json_text import to_json

    started = app.ports.clock.now()
    tracking = Tracking(track) if track else None
    sold, series = daily_sales(app.ports, target, horizon)
    from tillstream.forecasting.fitters import FittingProcess  # lazy: this command only
    from tillstream.spark import series_regression
    from tillstream.spark.spark_session import SparkProcess

    with SparkProcess(master) as process, FittingProcess() as fitter:
        try:
            comparison = compare_methods(
                series,
                target,
                sold.reporting_currency,
                horizon,
                StoredFits(app.ports, fitter),
                lambda *history: process.call(series_regression.regress_series, *history),
            )
        except NotEnoughData as missing:
            raise Rejected(f"There are sales of {missing.weeks} weeks. A comparison needs {missing.needed}.") from None
    options = {"target": target, "horizon": horizon}
    read = {"folder": out or None, "last_day": sold.last, "series": len(series.keys)}
    report = to_json(options | _comparison_report(comparison) | read)
    if out:
        method_comparison.write_comparison(out, report, series, comparison)
    return log_comparison(report, tracking, started, app.ports.clock.now()) if tracking else Result(report)


@series.command("import", show_series_import)
def import_series(app: "App", name: str, file: InputFile) -> Result:
    """Import a series from a CSV file or a workbook: all rows, or none if one has a problem.

    Columns: date, value, published_on (the day from which on the value was known; default: the day after), region.
    """
    from tillstream.forecasting import outside_series
    from tillstream.forecasting.outside_series import read_series

    file_name = Path(file).name
    table = read_series(read_file(file), app.contracts.regions())
    problems = problem_rows(table.problems, "line", "message", "remedy")
    if problems:
        return Result({"name": name, "file": file_name, "rows": 0, "problems": problems}, FAILED)
    saved = outside_series.save_series(app.ports, name, table.values, by=COMMAND_LINE, file=file_name)
    return Result({**asdict(saved), "file": file_name, "problems": []}, DONE)


@series.command("list", show_series_list)
def list_series(app: "App") -> Result:
    """List the series."""
    from tillstream.forecasting import outside_series

    return Result([asdict(one) for one in outside_series.listed_series(app.ports)])


@series.command("remove", show_removed_series)
def remove_series(app: "App", name: str) -> Result:
    """Remove a series. The next forecast does not use it; the portal can restore it for 30 days."""
    from tillstream.forecasting import outside_series

    outside_series.remove_series(app.ports, name, by=COMMAND_LINE)
    return Result({"name": name})


def is_on_spark(engine: str, master: str) -> bool:
    """Whether an engine is Spark. master: of a cluster; empty: this machine.

    Raises `Rejected` for another engine than `ENGINES`, and for a master of the engine local.
    """
    if engine not in ENGINES:
        raise Rejected(f"There is no engine {engine}. The engines are {' and '.join(ENGINES)}.")
    if master and engine == LOCAL:
        raise Rejected("A master belongs to the engine spark: add --engine spark.")
    return engine == SPARK


@contextmanager
def _fitter(engine: str, master: str) -> "Iterator[Fitter]":
    """What makes the fits. Raises `Rejected` without Spark."""
    if is_on_spark(engine, master):
        from tillstream.spark.forecast_fits import SparkFitter  # lazy: with Spark only
        from tillstream.spark.spark_session import SparkProcess

        with SparkProcess(master) as process:
            yield SparkFitter(process)
        return
    from tillstream.forecasting.fitters import FittingProcess  # lazy: this command only

    with FittingProcess() as fitter:
        yield fitter


def log_comparison(report: JsonObject, tracking: "Tracking", started: datetime, ended: datetime) -> Result:
    """Log a report, and add the address of its run, or else why there is none: a comparison may take hours."""

    try:
        return Result(report | {"run": tracking.log(report, started, ended)})
    except TillstreamError as error:
        return Result(report | {"run_error": str(error)}, FAILED)


def _comparison_report(comparison: "MethodComparison") -> JsonObject:
    regression = comparison.regression
    return {
        "settings": regression.settings,
        "tried": [asdict(each) for each in regression.tried],
        "training_rows": list(regression.rows),
        "windows": list(comparison.windows),
        "importance": [{"feature": name, "share": share} for name, share in regression.importance],
    }
