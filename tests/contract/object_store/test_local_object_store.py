"""Objects in folders keep the ObjectStore contract."""

import os
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from object_store_contract import ObjectStoreContract
from object_store_packs import PacksContract
from object_store_writers import ODD_NAMES, Opener, read, write

from tillstream.adapters.local.clock import ManualClock, SystemClock
from tillstream.adapters.local.files.object_store import FolderObjectStore
from tillstream.model.errors import Unavailable
from tillstream.ports.objects import StoredObject


class _Open:
    def __init__(self, root: Path) -> None:
        self.root = root

    def __call__(self) -> FolderObjectStore:
        return FolderObjectStore(self.root, SystemClock())


class TestFolderObjectStore(ObjectStoreContract, PacksContract):
    @pytest.fixture
    def opener(self, tmp_path: Path) -> Opener:
        return _Open(tmp_path / "objects")

    @pytest.fixture
    def root(self, store: FolderObjectStore, tmp_path: Path) -> Iterator[Path]:
        yield tmp_path / "objects"
        assert list((tmp_path / "objects" / ".tmp").iterdir()) == [], "a temporary file stayed behind"

    def test_duckdb_reads_an_object_in_place_with_any_name(self, store: FolderObjectStore, root: Path) -> None:
        for number, name in enumerate(ODD_NAMES):
            with store.writer("inbox", name) as writer:
                pq.write_table(pa.table({"number": [number]}), writer)
            with duckdb.connect() as connection:
                rows = connection.execute("SELECT * FROM read_parquet(?)", [store.uri("inbox", name)]).fetchall()
            assert rows == [(number,)]

    def test_each_generation_has_its_own_address(self, store: FolderObjectStore, root: Path) -> None:
        first, second = write(store, "a", b"first"), write(store, "a", b"second")
        assert store.uri("inbox", "a", first.generation) != store.uri("inbox", "a", second.generation)

    def test_browsers_send_nothing_past_us(self, store: FolderObjectStore, root: Path) -> None:
        assert (
            store.start_upload_session("inbox", "a", size=5, origin="https://shop.example") == store.upload_origin == ""
        )

    def test_the_address_keeps_the_ending_of_the_name(self, store: FolderObjectStore, root: Path) -> None:
        write(store, "UK/" + "long name " * 20 + "Sales.csv.gz", b"x")
        (stored,) = store.list("inbox")
        assert store.uri("inbox", stored.name).endswith(".csv.gz")

    def test_names_stay_apart_where_capitals_do_not_count(self, store: FolderObjectStore, root: Path) -> None:
        for name in ODD_NAMES:
            write(store, name, b"x")
        addresses = [os.path.relpath(store.uri("inbox", name), root) for name in ODD_NAMES]
        assert addresses == [address.lower() for address in addresses]
        assert all(address.isascii() and len(part) < 200 for address in addresses for part in Path(address).parts)

    def test_the_listener_is_called_for_each_object_after_it_is_visible(self, tmp_path: Path) -> None:
        notified: list[tuple[StoredObject, bytes]] = []
        store = FolderObjectStore(
            tmp_path,
            SystemClock(),
            lambda stored: notified.append((stored, read(store, stored.name, stored.generation))),
        )
        first = write(store, "a", b"first")
        with pytest.raises(ZeroDivisionError), store.writer("inbox", "b"):
            raise ZeroDivisionError
        store.delete("inbox", "a")
        second = write(store, "a", b"second")
        assert notified == [(first, b"first"), (second, b"second")]

    def test_a_listener_may_write_in_its_turn(self, tmp_path: Path) -> None:
        store = FolderObjectStore(
            tmp_path, SystemClock(), lambda stored: stored.name == "a" and write(store, "b", b"x") and None
        )
        write(store, "a", b"x")
        assert [stored.name for stored in store.list("inbox")] == ["a", "b"]

    def test_generations_grow_although_the_clock_was_set_back(self, tmp_path: Path) -> None:
        clock = ManualClock()
        first = write(FolderObjectStore(tmp_path, clock), "a", b"x")
        clock.advance(-3_600)
        later = ManualClock()
        later.advance(-7_200)
        assert write(FolderObjectStore(tmp_path, later), "b", b"x").generation > first.generation

    def test_deleting_leaves_no_folders_behind(self, store: FolderObjectStore, root: Path) -> None:
        write(store, "IN/2024/a.csv", b"x")
        write(store, "IN/b.csv", b"x")
        store.delete("inbox", "IN/2024/a.csv")
        assert [path.name for path in (root / "inbox" / "!i!n").iterdir()] == ["b.csv@"]

    def test_deleting_frees_the_bytes(self, store: FolderObjectStore, root: Path) -> None:
        write(store, "a", b"first")
        second = Path(store.uri("inbox", "a", write(store, "a", b"second").generation))
        store.delete("inbox", "a")
        assert not second.exists()

    def test_files_of_others_in_the_folder_are_left_out(self, store: FolderObjectStore, root: Path) -> None:
        stored = write(store, "a", b"x")
        (root / "inbox" / ".DS_Store").touch()
        (root / "inbox" / "a@" / "Thumbs.db").touch()
        assert list(store.list("inbox")) == [stored]
        assert store.stat("inbox", "a") == stored

    def test_what_a_killed_writer_left_goes_after_a_day(self, store: FolderObjectStore, root: Path) -> None:
        old, young = root / ".tmp" / "old", root / ".tmp" / "young"
        for path, age in [(old, 90_000), (young, 80_000)]:
            path.write_bytes(b"x")
            os.utime(path, (path.stat().st_atime - age, path.stat().st_mtime - age))
        FolderObjectStore(root, SystemClock())
        assert (old.exists(), young.exists()) == (False, True)
        young.unlink()

    def test_a_disk_that_fails_is_unavailable(self, store: FolderObjectStore, tmp_path: Path) -> None:
        (tmp_path / "objects" / "inbox").write_bytes(b"not a folder")
        with pytest.raises(Unavailable):
            write(store, "a", b"x")
        with pytest.raises(Unavailable):
            FolderObjectStore(tmp_path / "objects" / "inbox", SystemClock())

    def test_a_full_disk_is_unavailable_and_leaves_nothing(self, store: FolderObjectStore, root: Path) -> None:
        resource = pytest.importorskip("resource", reason="needs a limit on the size of files")
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
        try:
            for size in (110_000, 1_000_000):  # the first fails when the block ends, the second while it writes
                with pytest.raises(Unavailable):
                    write(store, "a", (b"x" * 1_000 for _ in range(size // 1_000)))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert list(store.list("inbox")) == []
