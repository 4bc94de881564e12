"""Jobs that fail on Spark, in the environment of `make spark`, which has no pytest."""

import json
from collections.abc import Callable
from typing import Any

from tillstream.model.errors import TillstreamError
from tillstream.spark import feature_tables, spark_session
from tillstream.spark.spark_session import SparkProcess


def worker() -> None:
    """The function of a Python worker raises."""
    spark_session.active_session().range(1).mapInArrow(broken, "id long").toArrow()


def broken(batches: Any) -> Any:
    for _ in batches:
        raise OSError("No space left on the volume")
        yield


def java() -> None:
    """The folder of a file is no folder."""
    spark_session.active_session().range(1).write.parquet("file:///dev/null/features")


def no_connector() -> None:
    """The address is checked before the history, which is left out."""
    feature_tables.write_features("gs://bucket/features", None, {}, "units", 1)  # type: ignore[arg-type]


def run(job: Callable[[], None]) -> None:
    try:
        job()
    except TillstreamError:
        raise
    except Exception as error:  # noqa: BLE001 - of Java
        raise spark_session.spark_failure(error) from None


def main(master: str) -> None:
    messages = []
    try:
        with SparkProcess(master) as process:
            for job in (worker, java, no_connector):
                try:
                    process.call(run, job)
                except TillstreamError as error:
                    messages.append(str(error))
    except TillstreamError as error:
        messages.append(str(error))
    print(json.dumps(messages))
