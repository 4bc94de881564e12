"""Commands `forecast …`."""

import click

from tillstream.cli.runner import as_json, run


@click.group()
def forecast() -> None:
    """Forecast revenue and units, and see how accurate the forecasts were."""


@forecast.command("run")
@click.option(
    "--horizon",
    type=click.IntRange(1, 91),
    default=91,
    show_default=True,
    metavar="DAYS",
    help="Number of days to forecast.",
)
@as_json
def run_forecast(horizon: int, json_: bool) -> None:
    """Forecast again from all sales before today. An interrupted run is continued. A server does it every night."""
    from tillstream.cli.output.forecast import show_run

    run("forecast", json_=json_, show=show_run, horizon=horizon)


@forecast.command()
@as_json
def accuracy(json_: bool) -> None:
    """Compare the forecasts of the backtest with what came, and with last week's sales as a forecast."""
    from tillstream.cli.output.forecast import show_accuracy

    run("forecast-accuracy", json_=json_, show=show_accuracy)
