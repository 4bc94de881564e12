"""Forecast runs, and how accurate the forecasts were in their backtest."""

from dataclasses import dataclass

from tillstream import audit, logs
from tillstream.app import App
from tillstream.commands.arguments import NoArguments
from tillstream.commands.result import DONE, FAILED, Progress, Result
from tillstream.commands.run_batch import COMMAND_LINE
from tillstream.forecasting import accuracy_report, runs
from tillstream.forecasting.run import MOST_DAYS, run


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """horizon: number of days."""

    horizon: int = MOST_DAYS


def run_forecast(app: App, progress: Progress, arguments: Forecast) -> Result:
    from tillstream.forecasting.process import FittingProcess  # lazy: this command only

    with FittingProcess() as fitter:
        ended = run(app.ports, fitter, arguments.horizon, lambda *_: progress("fits"))
    audit.record(app.ports, COMMAND_LINE, audit.AuditAction.FORECAST_RUN, "forecasts", None, runs.published(ended))
    if app.settings.project:
        logs.warn("forecast drifts", ended.drifting)
    return Result(runs.published(ended), FAILED if ended.reason else DONE)


def accuracy(app: App, progress: Progress, arguments: NoArguments) -> Result:
    return Result(accuracy_report.report(app.ports))
