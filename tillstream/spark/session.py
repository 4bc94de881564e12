"""The Spark session of a process of its own."""

import os
import sys
import tempfile
from importlib.util import find_spec
from typing import Any

from tillstream.domain.errors import Rejected, Unavailable

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
MAX_REASON = 300


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
    Raises `Rejected` without Java, and `Unavailable`.
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
            raise Rejected(NO_JAVA) from None
        raise failed(error) from None
    except Exception as error:  # noqa: BLE001 - of Java
        raise failed(error) from None


def active() -> Any:
    """The session that `start` has started in this process."""
    from pyspark.sql import SparkSession

    return SparkSession.builder.getOrCreate()


def failed(error: Exception) -> Unavailable:
    """The error for an exception of Spark, which may be one of Java that cannot be pickled."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return Unavailable(f"Spark failed: {lines[0][:MAX_REASON]}")


def _print_into(log: str) -> None:
    """Let this process and those that it starts print into a file: Java and Spark print warnings that help nobody."""
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (STDOUT, STDERR):
        os.dup2(file, stream)
    os.close(file)
