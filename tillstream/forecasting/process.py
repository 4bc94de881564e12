"""A process of its own for fits: LightGBM's memory and threads end with it."""

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from types import TracebackType
from typing import Any, Self

from tillstream import absent_pandas
from tillstream.child_process import end_with_parent
from tillstream.forecasting.models import fitting
from tillstream.forecasting.models.ensemble import Fit
from tillstream.forecasting.models.fitting import Explained
from tillstream.forecasting.models.history import History


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

    def fit(self, history: History, horizon: int) -> Fit:
        """Forecast the steps after a history."""
        result: Fit = self._call(fitting.fit, history, horizon)
        return result

    def fit_and_explain(self, history: History, horizon: int, newest_cutoff: int) -> Explained:
        """As `fitting.fit_and_explain`."""
        result: Explained = self._call(fitting.fit_and_explain, history, horizon, newest_cutoff)
        return result

    def _call(self, function: Callable[..., Any], *arguments: object) -> Any:
        if self._executor is None:
            raise RuntimeError("The process is not started: use it as a context manager.")
        return self._executor.submit(function, *arguments).result()


def _start() -> None:
    """Prepare the process; it ends with its parent, also if that is killed."""
    absent_pandas.hide_pandas()
    end_with_parent()
