"""Commands `forecast …`, `series …`, `goals …` and `report …`."""

from pathlib import Path
from typing import Any

import click

from tillstream.cli.runner import FILE, as_json, run

MASTER_OPTION = click.option(
    "--master", default="", help="The Spark cluster, such as spark://HOST:7077; default: this machine."
)
TARGET_OPTION = click.option(
    "--target",
    type=click.Choice(["units", "revenue"]),
    default="units",
    show_default=True,
    help="What the series are: units of products in stores, or revenue of categories in stores.",
)
HORIZON_OPTION = click.option(
    "--horizon",
    type=click.IntRange(1, 91),
    default=91,
    show_default=True,
    metavar="DAYS",
    help="Number of days to forecast.",
)


@click.group()
def forecast() -> None:
    """Forecast revenue and units, and see how accurate the forecasts were."""


@forecast.command("run")
@HORIZON_OPTION
@click.option(
    "--engine",
    type=click.Choice(["local", "spark"]),
    default="local",
    show_default=True,
    help="What makes the forecasts: a process on this machine, or Apache Spark.",
)
@MASTER_OPTION
@as_json
def run_forecast(horizon: int, engine: str, master: str, json_: bool) -> None:
    """Forecast again from all sales before today. An interrupted run is continued. A server does it every night."""
    from tillstream.cli.output.planning import show_forecast_run

    spark: dict[str, Any] = {"engine": engine, "master": master} if engine != "local" or master else {}
    run("forecast", json_=json_, show=show_forecast_run, horizon=horizon, **spark)


@forecast.command("accuracy")
@as_json
def forecast_accuracy(json_: bool) -> None:
    """Compare the forecasts of the backtest with what came, and with last week's sales as a forecast."""
    from tillstream.cli.output.planning import show_accuracy

    run("forecast-accuracy", json_=json_, show=show_accuracy)


@forecast.command("features")
@click.option(
    "--out",
    required=True,
    metavar="FOLDER",
    help="Folder without Parquet files; of Spark, also gs://BUCKET/FOLDER if it has the connector.",
)
@TARGET_OPTION
@click.option(
    "--days-ahead",
    type=click.IntRange(1, 91),
    default=1,
    show_default=True,
    metavar="DAYS",
    help="Each row has what was known so many days before its day.",
)
@click.option(
    "--engine",
    type=click.Choice(["local", "spark"]),
    default="local",
    show_default=True,
    help="What computes the features: this process, or Apache Spark.",
)
@MASTER_OPTION
@as_json
def export_features(out: str, target: str, days_ahead: int, engine: str, master: str, json_: bool) -> None:
    """Write the features of each series and day as Parquet, for models of your own."""
    from tillstream.cli.output.planning import show_features

    folder = out if "://" in out else str(Path(out).resolve())
    options: dict[str, Any] = {"target": target, "days_ahead": days_ahead, "engine": engine, "master": master}
    run("forecast-features", json_=json_, show=show_features, out=folder, **options)


@forecast.command("compare")
@TARGET_OPTION
@HORIZON_OPTION
@click.option(
    "--out",
    type=click.Path(file_okay=False, resolve_path=True),
    default="",
    metavar="FOLDER",
    help="Write comparison.json and predictions.parquet into this folder.",
)
@click.option("--track", default="", metavar="URL", help="Log the comparison to this MLflow server.")
@MASTER_OPTION
@as_json
def compare_forecasts(target: str, horizon: int, out: str, track: str, master: str, json_: bool) -> None:
    """Compare the backtest of the forecasts with a linear regression on Spark, at the same cutoffs and levels."""
    from tillstream.cli.output.planning import show_comparison

    options: dict[str, Any] = {"target": target, "horizon": horizon, "out": out, "track": track}
    run("forecast-compare", json_=json_, show=show_comparison, master=master, **options)


@click.group()
def series() -> None:
    """Series from outside, such as footfall or a market index, that forecasts use."""


@series.command("import")
@click.argument("name")
@click.argument("file", type=FILE)
@as_json
def import_series(name: str, file: str, json_: bool) -> None:
    """Import a series from a CSV file or a workbook: all rows, or none if one has a problem.

    Columns: date, value, published_on (the day from which on the value was known; default: the day after), region.
    """
    from tillstream.cli.output.planning import show_series_import

    run("series-import", json_=json_, show=show_series_import, name=name, file=file)


@series.command("list")
@as_json
def list_series(json_: bool) -> None:
    """List the series."""
    from tillstream.cli.output.planning import show_series_list

    run("series", json_=json_, show=show_series_list)


@series.command("remove")
@click.argument("name")
@as_json
def remove_series(name: str, json_: bool) -> None:
    """Remove a series. The next forecast does not use it; the portal can restore it for 30 days."""
    from tillstream.cli.output.planning import show_removed_series

    run("series-remove", json_=json_, show=show_removed_series, name=name)


@click.group()
def report() -> None:
    """Write reports as files."""


@report.command("executive")
@click.option("--out", required=True, metavar="FILE", help="File ending with .pdf, .html or .xlsx.")
@click.option("--from", "from_", default="", metavar="DATE", help="First day; default: the last complete month.")
@click.option("--to", default="", metavar="DATE", help="Last day.")
@click.option("--region", default="", help="Only this region.")
@as_json
def write_executive_report(out: str, from_: str, to: str, region: str, json_: bool) -> None:
    """Write what was sold, what changed, goals, forecast and what to do, for a month, a week or other days."""
    from tillstream.cli.output.planning import show_report

    run("report-executive", json_=json_, show=show_report, out=out, from_=from_, to=to, region=region)


@report.command("send")
@as_json
def send_reports(json_: bool) -> None:
    """Send the subscribed reports that are due, and what else waits in the outbox. A server does it by itself."""
    from tillstream.cli.output.planning import show_sent_reports

    run("report-send", json_=json_, show=show_sent_reports)
