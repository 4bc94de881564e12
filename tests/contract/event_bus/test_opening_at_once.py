"""A queue that several processes open at once is whole, whatever the others do with its log meanwhile."""

import fcntl
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from multiprocessing.synchronize import Event
from pathlib import Path
from random import Random
from types import SimpleNamespace

import pytest
from event_bus_suite import messages
from processes import PATIENCE, SPAWN, running

from tillstream.adapters.local.clock import ManualClock
from tillstream.adapters.local.sqlite import damage
from tillstream.adapters.local.sqlite.event_bus import SQLiteEventBus

CHECKPOINT = 121
"""The byte of the log's index that SQLite locks while a process writes the log to the file."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A queue of a process that was killed: all of it is in the log."""
    live = tmp_path / "live" / "queue.sqlite"
    live.parent.mkdir()
    with closing(SQLiteEventBus(live, ManualClock(), Random(7))) as bus:
        bus.subscribe("topic", "sub")
        bus.publish("topic", messages(*map(str, range(2_000))))
        shutil.copytree(live.parent, tmp_path / "home")
    return tmp_path / "home" / live.name


@pytest.fixture
def other(path: Path) -> Iterator[sqlite3.Connection]:
    """Another process that has the queue open."""
    with closing(sqlite3.connect(path, isolation_level=None)) as sqlite:
        sqlite.execute("PRAGMA wal_autocheckpoint=0")
        sqlite.execute("SELECT count(*) FROM messages").fetchall()
        yield sqlite


def write_the_log(path: Path, has_begun: Event, may_end: Event) -> None:
    with path.with_name(path.name + damage.INDEX).open("r+b") as index:
        fcntl.lockf(index, fcntl.LOCK_EX, 1, CHECKPOINT)
        has_begun.set()
        may_end.wait(PATIENCE)


@pytest.mark.usefixtures("other")
def test_a_file_to_which_another_process_writes_the_log_is_not_cut_off(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    has_begun, may_end = SPAWN.Event(), SPAWN.Event()
    with running(write_the_log, path, has_begun, may_end) as process:
        assert has_begun.wait(PATIENCE)

        def end(_: float) -> None:
            may_end.set()
            process.join(PATIENCE)

        monkeypatch.setattr(damage, "time", SimpleNamespace(monotonic=time.monotonic, sleep=end))
        assert damage.inspect(path) == ("", False)
        assert may_end.is_set()


def test_a_log_that_another_process_restarts_has_lost_nothing(
    path: Path, other: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = damage._commits

    def then_restarted(log: Path, head: bytes) -> list[bool]:
        monkeypatch.undo()
        commits = read(log, head)
        other.execute("PRAGMA wal_checkpoint(RESTART)")
        other.execute("DELETE FROM messages")
        return commits

    monkeypatch.setattr(damage, "_commits", then_restarted)
    assert damage.inspect(path) == ("", False)


def test_a_file_that_stays_locked_is_not_damaged(
    path: Path, other: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    has_begun, may_end = SPAWN.Event(), SPAWN.Event()
    moments = iter([0.0, damage.PATIENCE + 1])
    monkeypatch.setattr(damage, "time", SimpleNamespace(monotonic=lambda: next(moments)))
    with running(write_the_log, path, has_begun, may_end):
        assert has_begun.wait(PATIENCE)
        with pytest.raises(sqlite3.OperationalError, match="too long"):
            damage.inspect(path)
