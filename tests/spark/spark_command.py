"""Run a command of the product in the environment of `make spark`, which has no pytest.

This module is both sides: tests import `run_on_spark`, and the Python of that environment runs the file.
"""

import json
import os
import subprocess
import sys
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
SECONDS = 280


def run_on_spark(python: Path, home: Path, now: datetime, command: str, **arguments: Any) -> Any:
    """The result of a command on a home that no process has open. python: of the fixture `spark_python`."""
    request = json.dumps([str(home), now.isoformat(), command, arguments])
    done = subprocess.run(
        [python, __file__, request],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def main(request: str) -> None:
    hide_pandas()
    home, now, command, arguments = json.loads(request)
    settings = Settings(home=Path(home), samples=False, threads=1)
    opened = app.build(settings, ManualClock(datetime.fromisoformat(now)))
    try:
        print(json.dumps(COMMANDS[command](opened, quiet, **arguments).data, default=str))
    finally:
        opened.close()


if __name__ == "__main__":
    main(sys.argv[1])
