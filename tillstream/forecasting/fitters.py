"""Where fits are made: in a process of their own, quickly without boosted trees, or in the background of a server."""

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from threading import Event
from types import TracebackType
from typing import Any, Self

from tillstream import absent_pandas
from tillstream.child_process import end_with_parent
from tillstream.forecasting import run_records
from tillstream.forecasting.forecast_run import run_forecast
from tillstream.forecasting.models import ensemble
from tillstream.forecasting.models.ensemble import ExplainedFit, ForecastFit
from tillstream.forecasting.models.history import SeriesHistory, group_series
from tillstream.ports import Ports


class FittingProcess:
    """A fitter whose fits are made in another process, which starts with the first one."""

    def __init__(self) -> None:
        self._executor: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        context = multiprocessing.get_context("spawn")
        self._executor = ProcessPoolExecutor(1, context, _start)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._executor:
            self._executor.shutdown(cancel_futures=True)

    def fit(self, history: SeriesHistory, horizon: int) -> ForecastFit:
        """Forecast the steps after a history."""
        result: ForecastFit = self._call(ensemble.fit_history, history, horizon)
        return result

    def fit_and_explain(self, history: SeriesHistory, horizon: int, newest_cutoff: int) -> ExplainedFit:
        """As `ensemble.fit_and_explain`."""
        result: ExplainedFit = self._call(ensemble.fit_and_explain, history, horizon, newest_cutoff)
        return result

    def _call(self, function: Callable[..., Any], *arguments: object) -> Any:
        if self._executor is None:
            raise RuntimeError("The process is not started: use it as a context manager.")
        return self._executor.submit(function, *arguments).result()


def _start() -> None:
    """Prepare the process; it ends with its parent, also if that is killed."""
    absent_pandas.hide_pandas()
    end_with_parent()


class QuickFits:
    """A fitter of the year-ago and the level member alone. Forecasts are less accurate; features have no importance."""

    def fit(self, history: SeriesHistory, horizon: int) -> ForecastFit:
        """Forecast the steps after a history."""
        panel, grouping = group_series(history)
        return ensemble.combine_members(panel, horizon, None).of_series(grouping)

    def fit_and_explain(self, history: SeriesHistory, horizon: int, newest_cutoff: int) -> ExplainedFit:  # noqa: ARG002 - no trees
        """Forecast the steps after a history, with the parts of the forecasts."""
        panel, grouping = group_series(history)
        return ExplainedFit(*ensemble.explain_fit(panel, grouping, horizon, None), ())


class ForecastStopped(Exception):
    """The server stops; the next one continues the run."""


def forecast_at_night(ports: Ports, stopping: Event) -> list[str]:
    """Make a forecast; return a sentence for each one that drifts. Raises what `run_forecast` raises, once an hour."""

    def check(done: int, total: int) -> None:  # noqa: ARG001 - the protocol of progress
        if stopping.is_set():
            raise ForecastStopped

    answered = run_records.FORECAST.pending(ports)
    try:
        with FittingProcess() as fitter:
            return list(run_forecast(ports, fitter, progress=check).drifting)
    except ForecastStopped:
        return []
    except Exception:
        run_records.note_failure(ports, answered)
        raise
