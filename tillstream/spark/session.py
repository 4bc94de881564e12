"""The Spark session of a process of its own."""

import os
import re
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tillstream.model.errors import Rejected, TillstreamError, Unavailable

INSTALL = "Spark is not installed. Run `make setup EXTRAS=spark`, or install the extra `spark` of Tillstream."
NO_JAVA = "Spark needs Java 17 or later, and none starts. Install it, for example the package openjdk-17-jre-headless."
LOCAL = "local"
ON_THIS_MACHINE = "local[*,4]"
"""All cores; a task is tried four times, as on a cluster."""
SETTINGS = {
    "spark.app.name": "tillstream",
    "spark.sql.session.timeZone": "UTC",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}
ADDRESS = "127.0.0.1"
SUBMITTED = "PYSPARK_GATEWAY_PORT"
"""Is set by spark-submit, which has started Java with a master and settings of its own."""
STDOUT, STDERR = 1, 2
MAX_REASON = 500
CHECK_MASTER = "Check the address of --master."
_PREAMBLE = re.compile(r"An error occurred while calling .*\n: ")
_CAUSE = re.compile(r"^Caused by: (.+)", re.MULTILINE)
_EXCEPTION = 'Exception in thread "main" '
_OLD_JAVA = "UnsupportedClassVersionError"
_TRACEBACK = "Traceback (most recent call last):"


class SparkFailed(Unavailable):
    """Spark failed; its log has more than the message."""


def check_installed() -> None:
    """Raise `Rejected` if pyspark is not installed. Java shows when a session starts."""
    try:
        is_installed = find_spec("pyspark") is not None
    except ModuleNotFoundError:
        is_installed = False
    if not is_installed:
        raise Rejected(INSTALL)


def start(master: str, log: str) -> None:
    """Start the session. master: of the cluster; empty: that of spark-submit, else this machine.

    log: the file for what Spark prints.
    Raises `Rejected` without Java, and `SparkFailed`.
    """
    _print_into(log)
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    settings = SETTINGS | {"spark.sql.warehouse.dir": tempfile.gettempdir()}
    if SUBMITTED in os.environ:
        settings |= {"spark.master": master} if master else {}
    else:
        settings["spark.master"] = master or ON_THIS_MACHINE
    if settings.get("spark.master", "").startswith(LOCAL):
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))  # workers import what this process does
        os.environ.setdefault("SPARK_LOCAL_IP", ADDRESS)
        settings |= {"spark.driver.bindAddress": ADDRESS, "spark.driver.host": ADDRESS}
    from pyspark import SparkConf
    from pyspark.errors import PySparkException
    from pyspark.sql import SparkSession

    conf = SparkConf().setAll(list(settings.items()))
    try:
        SparkSession.builder.config(conf=conf).getOrCreate()
    except PySparkException as error:
        if error.getCondition() == "JAVA_GATEWAY_EXITED":
            raise _not_started(Path(log).read_text(errors="replace"), master) from None
        raise failed(error, master) from None
    except Exception as error:  # noqa: BLE001 - of Java
        raise failed(error, master) from None


def active() -> Any:
    """The session that `start` has started in this process."""
    from pyspark.sql import SparkSession

    return SparkSession.builder.getOrCreate()


def _not_started(printed: str, master: str) -> TillstreamError:
    """The error if Java has ended at once: there is none, or spark-submit rejected a setting, such as the master."""
    _, is_java, reason = printed.rpartition(_EXCEPTION)
    return failed(reason, master) if is_java and _OLD_JAVA not in reason else Rejected(NO_JAVA)


def failed(error: Exception | str, master: str = "") -> SparkFailed:
    """The error for an exception of Spark, which may be one of Java that cannot be pickled.

    master: that a session could not start with.
    """
    cause = cause_in(str(error).strip() or type(error).__name__)
    message = f"Spark failed: {cause[:MAX_REASON].rstrip('.')}."
    return SparkFailed(f"{message} {CHECK_MASTER}" if master else message)


def cause_in(text: str) -> str:
    """Return the cause in the text of an exception: the error of a Python worker, else the last cause of Java."""
    _, is_python, trace = text.rpartition(_TRACEBACK)
    if is_python:
        return next((line for line in trace.splitlines() if line.strip() and not line[0].isspace()), text)
    causes = _CAUSE.findall(text)
    return str(causes[-1]) if causes else _PREAMBLE.sub("", text).splitlines()[0]


def _print_into(log: str) -> None:
    """Let this process and those that it starts print into a file: Java and Spark print warnings that help nobody."""
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (STDOUT, STDERR):
        os.dup2(file, stream)
    os.close(file)
