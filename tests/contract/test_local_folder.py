"""The folder's ownership: one at a time, turns for everybody, free when its owner dies."""

import itertools
import json
import os
import stat
import threading
import time
from pathlib import Path

import pytest
from filelock import FileLock, Timeout
from processes import PATIENCE, SPAWN, kill, log_line, run_all, running, wait_until
from threads import join_thread
from waiting import wait_for

from tillstream.adapters.local.files.home_folder import HomeFolder
from tillstream.model.errors import Occupied, Unavailable
from tillstream.settings import Settings

TURNS = 150


def take_turns(log: Path, home: Path, processes: int) -> None:
    """Own the folder again and again, as a busy command loop would, and log each turn, from when all processes are
    there until they have had their turns together."""
    folder = HomeFolder(home)
    started = log.with_name("started")
    log_line(started, str(os.getpid()))
    wait_for(lambda: len(started.read_text().splitlines()) == processes, "the other process")
    is_over = False
    while not is_over:
        with folder.own():
            log_line(log, f"{os.getpid()} in")
            time.sleep(0.002)  # the work
            log_line(log, f"{os.getpid()} out")
            is_over = len(log.read_bytes().splitlines()) >= 2 * TURNS


def own_for_ever(log: Path, home: Path) -> None:
    with HomeFolder(home).own():
        HomeFolder(home).announce_server("http://127.0.0.1:1", "secret")
        log_line(log, "owned")
        time.sleep(PATIENCE)


def wait_for_ever(log: Path, home: Path) -> None:
    log_line(log, "waits")
    with HomeFolder(home).own():
        log_line(log, "owned")


def is_held(path: Path) -> bool:
    try:
        with FileLock(path, timeout=0):
            return False
    except Timeout:
        return True


def test_two_processes_own_the_folder_in_turns(tmp_path: Path) -> None:
    log = tmp_path / "told"
    run_all(*[(take_turns, (log, tmp_path / "home", 2))] * 2)
    lines = [line.split() for line in log.read_text().splitlines()]
    for entered, left in zip(lines[::2], lines[1::2], strict=True):
        assert (entered[0], entered[1], left[1]) == (left[0], "in", "out"), "two owned it at once"
    runs = [len(list(run)) for _, run in itertools.groupby(line[0] for line in lines[::2])]
    # Before the first and after the last change of hands one of them may be alone.
    assert sum(runs[1:-1]) / len(runs[1:-1]) < 2, "the folder changes hands at least every other turn"
    assert max(runs[1:-1]) < 30, "one of them starved"


