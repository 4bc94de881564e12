"""`tillstream subscribe` prints the events of a running server, continues by name, and leaves nothing behind."""

import json
import signal
import sqlite3
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from test_server import TILLSTREAM, Server, command, environment
from threads import join_thread
from waiting import wait_for

from docs.examples.consume_sale_events import apply

FILE = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"


def sales(tmp_path: Path, first: int, count: int, name: str = "") -> Path:
    path = tmp_path / (name or f"sales-{first}.csv")
    rows = [f"{n},P{n},Bowl,{n},12/1/2010 8:26,2.55,17850,United Kingdom\n" for n in range(first, first + count)]
    path.write_text(FILE + "".join(rows), encoding="utf-8")
    return path


def load(home: Path, path: Path) -> None:
    code, receipt = command(home, "ingest", str(path), "--region", "online-retail-uk")
    assert code == 0, receipt


@contextmanager
def subscribe(home: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    """A subscriber, which is killed at the end or after 100 seconds, so that no read blocks the test."""
    process = subprocess.Popen(
        [TILLSTREAM, "subscribe", *options], env=environment(home), stdout=subprocess.PIPE, text=True, bufsize=1
    )
    assert process.stdout
    timer = threading.Timer(100, process.kill)
    timer.start()
    try:
        yield process
    finally:
        timer.cancel()
        join_thread(timer)
        process.kill()
        process.communicate()


def read(process: subprocess.Popen[str], count: int) -> list[str]:
    assert process.stdout
    lines = [process.stdout.readline() for _ in range(count)]
    assert all(lines), f"the subscriber ended, with {process.poll()}, after {lines}"
    return lines


def subscriptions(home: Path, count: int) -> list[str]:
    """The subscriptions of programs, as soon as there are so many."""

    def stored() -> list[tuple[str]]:
        with closing(sqlite3.connect(home / "queue.sqlite")) as queue:
            return queue.execute("SELECT name FROM subscriptions WHERE name LIKE 'subscriber-%'").fetchall()

    wait_for(lambda: len(stored()) == count, f"{count} subscriptions", state=stored, patience=30, pause=0.1)
    return sorted(name for (name,) in stored())


@contextmanager
def leases_ended(home: Path) -> Iterator[None]:
    """End the leases again and again, as after a minute: also those of the last poll of a program that was killed."""
    over = threading.Event()

    def end() -> None:
        while not over.wait(0.5):
            with closing(sqlite3.connect(home / "queue.sqlite", timeout=10)) as queue, queue:
                queue.execute("UPDATE messages SET due = 0")

    ending = threading.Thread(target=end, daemon=True)
    ending.start()
    try:
        yield
    finally:
        over.set()
        join_thread(ending)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    running = Server(tmp_path / "home", TILLSTREAM_SAMPLES="no")
    yield running
    if running.process.poll() is None:
        running.stop()


def test_a_temporary_subscription_ends_with_its_command(server: Server, tmp_path: Path) -> None:
    home = tmp_path / "home"
    with subscribe(home) as process:
        assert len(subscriptions(home, 1)) == 1
        load(home, sales(tmp_path, 1, 3))
        lines = [json.loads(text)["line"] for text in read(process, 3)]
        assert {line["sale_id"] for line in lines} == {"OR-1", "OR-2", "OR-3"}
        process.send_signal(signal.SIGINT)
        assert (process.wait(30), subscriptions(home, 0)) == (0, [])


def test_a_named_subscription_continues_after_its_program_was_killed(server: Server, tmp_path: Path) -> None:
    home = tmp_path / "home"
    with subscribe(home, "--name", "copy", "--filter", "type=sale.changed") as process:
        assert subscriptions(home, 1) == ["subscriber-copy"]
        load(home, sales(tmp_path, 1, 5))
        lines = read(process, 5)
    load(home, sales(tmp_path, 10, 5))
    database = sqlite3.connect(tmp_path / "copy.sqlite")
    apply(database, lines)
    with subscribe(home, "--name", "copy") as process, leases_ended(home):
        while database.execute("SELECT count(*) FROM lines").fetchone()[0] < 10:
            apply(database, read(process, 1))
    database.close()
    assert subscriptions(home, 1) == ["subscriber-copy"]


def test_without_a_server_commands_and_a_subscriber_take_turns(tmp_path: Path) -> None:
    home = tmp_path / "home"
    command(home, "status")
    with subscribe(home, "--max", "4", "--filter", "type=sale.changed status=completed") as process:
        assert len(subscriptions(home, 1)) == 1
        load(home, sales(tmp_path, 1, 4))
        assert command(home, "announce")[0] == 0
        assert len(read(process, 4)) == 4
        assert process.wait(30) == 0
    assert subscriptions(home, 0) == []


@pytest.mark.parametrize("options", [["--filter", "colour=red"], ["--name", "UPPER"], ["--name", "temporary-x"]])
def test_a_wrong_filter_or_name_is_one_sentence(tmp_path: Path, options: list[str]) -> None:
    done = subprocess.run(
        [TILLSTREAM, "subscribe", *options],
        env=environment(tmp_path / "home"),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, len(done.stderr.splitlines()), done.stdout) == (1, 1, "")
