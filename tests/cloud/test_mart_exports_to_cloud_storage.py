"""A home exports its marts to a bucket of Cloud Storage's emulator, and an engine reads them there."""

import json
import uuid
from contextlib import closing
from io import BytesIO
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from google.cloud.storage import Bucket, Client

from devtools.emulators import PROJECT, Emulator
from tests.e2e.marts.exported_shop import line, open_shop, sell
from tillstream.app import App
from tillstream.commands.registry import COMMANDS
from tillstream.commands.result import quiet


def export(app: App, bucket: Bucket) -> dict[str, Any]:
    data: dict[str, Any] = COMMANDS["marts-export"](app, quiet, to=f"gs://{bucket.name}/marts").data
    return data


def rows(bucket: Bucket) -> dict[str, int]:
    """Month → rows of the files that the manifest lists; no others are there."""
    manifest = json.loads(bucket.blob("marts/manifest.json").download_as_bytes())
    listed = {file["path"] for table in manifest["tables"] for file in table["files"]}
    stored = {blob.name.removeprefix("marts/") for blob in bucket.list_blobs(prefix="marts/")}
    assert {name for name in stored if name.endswith(".parquet")} == listed
    (facts,) = (table for table in manifest["tables"] if table["name"] == "fact_sales")
    return {
        file["month"]: pq.read_table(BytesIO(bucket.blob(f"marts/{file['path']}").download_as_bytes())).num_rows
        for file in facts["files"]
    }


def test_an_export_is_written_to_a_bucket(cloud_storage: Emulator, tmp_path: Path) -> None:
    bucket = Client(PROJECT).create_bucket(f"marts-{uuid.uuid4().hex}")
    with closing(open_shop(tmp_path)) as app:
        sell(app, tmp_path, line(1, "03-05-2026"), line(2, "10-06-2026", 250))
        assert export(app, bucket)["folder"] == f"gs://{bucket.name}/marts"
        assert rows(bucket) == {"2026-05": 1, "2026-06": 1}
        sell(app, tmp_path, line(3, "12-06-2026"))
        assert export(app, bucket)["removed"] == 3
        assert rows(bucket) == {"2026-05": 1, "2026-06": 2}
        assert export(app, bucket)["written"] == 0
    text = bucket.blob("marts/statements/bigquery.sql").download_as_text()
    assert f"uris = ['gs://{bucket.name}/marts/fact_sales/month=*']" in text
