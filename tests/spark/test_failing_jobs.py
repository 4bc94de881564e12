"""Errors of Spark name their cause, and the log that is kept."""

import json
import os
import subprocess
from pathlib import Path

import pytest
from spark_command import ROOT, SECONDS


def messages(python: Path, master: str, folder: Path) -> list[str]:
    """The errors of the jobs that fail on Spark. folder: of the log."""
    ended = subprocess.run(
        [python, "-c", f"import failing_jobs; failing_jobs.main({master!r})"],
        env=os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{Path(__file__).parent}", "TMPDIR": str(folder)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    read: list[str] = json.loads(ended.stdout)
    return read


@pytest.mark.long
def test_jobs_that_fail(spark_python: Path, tmp_path: Path) -> None:
    worker, java, no_connector = messages(spark_python, "local[2]", tmp_path)
    (log,) = tmp_path.glob("tillstream-spark-*/spark.log")
    assert worker == f"Spark failed: OSError: No space left on the volume. The log is {log}."
    assert java.startswith("Spark failed: org.apache.hadoop.fs.ParentNotDirectoryException: Parent path is not a dir")
    assert no_connector.startswith("Spark has no connector for gs://. Add it to the driver and the executors")
    assert "No space left on the volume" in log.read_text(encoding="utf-8")


@pytest.mark.long
def test_a_master_that_is_no_address(spark_python: Path, tmp_path: Path) -> None:
    (message,) = messages(spark_python, "somewhere", tmp_path)
    (log,) = tmp_path.glob("tillstream-spark-*/spark.log")
    reason = "org.apache.spark.SparkException: Master must either be yarn or start with spark, k8s, or local"
    assert message == f"Spark failed: {reason}. Check the address of --master. The log is {log}."
