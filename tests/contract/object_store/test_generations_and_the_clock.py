"""Generations follow the clock: also after damage of their file, and after a clock that was ahead."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tillstream.adapters.local.clock import EPOCH, MICROSECOND, ManualClock
from tillstream.adapters.local.files.object_store import FolderObjectStore
from tillstream.ports.files import LostContent

DAY = 86_400


def write(store: FolderObjectStore, name: str) -> int:
    with store.writer("inbox", name) as writer:
        writer.write(b"x")
    assert writer.stored
    return writer.stored.generation


def micros(clock: ManualClock) -> int:
    return (clock.now() - EPOCH) // MICROSECOND


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def store(tmp_path: Path, clock: ManualClock) -> FolderObjectStore:
    store = FolderObjectStore(tmp_path, clock)
    for name in "abc":
        clock.advance(60)
        write(store, name)
    return store


def replaced(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    return lambda content: content.replace(old, new, 1)


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "zeros": lambda content: bytes(len(content)),
    "empty": lambda _: b"",
    "cut": lambda content: content[:30],
    "a digit": replaced(b"17", b"97"),
    "a bit": lambda content: bytes([content[0] ^ 0x40]) + content[1:],
    "the earlier form, in the year 2280": lambda _: b"%020d" % 9_790_000_000_000_000,
    "the earlier form, without a digit": lambda content: content[:9] + b"x" + content[10:20],
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_written_again_from_the_stored_files(
    tmp_path: Path, store: FolderObjectStore, clock: ManualClock, damage: str
) -> None:
    path = tmp_path / ".generation"
    path.write_bytes(DAMAGES[damage](path.read_bytes()))
    (noticed,) = store.check()
    assert (noticed.name, noticed.lost) == (".generation", LostContent.NOTHING)
    assert store.check() == []
    clock.advance(1)
    assert write(store, "d") == micros(clock)


def test_the_earlier_form_still_opens(tmp_path: Path, store: FolderObjectStore, clock: ManualClock) -> None:
    last = write(store, "d")
    (tmp_path / ".generation").write_bytes(b"%020d" % last)
    assert store.check() == []
    assert write(store, "e") == last + 1


def test_after_a_clock_that_was_ahead_generations_follow_the_clock_again(
    store: FolderObjectStore, clock: ManualClock
) -> None:
    clock.advance(400 * DAY)
    ahead = [write(store, "ahead"), write(store, "too")]
    clock.advance(-400 * DAY)
    (noticed,) = store.check()
    assert noticed.lost is LostContent.ORDER
    assert f"The clock of this machine was ahead until {clock.now():%Y-%m-%d}" in noticed.message
    clock.advance(1)
    assert write(store, "d") == micros(clock)
    assert write(store, "ahead") > ahead[0], "a new generation of an object is its greatest"
    clock.advance(1)
    assert write(store, "e") == micros(clock)
    assert store.check() == []


def test_a_file_of_an_earlier_version_with_a_leap_is_noticed(
    tmp_path: Path, store: FolderObjectStore, clock: ManualClock
) -> None:
    clock.advance(400 * DAY)
    (tmp_path / ".generation").write_bytes(b"%020d" % write(store, "ahead"))
    clock.advance(-400 * DAY + 60)
    assert write(store, "d") == micros(clock)
    assert [noticed.lost for noticed in store.check()] == [LostContent.ORDER]


@pytest.mark.parametrize("back", [-3 * DAY, -700 * DAY])
def test_a_clock_that_is_behind_keeps_the_order_and_is_named(
    store: FolderObjectStore, clock: ManualClock, back: int
) -> None:
    last = write(store, "d")
    clock.advance(back)
    assert write(store, "e") == last + 1
    (noticed,) = store.check()
    assert (noticed.name, noticed.lost) == ("clock", LostContent.CLOCK)
    clock.advance(-back + 1)
    assert store.check() == []


def test_a_home_that_was_not_used_for_months_is_no_wrong_clock(store: FolderObjectStore, clock: ManualClock) -> None:
    clock.advance(100 * DAY)
    write(store, "d")
    clock.advance(-200)
    last = write(store, "e")
    assert store.check() == []
    clock.advance(100 * DAY)
    assert write(store, "f") > last
    assert store.check() == []
