"""Commands `forecast …`."""

from pathlib import Path
from typing import Any

import click

from tillstream.cli.runner import as_json, run

MASTER = click.option(
    "--master", default="", help="The Spark cluster, such as spark://HOST:7077; default: this machine."
)
TARGET = click.option(
    "--target",
    type=click.Choice(["units", "revenue"]),
    default="units",
    show_default=True,
    help="What the series are: units of products in stores, or revenue of categories in stores.",
)
HORIZON = click.option(
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
@HORIZON
@click.option(
    "--engine",
    type=click.Choice(["local", "spark"]),
    default="local",
    show_default=True,
    help="What makes the forecasts: a process on this machine, or Apache Spark.",
)
@MASTER
@as_json
def run_forecast(horizon: int, engine: str, master: str, json_: bool) -> None:
    """Forecast again from all sales before today. An interrupted run is continued. A server does it every night."""
    from tillstream.cli.output.forecast import show_run

    spark: dict[str, Any] = {"engine": engine, "master": master} if engine != "local" or master else {}
    run("forecast", json_=json_, show=show_run, horizon=horizon, **spark)


@forecast.command()
@as_json
def accuracy(json_: bool) -> None:
    """Compare the forecasts of the backtest with what came, and with last week's sales as a forecast."""
    from tillstream.cli.output.forecast import show_accuracy

    run("forecast-accuracy", json_=json_, show=show_accuracy)


@forecast.command()
@click.option(
    "--out",
    required=True,
    metavar="FOLDER",
    help="Folder without Parquet files; of Spark, also gs://BUCKET/FOLDER if it has the connector.",
)
@TARGET
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
@MASTER
@as_json
def features(out: str, target: str, days_ahead: int, engine: str, master: str, json_: bool) -> None:
    """Write the features of each series and day as Parquet, for models of your own."""
    from tillstream.cli.output.forecast import show_features

    folder = out if "://" in out else str(Path(out).resolve())
    options: dict[str, Any] = {"target": target, "days_ahead": days_ahead, "engine": engine, "master": master}
    run("forecast-features", json_=json_, show=show_features, out=folder, **options)


@forecast.command()
@TARGET
@HORIZON
@click.option(
    "--out",
    type=click.Path(file_okay=False, resolve_path=True),
    default="",
    metavar="FOLDER",
    help="Write comparison.json and predictions.parquet into this folder.",
)
@click.option("--track", default="", metavar="URL", help="Log the comparison to this MLflow server.")
@MASTER
@as_json
def compare(target: str, horizon: int, out: str, track: str, master: str, json_: bool) -> None:
    """Compare the backtest of the forecasts with a linear regression on Spark, at the same cutoffs and levels."""
    from tillstream.cli.output.forecast import show_comparison

    options: dict[str, Any] = {"target": target, "horizon": horizon, "out": out, "track": track}
    run("forecast-compare", json_=json_, show=show_comparison, master=master, **options)