def test_threads_own_the_folder_one_at_a_time(tmp_path: Path) -> None:
    inside, most = 0, 0

    def take() -> None:
        nonlocal inside, most
        for _ in range(10):
            with HomeFolder(tmp_path).own():
                inside += 1
                most = max(most, inside)
                time.sleep(0.001)
                inside -= 1

    threads = [threading.Thread(target=take, daemon=True) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        join_thread(thread)
    assert (inside, most) == (0, 1)


def test_waiting_for_a_locked_folder_times_out_with_an_error(tmp_path: Path) -> None:
    with HomeFolder(tmp_path).own(wait=0):
        for wait in (0.0, 0.2):
            started = time.monotonic()
            with pytest.raises(Unavailable, match="Another Tillstream"), HomeFolder(tmp_path).own(wait=wait):
                pass
            assert wait <= time.monotonic() - started < wait + 2
    with HomeFolder(tmp_path).own(wait=0):
        pass


def test_an_error_inside_lets_the_folder_go(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), HomeFolder(tmp_path).own():
        raise ZeroDivisionError
    with HomeFolder(tmp_path).own(wait=0):
        pass


def test_a_killed_owner_frees_the_folder(tmp_path: Path) -> None:
    log, home = tmp_path / "told", tmp_path / "home"
    with running(own_for_ever, log, home) as owner:
        wait_until(log.exists, owner)
        with pytest.raises(Unavailable), HomeFolder(home).own(wait=0.05):
            pass
        kill(owner)
        with HomeFolder(home).own(wait=5):
            assert (home / "server.json").exists(), "what it announced stays"
            assert HomeFolder(home).find_server() is None or not Path("/proc/self").exists()


def test_a_killed_waiting_process_blocks_no_other(tmp_path: Path) -> None:
    log, home = tmp_path / "told", tmp_path / "home"
    with HomeFolder(home).own(), running(wait_for_ever, log, home) as waiter:
        wait_until(lambda: is_held(home / "turnstile.lock"), waiter)
    with HomeFolder(home).own(wait=5):
        assert log.read_text() == "waits\n"


def test_a_child_that_outlives_the_owner_does_not_keep_the_folder(tmp_path: Path) -> None:
    with HomeFolder(tmp_path).own():
        child = SPAWN.Process(target=time.sleep, args=(PATIENCE,))
        child.start()
    try:
        with HomeFolder(tmp_path).own(wait=1):
            assert child.is_alive()
    finally:
        kill(child)


def test_the_server_is_found_as_it_was_announced_last(tmp_path: Path) -> None:
    folder = HomeFolder(tmp_path)
    assert folder.find_server() is None
    folder.announce_server("http://127.0.0.1:8080", "first")
    folder.announce_server("http://127.0.0.1:8081", "second")
    server = HomeFolder(tmp_path).find_server()
    assert server is not None
    assert (server.address, server.token, server.pid) == ("http://127.0.0.1:8081", "second", os.getpid())
    assert {path.name for path in tmp_path.iterdir()} == {"server.json", "calls"}
    folder.forget_server()
    folder.forget_server()
    assert folder.find_server() is None
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(os.name == "nt", reason="Windows has no file modes")
def test_only_its_user_may_read_the_token(tmp_path: Path) -> None:
    HomeFolder(tmp_path).announce_server("http://127.0.0.1:8080", "secret")
    assert stat.S_IMODE((tmp_path / "server.json").stat().st_mode) == 0o600


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", json.dumps({"address": "x"}), "\udcff"])
def test_a_spoilt_announcement_is_no_server(tmp_path: Path, text: str) -> None:
    (tmp_path / "server.json").write_bytes(text.encode(errors="surrogateescape"))
    assert HomeFolder(tmp_path).find_server() is None


def test_a_lock_that_is_removed_is_taken_again_by_its_owner(tmp_path: Path) -> None:
    with HomeFolder(tmp_path).own():
        HomeFolder(tmp_path).check_lock()
        (tmp_path / "owner.lock").unlink()
        HomeFolder(tmp_path).check_lock()
        with pytest.raises(Occupied), HomeFolder(tmp_path).own(wait=0.01):
            pass
    with HomeFolder(tmp_path).own(wait=0.01):
        pass


def test_an_owner_stops_if_its_lock_was_removed_and_taken(tmp_path: Path) -> None:
    with HomeFolder(tmp_path).own():
        (tmp_path / "owner.lock").unlink()
        other = HomeFolder(tmp_path)._lock("owner.lock")
        thread = threading.Thread(target=other.acquire, daemon=True)
        thread.start()
        join_thread(thread)
        with pytest.raises(Occupied, match="Stop both"):
            HomeFolder(tmp_path).check_lock()
        other.release()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0" * 90,
        b"[]",
        b'{"address": "http://127.0.0.1:80\\u000080", "token": "t", "pid": 1}',
        b'{"address": 5, "token": "t", "pid": 1}',
        b'{"address": "http://127.0.0.1:8080", "token": null, "pid": 1}',
    ],
)
def test_a_damaged_address_is_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "server.json").write_bytes(content)
    assert HomeFolder(tmp_path).find_server() is None


def test_a_server_publishes_a_damaged_address_again(tmp_path: Path) -> None:
    from tillstream.server.serve import PublishedAddress  # processes of other tests import this module

    settings = Settings(home=tmp_path, project="")
    (tmp_path / "server.json").write_bytes(b"\0" * 90)
    published = PublishedAddress(settings, "http://127.0.0.1:8080", "t")
    assert [noticed.name for noticed in published.check()] == ["server.json"]
    assert published.check() == []


def test_a_server_that_stops_does_not_publish_its_address_again(tmp_path: Path) -> None:
    from tillstream.server.serve import PublishedAddress  # processes of other tests import this module

    published = PublishedAddress(Settings(home=tmp_path, project=""), "http://127.0.0.1:8080", "t")
    published.announce()
    published.forget()
    assert published.check() == []
    assert not (tmp_path / "server.json").exists()
