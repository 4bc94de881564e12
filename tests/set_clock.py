"""Tests at a given instant: `--at 2028-02-29T12:00+00:00` sets the clock of Python, which ticks on from there.

The environment tells each process that starts from here, a worker or one that a test starts, how far it is ahead, and
`clock_of_children` sets its clock. What is not Python's keeps the true time: dates of files, SQLite, DuckDB, OpenSSL,
browsers, emulators, and a process with an environment of its own.
"""

import os
import time
from datetime import datetime
from pathlib import Path

import pytest

AHEAD = "TESTS_CLOCK_AHEAD"
CHILDREN = Path(__file__).with_name("clock_of_children")


def set_to(config: pytest.Config) -> None:
    """Set the clocks of the processes that start from here to the instant of `--at`."""
    at = config.getoption("at")
    if not at or AHEAD in os.environ:
        return  # in a worker, or in a run of pytest that a test starts
    if not config.getoption("numprocesses", 0):
        raise pytest.UsageError("--at needs a worker (-n 1): this process has imported modules at another date")
    instant = datetime.fromisoformat(at)
    if instant.tzinfo is None:
        raise pytest.UsageError(f"--at {at} has no offset to UTC, such as +00:00")
    os.environ[AHEAD] = str(instant.timestamp() - time.time())
    os.environ["PYTHONPATH"] = os.pathsep.join([str(CHILDREN), *filter(None, [os.environ.get("PYTHONPATH")])])
