"""Which files of a listing are read, in which order, and with which bytes."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from connectors.open_access import OpenAccess

from tillstream.adapters.local.clock import ManualClock
from tillstream.connectors import listed_files
from tillstream.connectors.listed_files import ListedFile, ListedFileSource
from tillstream.model.errors import Rejected, Unavailable

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
OLD = NOW - timedelta(days=1)


class Shelf(ListedFileSource):
    """Files of a list, each with bytes that were read at another time than the listing."""

    def __init__(self, files: Iterable[ListedFile], content: bytes = b"", **settings: str):
        defaults = {setting.name: setting.default for setting in listed_files.SETTINGS}
        super().__init__("shelf://shop/", defaults | settings, OpenAccess(clock=ManualClock(NOW)))
        self.files = files
        self.content = content

    def listing(self) -> Iterable[ListedFile]:
        return self.files

    def read(self, listed: ListedFile) -> Iterator[bytes]:
        for byte in self.content:
            yield bytes([byte])

    def close(self) -> None:
        """Nothing is open."""


def file(path: str, modified_at: datetime | None = OLD, size: int | None = 1) -> ListedFile:
    return ListedFile(path, size, "1", modified_at)


def paths(shelf: Shelf) -> list[str]:
    return [item.file for item in shelf.pull({})]


def test_files_are_read_in_the_order_of_their_times() -> None:
    shelf = Shelf([file("b.csv", OLD), file("new.csv", OLD + timedelta(hours=1)), file("a.csv", OLD)])
    assert paths(shelf) == ["a.csv", "b.csv", "new.csv"]


@pytest.mark.parametrize(
    ("pattern", "read"),
    [
        ("*", ["IN/b.CSV", "IN/c.xlsx", "a.csv"]),
        ("*.csv", ["IN/b.CSV", "a.csv"]),
        (" a.*, *.XLSX ,", ["IN/c.xlsx", "a.csv"]),
        ("in/*", ["IN/b.CSV", "IN/c.xlsx"]),
        ("", ["IN/b.CSV", "IN/c.xlsx", "a.csv"]),
        ("[ab].csv", ["IN/b.CSV", "a.csv"]),
    ],
)
def test_patterns_choose_names_or_paths(pattern: str, read: list[str]) -> None:
    assert paths(Shelf([file("a.csv"), file("IN/b.CSV"), file("IN/c.xlsx")], pattern=pattern)) == read


def test_subfolders_and_earlier_files_can_be_left_out() -> None:
    files = [file("a.csv"), file("IN/b.csv"), file("c.csv", NOW - timedelta(days=30)), file("d.csv", None)]
    assert paths(Shelf(files, subfolders="no", since="2026-11-01")) == ["d.csv", "a.csv"]


@pytest.mark.parametrize(
    ("age", "is_read"),
    [
        (timedelta(seconds=59), False),
        (timedelta(seconds=60), True),
        (-timedelta(minutes=5), False),
        (-timedelta(days=400), True),
        (None, True),
    ],
    ids=["recent", "complete", "clock of the source is ahead", "wrong clock", "no time"],
)
def test_a_recent_file_may_be_incomplete(age: timedelta | None, is_read: bool) -> None:
    shelf = Shelf([file("a.csv", None if age is None else NOW - age)])
    assert paths(shelf) == (["a.csv"] if is_read else [])
    assert shelf.behind() == (0 if is_read else 1)


def test_what_is_skipped_is_noted_with_an_example() -> None:
    shelf = Shelf([file("new.csv", NOW), file(".cache/x.csv"), file("a.csv.part"), file("~$a.xlsx"), file("a.csv")])
    assert paths(shelf) == ["a.csv"]
    assert shelf.notes() == [
        "Modified less than 60 seconds ago and may be incomplete; a later run reads new.csv.",
        "Skipped, because the name is that of a temporary or hidden file: .cache/x.csv and 2 more.",
    ]


def test_the_files_that_are_not_returned_yet_are_behind() -> None:
    shelf = Shelf([file("a.csv"), file("b.csv"), file("new.csv", NOW)])
    assert shelf.behind() is None
    items = shelf.pull({})
    assert [(next(items).file, shelf.behind()), (next(items).file, shelf.behind())] == [("a.csv", 2), ("b.csv", 1)]


def test_the_key_has_the_place_the_path_and_the_version() -> None:
    [item] = Shelf([file("IN/a.csv")]).pull({})
    assert item.key == "shelf://shop/IN/a.csv\n1"
    assert item.cursor is None


def test_a_file_is_read_from_its_start() -> None:
    [item] = Shelf([file("a.csv", size=3)], b"abc").pull({})
    with item.open() as stream:
        assert stream.read() == b"abc"


@pytest.mark.parametrize("content", [b"ab", b"abcd", b""], ids=["shorter", "longer", "empty"])
def test_bytes_of_another_size_than_listed_are_not_taken(content: bytes) -> None:
    [item] = Shelf([file("a.csv", size=3)], content).pull({})
    with pytest.raises(Unavailable, match=r"a\.csv was modified or deleted while it was read"):
        item.open()


def test_a_file_without_a_stated_size_is_taken_as_it_is() -> None:
    [item] = Shelf([file("a.csv", size=None)], b"abc").pull({})
    with item.open() as stream:
        assert stream.read() == b"abc"


def test_a_name_that_is_not_utf_8_can_be_stored() -> None:
    [item] = Shelf([file("caf\udce9.csv")]).pull({})
    assert (item.file.encode(), item.key.encode()) == (rb"caf\udce9.csv", b"shelf://shop/caf\\udce9.csv\n1")


def test_a_listing_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listed_files, "MAX_FILES", 2)
    with pytest.raises(Rejected, match="more than 2 files"):
        Shelf(file(f"{number}.csv") for number in range(5)).test()


def test_the_sentence_of_a_test() -> None:
    assert Shelf([]).test() == "Connected to shelf://shop/. It has no file to read."
    assert Shelf([file("a.csv")]).test() == "Connected to shelf://shop/. It has 1 file to read; the newest is a.csv."


@pytest.mark.parametrize("settings", [{"quiet": "-1"}, {"quiet": "1e3"}, {"quiet": "90000"}, {"since": "1.11.2026"}])
def test_settings_that_are_no_number_or_date_are_refused(settings: dict[str, str]) -> None:
    with pytest.raises(Rejected):
        Shelf([], **settings)
