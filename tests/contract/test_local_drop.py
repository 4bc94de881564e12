"""The watched folder: what is whole is claimed once, what is being written is left, and nothing is ever lost."""

import os
from pathlib import Path

import pytest

from tillstream.adapters.local.clock import SystemClock
from tillstream.adapters.local.files.object_files import is_object_folder, object_name
from tillstream.adapters.local.files.watched_folder import WatchedFolder

SETTLE = 5.0


class Stopwatch:
    """Seconds that pass when a test lets them."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds

    def settle(self, part: float = 1.2) -> None:
        self.seconds += SETTLE * part


@pytest.fixture
def passed() -> Stopwatch:
    return Stopwatch()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "drop" / "IN").mkdir(parents=True)
    return tmp_path / "drop"


@pytest.fixture
def drop(root: Path, passed: Stopwatch) -> WatchedFolder:
    return WatchedFolder(root, SystemClock(), SETTLE, monotonic=passed)


def names(drop: WatchedFolder) -> list[str]:
    return [dropped.name for dropped in drop.claim()]


def settled(drop: WatchedFolder, passed: Stopwatch) -> list[str]:
    drop.claim()
    passed.settle()
    return names(drop)


def test_a_file_is_claimed_once_it_has_not_changed_for_a_while(
    root: Path, drop: WatchedFolder, passed: Stopwatch
) -> None:
    (root / "IN" / "a.csv").write_text("a")
    assert names(drop) == []
    assert drop.incomplete_count() == 1
    passed.settle()
    assert names(drop) == ["IN/a.csv"]
    assert (drop.incomplete_count(), (root / "IN" / "a.csv").exists()) == (0, False)


def test_a_file_that_grows_is_left(root: Path, drop: WatchedFolder, passed: Stopwatch) -> None:
    with (root / "IN" / "a.csv").open("w") as file:
        for _ in range(4):
            file.write("row\n")
            file.flush()
            assert names(drop) == []
            passed.settle(0.6)
    assert settled(drop, passed) == ["IN/a.csv"]


def test_a_file_rewritten_with_the_same_size_is_not_claimed(root: Path, drop: WatchedFolder, passed: Stopwatch) -> None:
    for second in range(3):
        (root / "a.csv").write_text("same")
        os.utime(root / "a.csv", (second, second))
        assert names(drop) == []
        passed.settle()


def test_temporary_names_links_and_what_was_taken_are_left_and_a_renamed_file_is_claimed(
    root: Path, drop: WatchedFolder, passed: Stopwatch
) -> None:
    (root / "IN" / "a.csv.part").write_text("a")
    (root / "IN" / "~$b.xlsx").write_text("b")
    (root / ".git").mkdir()
    (root / ".git" / "c.csv").write_text("c")
    (root / "taken").mkdir()
    (root / "taken" / "d.csv").write_text("d")
    (root / "e.csv").symlink_to("/etc/hostname")
    assert settled(drop, passed) == []
    (root / "IN" / "a.csv.part").rename(root / "IN" / "a.csv")
    assert settled(drop, passed) == ["IN/a.csv"]


def test_what_was_claimed_and_not_put_away_comes_again_with_its_name(
    root: Path, drop: WatchedFolder, passed: Stopwatch
) -> None:
    (root / "IN" / "a.csv").write_text("a")
    drop.claim()
    passed.settle()
    (first,) = drop.claim()
    (again,) = WatchedFolder(root, SystemClock(), SETTLE).claim()
    assert again == first
    with drop.open(again) as stream:
        assert stream.read() == b"a"


def test_a_file_is_put_away_by_day_and_never_over_another(root: Path, drop: WatchedFolder, passed: Stopwatch) -> None:
    places = []
    for _ in range(2):
        (root / "IN" / "a.csv.gz").write_text("a")
        drop.claim()
        passed.settle()
        (dropped,) = drop.claim()
        place = drop.archive_path(dropped)
        drop.archive(dropped, place)
        drop.archive(dropped, place)
        places.append(place)
    assert [Path(place).name for place in places] == ["a.csv.gz", "a (2).csv.gz"]
    assert all((root / place).read_text() == "a" for place in places)
    assert names(drop) == []
    assert list((root / ".taking").iterdir()) == []


def test_a_claimed_file_that_is_still_written_to_is_released(
    root: Path, drop: WatchedFolder, passed: Stopwatch
) -> None:
    with (root / "IN" / "a.csv").open("w") as late:
        drop.claim()
        passed.settle()
        (dropped,) = drop.claim()
        assert not drop.was_modified(dropped)
        late.write("more")
    assert drop.was_modified(dropped)
    drop.release(dropped)
    assert (root / "IN" / "a.csv").read_text() == "more"
    assert settled(drop, passed) == ["IN/a.csv"]


def test_a_note_is_kept_beside_the_file_until_it_is_settled(root: Path, drop: WatchedFolder) -> None:
    (root / "taken" / "IN").mkdir(parents=True)
    drop.note("taken/IN/a.csv", "look")
    assert (root / "taken" / "IN" / "a.csv.note.txt").read_text() == "look"
    drop.note("taken/IN/a.csv", "")
    drop.note("taken/IN/a.csv", "")
    assert list((root / "taken" / "IN").iterdir()) == []


def test_a_plain_file_in_the_folder_of_the_objects_is_claimed_under_its_spoken_name(
    tmp_path: Path, passed: Stopwatch
) -> None:
    inbox = tmp_path / "inbox"
    (inbox / "!i!n" / "known.csv@").mkdir(parents=True)
    (inbox / "!i!n" / "known.csv@" / "17-known.csv").write_text("an object")
    (inbox / "!i!n" / "new.csv").write_text("a")
    (inbox / "UK").mkdir()
    (inbox / "UK" / "b%20.csv").write_text("b")
    drop = WatchedFolder(
        inbox, SystemClock(), SETTLE, keep=False, skip=is_object_folder, spelled=object_name, monotonic=passed
    )
    drop.claim()
    passed.settle()
    claimed = drop.claim()
    assert sorted(dropped.name for dropped in claimed) == ["IN/new.csv", "UK/b%20.csv"]
    for dropped in claimed:
        drop.archive(dropped, "")
    assert [path.name for path in inbox.rglob("*") if path.is_file()] == ["17-known.csv"]
