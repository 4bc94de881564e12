"""Run a command of the product in the environment of `make spark`, which has no pytest.

This module is both sides: tests import `run_on_spark`, and the Python of that environment runs the file.
"""

import json
import os
import subprocess
import sys
import sysconfig
from datetime import datetime
from pathlib import Path
from typing import Any

from tillstream import app
from tillstream.absent_pandas import hide_pandas
from tillstream.adapters.local.clock import ManualClock
from tillstream.commands.registry import COMMANDS
from tillstream.commands.result import quiet
from tillstream.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 400
SHORT_LIVED = {"JDK_JAVA_OPTIONS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"}
"""For a Java that ends before code compiled by its slow compiler is worth it."""


def run_on_spark(python: Path, home: Path, now: datetime, command: str, **arguments: Any) -> Any:
    """The result of a command on a home that no process has open. python: of the fixture `spark_python`."""
    return result(_started(python, [str(home), now.isoformat(), command, arguments], [ROOT]))


def started_in_a_project(python: Path, command: str, **arguments: Any) -> subprocess.Popen[str]:
    """A command at work on the project that the environment names. The environment of Spark lacks the libraries of
    Google: they are those of this process."""
    return _started(python, ["", "", command, arguments], [ROOT, Path(sysconfig.get_path("purelib"))])


def _started(python: Path, request: list[Any], paths: list[Path]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [python, __file__, json.dumps(request)],
        env=os.environ | SHORT_LIVED | {"PYTHONPATH": os.pathsep.join(map(str, paths))},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def result(process: subprocess.Popen[str]) -> Any:
    """What a command results in when it has ended."""
    try:
        stdout, stderr = process.communicate(timeout=SECONDS)
    finally:
        process.kill()
    assert process.returncode == 0, stderr
    return json.loads(stdout)


def main(request: str) -> None:
    hide_pandas()
    home, now, command, arguments = json.loads(request)
    settings = Settings(home=Path(home), samples=False, threads=1) if home else Settings.read()
    opened = app.build(settings, ManualClock(datetime.fromisoformat(now)) if now else None)
    try:
        print(json.dumps(COMMANDS[command](opened, quiet, **arguments).data, default=str))
    finally:
        opened.close()


if __name__ == "__main__":
    main(sys.argv[1])
