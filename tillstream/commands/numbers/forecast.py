"""Forecast runs, and how accurate the forecasts were in their backtest."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tillstream import logs
from tillstream.app import App
from tillstream.commands.arguments import NoArguments
from tillstream.commands.numbers.engines import LOCAL, is_on_spark
from tillstream.commands.result import DONE, FAILED, Progress, Result
from tillstream.commands.run_batch import COMMAND_LINE
from tillstream.forecasting import published_forecasts, run_records
from tillstream.forecasting.compute import Fitter
from tillstream.forecasting.forecast_run import MAX_DAYS
from tillstream.forecasting.forecast_run import run_forecast as run
from tillstream.model import audit
from tillstream.ports.machine import FORECAST_JOB
from tillstream.records import audit_log, job_runs


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """horizon: number of days. engine: what makes the fits, one of `ENGINES`. master: of a Spark cluster; empty: this
    machine."""

    horizon: int = MAX_DAYS
    engine: str = LOCAL
    master: str = ""


def run_forecast(app: App, progress: Progress, arguments: Forecast) -> Result:
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
def _fitter(arguments: Forecast) -> Iterator[Fitter]:
    """What makes the fits. Raises `Rejected` without Spark."""
    if is_on_spark(arguments.engine, arguments.master):
        from tillstream.spark.forecasts import SparkFitter  # lazy: with Spark only
        from tillstream.spark.process import SparkProcess

        with SparkProcess(arguments.master) as process:
            yield SparkFitter(process)
        return
    from tillstream.forecasting.fitters import FittingProcess  # lazy: this command only

    with FittingProcess() as fitter:
        yield fitter


def accuracy(app: App, progress: Progress, arguments: NoArguments) -> Result:
    return Result(published_forecasts.accuracy_report(app.ports))
