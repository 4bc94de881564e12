"""A process of its own for Spark: Java's memory and what it prints end with it, and pandas, which Spark needs, is
loaded there only."""

import multiprocessing
import shutil
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from tillstream.child_process import end_with_parent
from tillstream.model.errors import Unavailable
from tillstream.spark import session

Result = TypeVar("Result")
BEAT_SECONDS = 30.0


class SparkProcess:
    """Runs functions beside a Spark session. Its process starts with the session when the context begins.

    Raises `Rejected` if pyspark or Java is missing, and `Unavailable`.
    """

    def __init__(self, master: str = "") -> None:
        """master: as for `session.start`."""
        self._master = master
        self._executor: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        session.check_installed()
        self._log = Path(tempfile.mkdtemp(prefix="tillstream-spark-")) / "spark.log"
        self._keeps_log = False
        # Java ends with that process
        self._executor = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), end_with_parent)
        try:
            self.call(session.start, self._master, str(self._log))
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._executor:
            self._executor.shutdown(cancel_futures=True)
            self._executor = None
        if not self._keeps_log:
            shutil.rmtree(self._log.parent, ignore_errors=True)

    def call(
        self, function: Callable[..., Result], *arguments: object, beat: Callable[[], None] = lambda: None
    ) -> Result:
        """The result of a function in the process of Spark; it, its arguments and its result can be pickled.

        beat: called here every half minute until then.
        Raises what the function and `beat` raise, and `Unavailable` if the process has ended. If Spark failed, its
        log is kept and the message names it.
        """
        if self._executor is None:
            raise RuntimeError("The process is not started: use it as a context manager.")
        try:
            future = self._executor.submit(function, *arguments)
            while not wait([future], BEAT_SECONDS).done:
                beat()
            return future.result()
        except BrokenProcessPool as error:
            raise self._failed("The process of Spark ended: it may need more memory.") from error
        except session.SparkFailed as error:
            raise self._failed(str(error)) from error

    def _failed(self, reason: str) -> Unavailable:
        self._keeps_log = True
        return Unavailable(f"{reason} The log is {self._log}.")
