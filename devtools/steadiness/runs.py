"""One run of the tests, beside busy processes if it is a loaded one, and the file of results."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from devtools.steadiness.plan import MAKE_TARGETS, Run

ROOT = Path(__file__).resolve().parents[2]
FAILURE = re.compile(r"^(?:FAILED|ERROR) (\S.*?)(?: - .*)?$", re.MULTILINE)
BUSY = """
import os, sys
while os.getppid() == int(sys.argv[1]):
    sum(range(100_000))
"""
GUARD = """
import os, signal, subprocess, sys, time
process = subprocess.Popen(sys.argv[2:])
while process.poll() is None:
    if os.getppid() != int(sys.argv[1]):
        os.killpg(0, signal.SIGKILL)
    time.sleep(0.5)
sys.exit(process.returncode)
"""
"""Both end with the process that starts them, even if that is killed."""


@dataclass(frozen=True)
class Result:
    """How a run ended."""

    name: str
    passed: bool
    failures: list[str]
    seconds: int
    commit: str


def read_results(file: Path) -> dict[str, Result]:
    """The last result of each run, by its name."""
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    return {result.name: result for result in map(_parse, lines) if result}


def _parse(line: str) -> Result | None:
    try:
        return Result(**json.loads(line))
    except (ValueError, TypeError):
        return None  # cut off while it was written: the run is repeated


def perform(run: Run, folder: Path, workers: int) -> Result:
    """Run the tests, and append the result to the file of results; the output is kept beside it."""
    log, start = folder / f"{run.name}.log", time.monotonic()
    with _load(os.cpu_count() or 1 if run.is_loaded else 0):
        code = _make(run, log, workers)
    failures = sorted(set(FAILURE.findall(log.read_text(encoding="utf-8", errors="replace"))))
    seconds = round(time.monotonic() - start)
    result = Result(run.name, code == 0, failures, seconds, _commit())
    with (folder / "results.jsonl").open("a", encoding="utf-8") as file:
        file.write(f"\n{json.dumps(asdict(result))}\n")  # a line of its own, whatever was cut off before it
    return result


def _make(run: Run, log: Path, workers: int) -> int:
    """Run the make target in the environment of this Python; the exit code."""
    command = ["make", "--no-print-directory", MAKE_TARGETS[run.kind], f"VENV={sys.prefix}", f"WORKERS={workers}"]
    command.append(f"OPTIONS={run.options}")
    # its last digit chooses no slow tests
    environment = os.environ | {"TZ": run.moment.zone, "COMMIT": str(10 * run.seed)}
    with log.open("wb") as output:
        process = _start(GUARD, command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT)
        try:
            return process.wait()
        finally:
            _end([process])


def _start(program: str, arguments: Iterable[str] = (), **options: Any) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", program, str(os.getpid()), *arguments]
    return subprocess.Popen(command, start_new_session=True, **options)


@contextmanager
def _load(count: int) -> Iterator[None]:
    """Busy processes, as many as given."""
    busy = [_start(BUSY) for _ in range(count)]
    try:
        yield
    finally:
        _end(busy)


def _end(processes: Iterable[subprocess.Popen[bytes]]) -> None:
    """End the processes with all that they started in their sessions."""
    for process in processes:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _commit() -> str:
    """The commit of the tree; empty without git, as in an unpacked archive."""
    git = shutil.which("git")
    if not git:
        return ""
    command = [git, "describe", "--always", "--dirty"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()
