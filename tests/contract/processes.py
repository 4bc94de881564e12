"""Real processes for contract tests: spawned as the product's own, killed without warning."""

import multiprocessing
import random
import time
from collections.abc import Callable
from contextlib import contextmanager, suppress
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from waiting import wait_for

SPAWN = multiprocessing.get_context("spawn")
PATIENCE = 60.0


def run_all(*jobs: tuple[Callable[..., object], tuple[Any, ...]]) -> None:
    """Run the jobs at the same time, each in a process; fail where one fails."""
    processes = [SPAWN.Process(target=target, args=args) for target, args in jobs]
    for process in processes:
        process.start()
    for process in processes:
        process.join(PATIENCE)
        alive = process.is_alive()
        if alive:
            process.kill()
            process.join(PATIENCE)
        assert not alive, "a process did not end"
        assert process.exitcode == 0


@contextmanager
def running(target: Callable[..., object], *args: Any):
    process = SPAWN.Process(target=target, args=args)
    process.start()
    try:
        yield process
    finally:
        kill(process)


def kill(process: BaseProcess) -> None:
    with suppress(ValueError):  # killed and closed before
        process.kill()
        process.join(PATIENCE)
        process.close()


def killed_again_and_again(rounds: int, log: Path, target: Callable[..., object], *args: Any) -> list[str]:
    """Start `target(log, *args)` and kill it at a random moment of its work; return the lines logged in all rounds.

    `target` calls `log_line(log, line)` after each piece of work that was acknowledged to it.
    """
    chance = random.Random(rounds)
    for _ in range(rounds):
        before = log.stat().st_size if log.exists() else 0
        with running(target, log, *args) as process:
            wait_until(lambda before=before: log.exists() and log.stat().st_size > before, process)
            time.sleep(chance.uniform(0.0, 0.15))
    return log.read_text().splitlines()


def log_line(log: Path, line: str) -> None:
    """One write, so that a kill leaves the whole line or none."""
    with log.open("ab", buffering=0) as file:
        file.write(f"{line}\n".encode())


def wait_until(condition: Callable[[], bool], process: BaseProcess) -> None:
    """Wait for what a process does."""
    wait_for(condition, "what a process does", is_running=process.is_alive, patience=PATIENCE, pause=0.005)
