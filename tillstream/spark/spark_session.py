"""The Spark session, in a process of its own: its memory and what Java prints end with it, and pandas is only there."""

import multiprocessing
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from tillstream.child_process import end_with_parent
from tillstream.model.errors import Rejected, TillstreamError, Unavailable
from tillstream.optional_packages import need_package

NO_JAVA = "Spark needs Java 17 or later, and none starts. Install it, for example the package openjdk-17-jre-headless."
LOCAL_MASTER = "local"
ON_THIS_MACHINE = "local[*,4]"
"""All cores; a task is tried four times, as on a cluster."""
SESSION_SETTINGS = {
    "spark.app.name": "tillstream",
    "spark.sql.session.timeZone": "UTC",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}
LOCAL_ADDRESS = "127.0.0.1"
SUBMITTED = "PYSPARK_GATEWAY_PORT"
"""Is set by spark-submit, which has started Java with a master and settings of its own."""
STDOUT, STDERR = 1, 2
MAX_REASON = 500
CHECK_MASTER = "Check the address of --master."
_PREAMBLE = re.compile(r"An error occurred while calling .*\n: ")
_CAUSE_LINE = re.compile(r"^Caused by: (.+)", re.MULTILINE)
_EXCEPTION = 'Exception in thread "main" '
_OLD_JAVA = "UnsupportedClassVersionError"
_TRACEBACK = "Traceback (most recent call last):"

FunctionResult = TypeVar("FunctionResult")
BEAT_SECONDS = 30.0


class SparkFailed(Unavailable):
    """Spark failed; its log has more than the message."""


def start_session(master: str, log: str) -> None:
    """Start the session. master: of the cluster; empty: that of spark-submit, else this machine.

    log: the file for what Spark prints.
    Raises `Rejected` without Java, and `SparkFailed`.
    """
    _print_into(log)
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    settings = SESSION_SETTINGS | {"spark.sql.warehouse.dir": tempfile.gettempdir()}
    if SUBMITTED in os.environ:
        settings |= {"spark.master": master} if master else {}
    else:
        settings["spark.master"] = master or ON_THIS_MACHINE
    if settings.get("spark.master", "").startswith(LOCAL_MASTER):
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))  # workers import what this process does
        os.environ.setdefault("SPARK_LOCAL_IP", LOCAL_ADDRESS)
        settings |= {"spark.driver.bindAddress": LOCAL_ADDRESS, "spark.driver.host": LOCAL_ADDRESS}
    from pyspark import SparkConf
    from pyspark.errors import PySparkException
    from pyspark.sql import SparkSession

    conf = SparkConf().setAll(list(settings.items()))
    try:
        SparkSession.builder.config(conf=conf).getOrCreate()
    except PySparkException as error:
        if error.getCondition() == "JAVA_GATEWAY_EXITED":
            raise _not_started(Path(log).read_text(errors="replace"), master) from None
        raise spark_failure(error, master) from None
    except Exception as error:  # noqa: BLE001 - of Java
        raise spark_failure(error, master) from None


def active_session() -> Any:
    """The session that `start_session` has started in this process."""
    from pyspark.sql import SparkSession

    return SparkSession.builder.getOrCreate()


def _not_started(printed: str, master: str) -> TillstreamError:
    """The error if Java has ended at once: there is none, or spark-submit rejected a setting, such as the master."""
    _, is_java, reason = printed.rpartition(_EXCEPTION)
    return spark_failure(reason, master) if is_java and _OLD_JAVA not in reason else Rejected(NO_JAVA)


def spark_failure(error: Exception | str, master: str = "") -> SparkFailed:
    """The error for an exception of Spark, which may be one of Java that cannot be pickled.

    master: that a session could not start with.
    """
    cause = cause_of_failure(str(error).strip() or type(error).__name__)
    message = f"Spark failed: {cause[:MAX_REASON].rstrip('.')}."
    return SparkFailed(f"{message} {CHECK_MASTER}" if master else message)


def cause_of_failure(text: str) -> str:
    """Return the cause in the text of an exception: the error of a Python worker, else the last cause of Java."""
    _, is_python, trace = text.rpartition(_TRACEBACK)
    if is_python:
        return next((line for line in trace.splitlines() if line.strip() and not line[0].isspace()), text)
    causes = _CAUSE_LINE.findall(text)
    return str(causes[-1]) if causes else _PREAMBLE.sub("", text).splitlines()[0]


def _print_into(log: str) -> None:
    """Let this process and those that it starts print into a file: Java and Spark print warnings that help nobody."""
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (STDOUT, STDERR):
        os.dup2(file, stream)
    os.close(file)


class SparkProcess:
    """Runs functions beside a Spark session. Its process starts with the session when the context begins.

    Raises `Rejected` if pyspark or Java is missing, and `Unavailable`.
    """

    def __init__(self, master: str = "") -> None:
        """master: as for `start_session`."""
        self._master = master
        self._executor: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        need_package("pyspark", "A job on Spark")  # Java shows when a session starts
        self._log = Path(tempfile.mkdtemp(prefix="tillstream-spark-")) / "spark.log"
        self._keeps_log = False
        # Java ends with that process
        self._executor = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), end_with_parent)
        try:
            self.call(start_session, self._master, str(self._log))
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
        self, function: Callable[..., FunctionResult], *arguments: object, beat: Callable[[], None] = lambda: None
    ) -> FunctionResult:
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
        except SparkFailed as error:
            raise self._failed(str(error)) from error

    def _failed(self, reason: str) -> Unavailable:
        self._keeps_log = True
        return Unavailable(f"{reason} The log is {self._log}.")
