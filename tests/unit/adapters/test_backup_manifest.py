"""The manifest of a project's backup, and the detection of changes to it."""

import json
from dataclasses import replace

import pytest

from tillstream.adapters.google.backup_folder import (
    ADDRESS,
    BackupManifest,
    ObjectInfo,
    OriginalObject,
    TableInfo,
    check_backup,
    parse_originals,
    read_manifest,
)
from tillstream.model.errors import Rejected
from tillstream.model.tables.warehouse_tables import SCHEMA

ORIGINAL = OriginalObject("UK/june 1.csv", 1_795_225_347_270_542, 7, "AAAAAA==")
MANIFEST = BackupManifest(
    made_at="2026-11-20T10:00:00+00:00",
    project="demo",
    dataset="tillstream",
    tillstream="1.0",
    documents=2,
    tables={"batches": TableInfo(1, ["batch_no", "batch_id"]), "refusals": TableInfo(0, ["batch_no"])},
    originals=1,
    size=26,
    parts={
        "documents.jsonl": ObjectInfo(9, "BBBBBB=="),
        "originals.jsonl": ObjectInfo(5, "CCCCCC=="),
        "tables/batches/000000000000.parquet": ObjectInfo(5, "DDDDDD=="),
    },
)
OBJECTS = {**MANIFEST.parts, ORIGINAL.place: ObjectInfo(7, "AAAAAA==")}


def test_it_is_read_as_it_was_written() -> None:
    assert read_manifest(MANIFEST.written()) == MANIFEST
    assert MANIFEST.objects_of("batches") == ["tables/batches/000000000000.parquet"]
    assert parse_originals([json.dumps(ORIGINAL._asdict()).encode()]) == [ORIGINAL]


def test_a_whole_backup_passes_also_beside_other_objects() -> None:
    check_backup(MANIFEST, [ORIGINAL], OBJECTS | {"manifest.json": ObjectInfo(1, "x"), "notes.txt": ObjectInfo(1, "x")})


@pytest.mark.parametrize("name", OBJECTS)
def test_every_missing_or_different_value_is_named(name: str) -> None:
    with pytest.raises(Rejected, match=f"{name} is missing from the backup"):
        check_backup(MANIFEST, [ORIGINAL], {one: kept for one, kept in OBJECTS.items() if one != name})
    for other in (ObjectInfo(OBJECTS[name].size + 1, OBJECTS[name].crc32c), ObjectInfo(OBJECTS[name].size, "EEEEEE==")):
        with pytest.raises(Rejected, match=f"{name} in the backup has changed since it was written"):
            check_backup(MANIFEST, [ORIGINAL], OBJECTS | {name: other})


@pytest.mark.parametrize("listed", [[], [ORIGINAL, ORIGINAL._replace(generation=1)]])
def test_a_list_of_other_originals_is_noticed(listed: list[OriginalObject]) -> None:
    with pytest.raises(Rejected, match="does not list 1 originals"):
        check_backup(MANIFEST, listed, OBJECTS)


@pytest.mark.parametrize("name", ["documents", "made_at", "tables", "parts", "dataset", "size"])
def test_another_word_in_it_is_noticed(name: str) -> None:
    document = json.loads(MANIFEST.written())
    document[name] = {} if isinstance(document[name], dict) else 7
    with pytest.raises(Rejected, match="has changed since it was written"):
        read_manifest(json.dumps(document).encode())


@pytest.mark.parametrize("content", [b"", b"[]", b"null", b"\xff", b"{}", MANIFEST.written()[:-9]])
def test_unreadable_data_is_reported_as_damaged(content: bytes) -> None:
    with pytest.raises(Rejected, match="damaged"):
        read_manifest(content)


@pytest.mark.parametrize("line", [b"{}", b"[]", b"x", b'{"name": "a"}'])
def test_a_damaged_manifest_is_reported(line: bytes) -> None:
    with pytest.raises(Rejected, match="damaged"):
        parse_originals([line])


def test_tables_of_another_tillstream_are_refused_with_the_way_out() -> None:
    with pytest.raises(Rejected, match="newer Tillstream"):
        read_manifest(replace(MANIFEST, schema=SCHEMA + 1).written())
    with pytest.raises(Rejected, match=r"Tillstream 1\.0, which has different tables"):
        read_manifest(replace(MANIFEST, schema=SCHEMA - 1).written())


@pytest.mark.parametrize(
    ("address", "folder"),
    [
        ("gs://b/f", "f"),
        ("gs://b/f/g//", "f/g"),
        ("gs://b", None),
        ("gs://b/", None),
        ("/f", None),
        ("gs://b/*", None),
        ("gs://b/a'b", None),
    ],
)
def test_an_address_is_a_folder_of_a_bucket(address: str, folder: str | None) -> None:
    match = ADDRESS.fullmatch(address)
    assert (match and match["folder"]) == folder
