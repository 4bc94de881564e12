"""A test that hangs fails, with the stacks of all threads, and those after it run: by the project's own settings."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.system  # each test waits for a limit of seconds
ROOT = Path(__file__).resolve().parents[2]
HANGS = """
import threading

def waits_beside():
    threading.Event().wait()

def test_one_hangs():
    threading.Thread(target=waits_beside, daemon=True).start()
    waits_for_ever()

def waits_for_ever():
    threading.Event().wait()

def test_the_next_passes():
    pass
"""


def run(file: Path, text: str, *options: str) -> subprocess.CompletedProcess[str]:
    file.write_text(text)
    settings = ["-c", str(ROOT / "pyproject.toml"), "-p", "no:cacheprovider", "-p", "no:randomly", "-n", "1"]
    command = [sys.executable, "-m", "pytest", *settings, *options, str(file)]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=90, cwd=file.parent)


def test_a_test_that_hangs_fails_with_the_stacks_of_all_threads_and_the_suite_goes_on(tmp_path: Path) -> None:
    done = run(tmp_path / "test_hangs.py", HANGS, "--timeout", "1")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "1 failed, 1 passed" in done.stdout
    assert "in waits_beside" in done.stdout + done.stderr
    assert "in waits_for_ever" in done.stdout + done.stderr or "waits_for_ever()" in done.stdout
    assert "Timeout (>1.0s)" in done.stdout


DEAF = HANGS.replace("import threading", "import signal, threading").replace(
    "def test_one_hangs():", "def test_one_hangs():\n    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])"
)


def test_a_test_that_no_signal_reaches_ends_its_process_with_the_stacks_and_another_goes_on(tmp_path: Path) -> None:
    done = run(tmp_path / "test_deaf.py", DEAF, "--timeout", "1", "-o", "faulthandler_timeout=2")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "1 failed, 1 passed" in done.stdout
    assert "crashed while running" in done.stdout
    assert "in waits_beside" in done.stderr
    assert "in waits_for_ever" in done.stderr


def test_every_test_has_a_limit_below_the_last_resort(pytestconfig: pytest.Config) -> None:
    assert 0 < float(pytestconfig.getini("timeout")) < float(pytestconfig.getini("faulthandler_timeout"))
    assert pytestconfig.getini("timeout_method") == "signal"
    assert pytestconfig.getini("faulthandler_exit_on_timeout")
