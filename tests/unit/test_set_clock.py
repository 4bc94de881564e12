"""Tests at a given instant: their processes share a clock that ticks."""

import os
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from set_clock import AHEAD

ROOT = Path(__file__).resolve().parents[2]


def test_a_process_has_the_clock_of_the_test_that_starts_it() -> None:
    outside = time.monotonic()
    before = time.time()
    inside = time.monotonic()
    child = float(subprocess.check_output([sys.executable, "-c", "import time; print(time.time())"], timeout=60))
    threading.Event().wait(0.01)
    inside = time.monotonic() - inside
    after = time.time()
    outside = time.monotonic() - outside
    assert before - 0.001 < child < after + 0.001
    assert inside - 0.1 < after - before < outside + 0.1  # however long the process is kept from the processor
    print(f"It is {datetime.now(UTC):%Y-%m-%d}")


@pytest.mark.system
def test_tests_begin_at_the_given_instant() -> None:
    name = test_a_process_has_the_clock_of_the_test_that_starts_it.__name__
    command = [sys.executable, "-m", "pytest", "-n", "1", "-rP", "--at", "2028-02-29T12:00+00:00"]
    environment = {key: value for key, value in os.environ.items() if key != AHEAD}
    command.append(f"{__file__}::{name}")
    done = subprocess.run(command, check=False, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=250)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "It is 2028-02-29" in done.stdout
