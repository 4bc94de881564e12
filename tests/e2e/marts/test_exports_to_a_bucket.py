"""Exports to a bucket: the manifest is replaced last, and an export of another process in between is noticed."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.e2e.marts.exported_shop import line, open_after, sell
from tillstream.adapters.local.clock import ManualClock
from tillstream.adapters.local.files.object_store import FolderObjectStore
from tillstream.app import App
from tillstream.app.mart_destinations import delta_log, export_folder
from tillstream.marts.export import Exported, export_to_folder
from tillstream.marts.mart_files import MANIFEST, read_manifest
from tillstream.marts.object_folder import ObjectExportFolder
from tillstream.model.errors import Rejected

BUCKET = "exports"
NOW = datetime(2026, 8, 1, tzinfo=UTC)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[App]:
    with closing(open_after(tmp_path, line(1, "03-05-2026"), line(2, "10-06-2026", 250))) as app:
        yield app


@pytest.fixture
def store(tmp_path: Path) -> FolderObjectStore:
    return FolderObjectStore(tmp_path / "store", ManualClock(NOW))


def folder(store: FolderObjectStore, days: int = 0) -> ObjectExportFolder:
    return ObjectExportFolder(store, BUCKET, "a/marts/", MANIFEST, lambda: NOW + timedelta(days=days))


def names(store: FolderObjectStore) -> set[str]:
    return {stored.name for stored in store.list(BUCKET)}


def check(store: FolderObjectStore, exported: Exported) -> None:
    """The files of the manifest, and no others, are there and whole."""
    manifest = read_manifest(folder(store).read(MANIFEST) or b"")
    assert manifest.files == exported.manifest.files
    data = {f"a/marts/{file.path}": file for file in manifest.files.values()}
    assert {name for name in names(store) if name.endswith(".parquet")} == set(data)
    for name, file in data.items():
        with store.open(BUCKET, name) as stream:
            assert pq.read_table(stream).num_rows == file.rows


def test_only_months_that_changed_are_written_again(shop: App, store: FolderObjectStore, tmp_path: Path) -> None:
    first = export_to_folder(shop.ports.warehouse, folder(store))
    check(store, first)
    assert {name for name in names(store) if "/statements/" in name}
    assert export_to_folder(shop.ports.warehouse, folder(store)).written == 0
    sell(shop, tmp_path, line(3, "12-06-2026"))
    second = export_to_folder(shop.ports.warehouse, folder(store))
    assert (second.written, second.removed) == (3, 3), "a month, and the last days of the customer and the salesperson"
    check(store, second)


def test_an_export_of_another_process_meanwhile_is_not_replaced(
    shop: App, store: FolderObjectStore, tmp_path: Path
) -> None:
    export_to_folder(shop.ports.warehouse, folder(store))
    sell(shop, tmp_path, line(3, "12-06-2026"))
    others = []

    def race(_: int) -> None:
        if not others:
            others.append(export_to_folder(shop.ports.warehouse, folder(store)))

    with pytest.raises(Rejected, match="Another export has written exports/a/marts meanwhile"):
        export_to_folder(shop.ports.warehouse, folder(store), progress=race)
    check(store, others[0])


def test_files_of_an_interrupted_export_are_removed_after_a_day(shop: App, store: FolderObjectStore) -> None:
    lost = "a/marts/fact_sales/month=2026-01/9-0123456789ab.parquet"
    with store.writer(BUCKET, lost) as writer:
        writer.write(b"")
    export_to_folder(shop.ports.warehouse, folder(store))
    assert lost in names(store)
    check(store, export_to_folder(shop.ports.warehouse, folder(store, days=2)))


def test_other_objects_are_not_touched(shop: App, store: FolderObjectStore) -> None:
    with store.writer(BUCKET, "a/marts/letter.txt") as writer:
        writer.write(b"Dear Sir")
    with pytest.raises(Rejected, match="has other objects"):
        export_to_folder(shop.ports.warehouse, folder(store))
    assert names(store) == {"a/marts/letter.txt"}


def test_addresses_that_cannot_be_written_are_rejected(shop: App) -> None:
    with pytest.raises(Rejected, match="to a folder, to gs://"):
        export_folder(shop, "ftp://exports/marts", MANIFEST)
    with pytest.raises(Rejected, match="Delta tables are exported to a folder"):
        delta_log("gs://exports/marts")
