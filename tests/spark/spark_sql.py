"""Run statements of Spark SQL in the environment of `make spark`, which has no pytest.

This module is both sides: tests import `rows_of_spark`, and the Python of that environment runs the file.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

SECONDS = 280
ENVIRONMENT = {"SPARK_LOCAL_IP": "127.0.0.1", "JDK_JAVA_OPTIONS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"}
"""Java ends before code compiled by its slow compiler is worth it."""
SETTINGS = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.shuffle.partitions": "2",
}


def rows_of_spark(python: Path, statements: Path, *queries: str) -> list[list[list[Any]]]:
    """Rows of each query after the statements of a file. python: of the fixture `spark_python`. Values are texts."""
    done = subprocess.run(
        [python, __file__, str(statements), *queries],
        env=os.environ | ENVIRONMENT | {"PYSPARK_PYTHON": str(python)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    rows: list[list[list[Any]]] = json.loads(done.stdout.splitlines()[-1])
    return rows


def main(statements: str, *queries: str) -> None:
    from pyspark.sql import SparkSession

    with tempfile.TemporaryDirectory() as folder:
        builder = SparkSession.builder.master("local[2]").config("spark.sql.warehouse.dir", folder)
        for name, value in SETTINGS.items():
            builder = builder.config(name, value)
        session = builder.getOrCreate()
        lines = Path(statements).read_text(encoding="utf-8").splitlines()
        text = "\n".join(line for line in lines if not line.startswith("--"))
        for statement in filter(str.strip, text.split(";\n")):
            session.sql(statement.removesuffix(";"))
        answers = [[[str(value) for value in row] for row in session.sql(query).collect()] for query in queries]
        session.stop()
    print(json.dumps(answers))


if __name__ == "__main__":
    main(*sys.argv[1:])
