"""Exports to S3, on moto's server: conditional writes, what other processes write meanwhile, and refusals."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
import pyarrow.parquet as pq
import pytest
from moto.server import ThreadedMotoServer

from tests.e2e.marts.exported_shop import line, open_after, sell
from tillstream.adapters.s3.bucket_objects import S3Objects, connect_s3
from tillstream.app import App, mart_destinations
from tillstream.app.mart_destinations import export_folder
from tillstream.commands.registry import COMMANDS
from tillstream.commands.result import quiet
from tillstream.marts.destinations import MartDestinationDraft
from tillstream.marts.export import export_to_folder
from tillstream.marts.mart_files import MANIFEST, read_manifest
from tillstream.marts.object_folder import ObjectExportFolder
from tillstream.model.errors import Conflict, NotFound, Rejected, Unavailable

VARIABLES = {
    "AWS_ACCESS_KEY_ID": "key",
    "AWS_SECRET_ACCESS_KEY": "secret-that-no-message-contains",
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
}


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(autouse=True)
def _machine(endpoint: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, value in (VARIABLES | {"AWS_ENDPOINT_URL_S3": endpoint}).items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture
def bucket() -> Iterator[str]:
    with closing(boto3.client("s3")) as client:
        name = f"exports-{uuid4().hex}"
        client.create_bucket(Bucket=name)
        yield f"s3://{name}"


@pytest.fixture
def objects() -> S3Objects:
    return connect_s3()


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[App]:
    with closing(open_after(tmp_path, line(1, "03-05-2026"), line(2, "10-06-2026", 250))) as app:
        yield app


def exported(shop: App, bucket: str) -> dict[str, Any]:
    data: dict[str, Any] = COMMANDS["marts-export"](shop, quiet, to=f"{bucket}/a/marts").data
    return data


def check(objects: S3Objects, bucket: str) -> None:
    """The files of the manifest, and no others, are there and whole."""
    manifest = read_manifest(objects.open(bucket, f"a/marts/{MANIFEST}").read())
    data = {f"a/marts/{file.path}": file for file in manifest.files.values()}
    assert {one.name for one in objects.list(bucket) if one.name.endswith(".parquet")} == set(data)
    for name, file in data.items():
        assert pq.read_table(objects.open(bucket, name)).num_rows == file.rows


def test_only_months_that_changed_are_written_again(shop: App, objects: S3Objects, bucket: str, tmp_path: Path) -> None:
    first = exported(shop, bucket)
    assert (first["folder"], first["settlement_no"]) == (f"{bucket}/a/marts", 1)
    check(objects, bucket)
    statements = objects.open(bucket, "a/marts/statements/athena.sql").read().decode()
    assert f"{bucket}/a/marts/" in statements
    assert exported(shop, bucket)["written"] == 0
    sell(shop, tmp_path, line(3, "12-06-2026"))
    second = exported(shop, bucket)
    assert (second["written"], second["removed"]) == (3, 3), "a month, and the last days of customer and salesperson"
    check(objects, bucket)


def test_of_two_exports_at_once_the_one_that_ends_last_is_refused(
    shop: App, objects: S3Objects, bucket: str, tmp_path: Path
) -> None:
    def race(_: int) -> None:
        if not others:
            others.append(exported(shop, bucket))

    for number in (3, 4):  # the first time there is no manifest, the second time there is one
        others: list[object] = []
        with pytest.raises(Rejected, match="Another export has written"):
            export_to_folder(shop.ports.warehouse, export_folder(shop, f"{bucket}/a/marts", MANIFEST), progress=race)
        assert others
        check(objects, bucket)
        sell(shop, tmp_path, line(number, "12-06-2026"))


def test_other_objects_and_those_of_an_interrupted_export(shop: App, objects: S3Objects, bucket: str) -> None:
    lost = "a/marts/fact_sales/month=2026-01/9-0123456789ab.parquet"
    with objects.writer(bucket, lost) as writer:
        writer.write(b"")
    exported(shop, bucket)
    assert lost in {one.name for one in objects.list(bucket)}, "another export may write it now"
    later = datetime.now(UTC) + timedelta(days=2)
    export_to_folder(shop.ports.warehouse, ObjectExportFolder(objects, bucket, "a/marts", MANIFEST, lambda: later))
    check(objects, bucket)
    with objects.writer(bucket, "b/letter.txt") as writer:
        writer.write(b"Dear Sir")
    with pytest.raises(Rejected, match="has other objects"):
        COMMANDS["marts-export"](shop, quiet, to=f"{bucket}/b")


def test_writes_compare_what_was_there(objects: S3Objects, bucket: str) -> None:
    def write(text: bytes, if_generation: int | None = None) -> None:
        with objects.writer(bucket, "one", if_generation=if_generation) as writer:
            writer.write(text)

    write(b"1", 0)
    with pytest.raises(Conflict):
        write(b"2", 0)
    stored = objects.stat(bucket, "one")
    assert stored.size == 1
    write(b"3", stored.generation)
    with pytest.raises(Conflict):
        write(b"4", stored.generation)
    assert objects.open(bucket, "one").read() == b"3"
    objects.delete(bucket, "one")
    objects.delete(bucket, "one")
    with pytest.raises(Conflict):
        write(b"5", stored.generation)
    for call in (objects.stat, objects.open):
        with pytest.raises(NotFound):
            call(bucket, "one")


def test_a_block_that_raises_leaves_nothing(objects: S3Objects, bucket: str) -> None:
    def broken() -> None:
        with objects.writer(bucket, "one") as writer:
            writer.write(b"half")
            raise OSError

    with pytest.raises(OSError):  # noqa: PT011 - of the block itself, not of the store
        broken()
    assert list(objects.list(bucket)) == []


def test_a_destination_in_a_bucket_notes_why_it_fails(shop: App, objects: S3Objects, bucket: str) -> None:
    mart_destinations.add_mart_destination(shop, MartDestinationDraft("lake", f"{bucket}/a/marts"), "ada")
    mart_destinations.add_mart_destination(
        shop, MartDestinationDraft("none", "s3://there-is-no-such-bucket/marts"), "ada"
    )
    ended = {one.name: one.error for one in mart_destinations.run_due_destinations(shop)}
    assert ended["lake"] == ""
    assert "the bucket does not exist" in ended["none"]
    check(objects, bucket)


def test_a_store_that_cannot_be_reached_and_missing_credentials(
    shop: App, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1")
    with pytest.raises(Unavailable, match="cannot be reached"):
        exported(shop, bucket)
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(Rejected, match="has no credentials"):
        exported(shop, bucket)
