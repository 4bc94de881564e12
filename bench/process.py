"""Measurement of whole processes: wall and CPU seconds, and peak resident set size."""

import os
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Run:
    """Seconds and megabytes (10^6 bytes) of one finished process."""

    wall: float
    cpu: float
    memory: float


@dataclass(frozen=True)
class Figures:
    """Medians over the runs; `memory` is the maximum."""

    runs: tuple[Run, ...]

    @property
    def wall(self) -> float:
        return statistics.median(run.wall for run in self.runs)

    @property
    def cpu(self) -> float:
        return statistics.median(run.cpu for run in self.runs)

    @property
    def memory(self) -> float:
        return max(run.memory for run in self.runs)


def ratio(one: Figures, other: Figures) -> float:
    """Median of the pairwise ratios, so that drift of the machine cancels out."""
    return statistics.median(a.wall / b.wall for a, b in zip(one.runs, other.runs, strict=True))


def timed(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Run:
    """Run a command and measure it. Raises `RuntimeError` with its output if it fails."""
    with tempfile.TemporaryFile() as output:
        started = time.perf_counter()
        process = subprocess.Popen(command, stdout=output, stderr=output, env=os.environ | dict(environment or {}))
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            output.seek(0)
            raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}: {output.read().decode()[-2000:]}")
    return Run(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / 1e6)


Prepare = Callable[[Path], tuple[Sequence[str], Mapping[str, str]]]
"""Empty folder → (command to time, environment)."""


def in_turn(peers: Mapping[str, Prepare], work: Path, runs: int) -> dict[str, Figures]:
    """Run a warm-up round, then `runs` interleaved rounds of all peers, each in an empty folder."""
    results: dict[str, list[Run]] = {name: [] for name in peers}
    for number in range(runs + 1):
        for name, prepare in peers.items():
            folder = work / f"{name}-{number}".replace(" ", "-")
            folder.mkdir(parents=True)
            run = timed(*prepare(folder))
            shutil.rmtree(folder)
            if number:
                results[name].append(run)
    return {name: Figures(tuple(peer_runs)) for name, peer_runs in results.items()}
