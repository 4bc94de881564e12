"""Tills are killed with SIGKILL at random moments, while they record and while they send: totals are exact."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import pytest
from store_server import Handler, Store, sale

from tillstream_till import Till

PROGRAM = Path(__file__).with_name("selling_process.py")


@contextmanager
def running(action: str, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that is killed in the end at the latest."""
    process = subprocess.Popen(
        [sys.executable, str(PROGRAM), action, str(folder)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.poll() is None:
            kill(process)


def first_number(recording: subprocess.Popen[str]) -> int:
    """Wait until the process has recorded its first sales; return the next number."""
    assert recording.stdout
    return int(recording.stdout.readline())


def kill(process: subprocess.Popen[str]) -> str:
    os.kill(process.pid, signal.SIGKILL)
    out, _ = process.communicate(timeout=60)
    return out


def unreliable(handler: Handler) -> bool:
    """A server that loses requests and replies."""
    handler.store.faults.append(unreliable)
    chance = random.random()
    if chance < 0.2:
        handler.hang_up()
    elif chance < 0.4:
        handler.hang_up()
        return True
    else:
        handler.reply(202, handler.results())
    return False


def kills(till: Till, store: Store, folder: Path, count: int) -> None:
    store.faults.append(unreliable)
    durable = 1000
    for _ in range(count):
        with running("record", folder) as recording, running("send", folder) as sender:
            assert recording.stdin
            recording.stdin.write(f"{durable}\n")
            recording.stdin.flush()
            durable = max(durable, first_number(recording))
            time.sleep(random.uniform(0, 0.3))
            first, second = random.sample([recording, sender], 2)
            outputs = {first: kill(first)}
            time.sleep(random.uniform(0, 0.1))
            outputs[second] = kill(second)
        durable = max([durable, *map(int, outputs[recording].split())])
    store.faults.clear()
    assert durable > 1000, "no sale was recorded between the kills"
    report = till.send(wait=10)
    assert (report.unsent, report.error) == (0, "")
    numbers = sorted(map(int, store.sales))
    assert numbers == list(range(1000, numbers[-1] + 1))
    assert numbers[-1] + 1 >= durable
    assert store.first_arrivals() == [str(number) for number in numbers]
    assert store.reused == []
    total = sum(Decimal(each["lines"][0]["net_amount"]) for each in store.sales.values())
    assert total == sum(Decimal(f"{number}.25") for number in numbers)
    status = till.status(refresh=False)
    assert (status["notices"], status["refused"]) == ([], [])
    till.close_day("2026-11-20")
    till.send()
    assert store.closes[-1]["sales"] == len(numbers)
    assert Decimal(store.closes[-1]["totals"][0]["net"]) == total


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_a_killed_till_loses_and_doubles_nothing(till: Till, store: Store, folder: Path) -> None:
    kills(till, store, folder, 6)


@pytest.mark.long
@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_a_till_that_is_killed_a_hundred_times_loses_and_doubles_nothing(
    till: Till, store: Store, folder: Path
) -> None:
    kills(till, store, folder, 100)


def test_a_transaction_that_a_kill_interrupted_is_rolled_back(till: Till, store: Store, folder: Path) -> None:
    till.record(sale(1))
    code = (
        "import os, signal, sys\n"
        "from tillstream_till import Till\n"
        "till = Till.open(sys.argv[1])\n"
        "connection = till._outbox.connection\n"
        "connection.execute('PRAGMA cache_size=1')\n"
        "connection.execute('BEGIN IMMEDIATE')\n"
        "connection.execute('UPDATE messages SET payload = zeroblob(500000)')\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(folder)], check=False, timeout=60)
    assert done.returncode == -signal.SIGKILL
    assert (folder / "outbox.sqlite-journal").stat().st_size > 0
    assert till.record(sale(1)).repeated
    assert till.send().sent == 1
    assert till.status(refresh=False)["notices"] == []
