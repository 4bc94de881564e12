"""A project is backed up into a bucket and brought back, whole or not at all, on the emulators of its services.

They keep one version of an object and tables without policies: what only a project shows is listed in ADR 027.
"""

import json
import uuid
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import settings_of_people
import settings_of_stores
from click.testing import CliRunner
from google.cloud.storage import Bucket, Client

from devtools.emulators import PROJECT, Emulator
from devtools.local_triggers import make_topic
from tillstream.adapters.google import backup_contents as backup_tables
from tillstream.adapters.google import sale_index
from tillstream.adapters.google.sale_index import FirestoreSaleIndex
from tillstream.app import App, build
from tillstream.app.google import project_restore, project_tables
from tillstream.app.google import project_tables as rebuilt_index
from tillstream.app.google.lazy_warehouse import dataset_of
from tillstream.cli.main import main
from tillstream.commands.registry import COMMANDS
from tillstream.commands.result import quiet
from tillstream.model.errors import NotFound, Rejected, Unavailable
from tillstream.model.events import DEAD_LETTERS, TOPIC_BATCHES, TOPIC_OBJECTS, TOPIC_SALE_EVENTS, TOPIC_STORE_SALES
from tillstream.model.ids import index_hash
from tillstream.receipts import original_rows
from tillstream.records import batch_records
from tillstream.settings import Settings

pytestmark = pytest.mark.long
HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
GOOD = "".join(f"1{n},A,Cup,2,12/5/2011 9:02,12.75,17850,United Kingdom\n" for n in range(30))
FIRST = HEADER + GOOD + "2,B,Bowl,six,12/5/2011 9:02,2,1,United Kingdom\n"
SECOND = HEADER + "3,A,Cup,1,12/6/2011 9:02,12.75,17850,United Kingdom\n"
LATER = HEADER + "4,A,Cup,5,12/7/2011 9:02,12.75,17850,United Kingdom\n"


@pytest.fixture
def app(pubsub: Emulator, firestore: Emulator, cloud_storage: Emulator, bigquery: Emulator) -> Iterator[App]:
    name = uuid.uuid4().hex
    settings = Settings(project=PROJECT, stage=f"s{name[:12]}", dataset=f"kept_{name}")
    for topic in (TOPIC_OBJECTS, TOPIC_BATCHES, TOPIC_STORE_SALES, TOPIC_SALE_EVENTS, DEAD_LETTERS):
        make_topic(f"http://127.0.0.1:{pubsub.port}", topic)
    for bucket in settings.buckets.values():
        Client(PROJECT).create_bucket(bucket)
    project_tables.migrate_tables(settings)
    app = build(settings)
    yield app
    app.close()


@pytest.fixture
def bucket(app: App) -> Bucket:
    return Client(PROJECT).create_bucket(f"backups-{uuid.uuid4().hex}")


@pytest.fixture
def index(app: App) -> Iterator[FirestoreSaleIndex]:
    index = FirestoreSaleIndex(app.settings.project)
    yield index
    index.close()


def ingest(app: App, folder: Path, name: str, content: str) -> dict[str, Any]:
    file = folder / name
    file.write_text(content)
    receipt: dict[str, Any] = COMMANDS["ingest"](app, quiet, files=[str(file)], contract="online-retail-uk").data
    return receipt


def snapshot(app: App) -> Any:
    kpis = COMMANDS["query"](app, quiet, name="kpis", params={}).data["rows"]
    return json.loads(json.dumps([COMMANDS["receipts"](app, quiet).data, kpis], default=str))


def test_a_project_comes_back_as_it_was(app: App, bucket: Bucket, index: FirestoreSaleIndex, tmp_path: Path) -> None:
    first = ingest(app, tmp_path, "first.csv", FIRST)
    second = ingest(app, tmp_path, "second.csv", SECOND)
    COMMANDS["undo"](app, quiet, batch=second["batch_id"])
    before = snapshot(app)
    settings_of_people.add(app)
    settings = settings_of_people.read(app)
    settings_of_stores.add(app)
    stores = settings_of_stores.read(app)
    index.note([(1, date(2024, 7, 1))], 0)
    kept = COMMANDS["backup"](app, quiet, out=f"gs://{bucket.name}/june/").data
    assert kept["archive"] == f"gs://{bucket.name}/june"
    assert kept["originals"] == 2
    assert kept["documents"] > 2
    assert kept["rows"] > 3
    documents = bucket.blob("june/documents.jsonl").download_as_bytes().splitlines()
    assert not {sale_index.COLLECTION, sale_index.STATE} & {json.loads(line)["collection"] for line in documents}
    assert {blob.name.split("/")[1] for blob in bucket.list_blobs()} == {
        "documents.jsonl",
        "manifest.json",
        "originals",
        "originals.jsonl",
        "tables",
    }
    with pytest.raises(Rejected, match="is not empty"):
        COMMANDS["backup"](app, quiet, out=kept["archive"])

    later = ingest(app, tmp_path, "later.csv", LATER)
    index.note([(2, date(2024, 7, 2))], 0)
    settings_of_people.change(app)
    assert settings_of_people.read(app) != settings
    settings_of_stores.change(app)
    assert settings_of_stores.read(app) != stores
    lost = batch_records.get_batch(app.ports, first["batch_id"])
    app.ports.objects.delete(lost.bucket, lost.object)
    assert snapshot(app) != before
    with pytest.raises(Rejected, match="--replace"):
        project_restore.restore_project(app.settings, kept["archive"], replace=False)
    raised = "SELECT number FROM epoch"
    (epoch,) = app.ports.warehouse.query(raised).to_pylist()
    back = project_restore.restore_project(app.settings, kept["archive"], replace=True)
    assert back["documents"] == kept["documents"]
    assert index.days([1, 2]) == {}, "the index is rebuilt from the ledger"
    assert index.days([index_hash("batch", first["batch_id"])])
    assert rebuilt_index.sale_index_differences(app.settings) == []
    assert app.ports.warehouse.query(raised).to_pylist() == [{"number": epoch["number"] + 2}]  # tables, index
    app.queries.clear()
    assert snapshot(app) == before
    assert settings_of_people.read(app) == settings
    assert settings_of_stores.read(app) == stores
    with pytest.raises(NotFound):
        batch_records.get_batch(app.ports, later["batch_id"])
    batch = batch_records.get_batch(app.ports, first["batch_id"])
    assert batch.object == f"restored/{lost.generation}/{lost.object}"
    assert "six" in b"".join(original_rows.rejected_rows_csv(app.ports, first["batch_id"])).decode()
    assert COMMANDS["rebuild"](app, quiet).data["differences"] == []
    project_restore.restore_project(app.settings, kept["archive"], replace=True)
    assert snapshot(app) == before

    # a file that came after the backup is in the inbox all the same, and comes in again; what was restored does not
    assert COMMANDS["sweep"](app, quiet).data["registered"] == 1
    again = COMMANDS["replay"](app, quiet, batch=first["batch_id"]).data
    assert again["rows"]["read"] == 31


@pytest.mark.parametrize("fault", ["no manifest", "another byte", "a table less", "an original less"])
def test_a_broken_backup_changes_nothing(app: App, bucket: Bucket, tmp_path: Path, fault: str) -> None:
    ingest(app, tmp_path, "first.csv", FIRST)
    kept = COMMANDS["backup"](app, quiet, out=f"gs://{bucket.name}/june").data["archive"]
    held = {blob.name: blob for blob in bucket.list_blobs()}
    match fault:
        case "no manifest":
            held["june/manifest.json"].delete()
        case "another byte":
            blob = held["june/documents.jsonl"]
            blob.upload_from_string(blob.download_as_bytes().replace(b"first.csv", b"worst.csv"))
        case "a table less":
            next(blob for name, blob in held.items() if "/tables/batches/" in name).delete()
        case "an original less":
            next(blob for name, blob in held.items() if "/originals/" in name).delete()
    before = snapshot(app)
    with pytest.raises(Rejected):
        project_restore.restore_project(app.settings, kept, replace=True)
    assert snapshot(app) == before


def test_the_command_line_reports_what_it_backed_up_and_restored(
    app: App, bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ingest(app, tmp_path, "first.csv", FIRST)
    for name in ("project", "stage", "dataset"):
        monkeypatch.setenv(f"TILLSTREAM_{name.upper()}", getattr(app.settings, name))
    place = f"gs://{bucket.name}/june"
    kept = CliRunner().invoke(main, ["backup", place])
    assert kept.exit_code == 0, kept.output
    assert f"{place} contains everything as of" in kept.output
    assert "1 original." in kept.output
    refused = CliRunner().invoke(main, ["restore", place])
    assert refused.exit_code == 1
    assert "--replace" in refused.output
    back = CliRunner().invoke(main, ["restore", place, "--replace", "--json"])
    assert back.exit_code == 0, back.output
    assert json.loads(back.stdout)["originals"] == 1


def test_the_index_of_a_project_is_rebuilt_by_a_command(app: App, index: FirestoreSaleIndex, tmp_path: Path) -> None:
    ingest(app, tmp_path, "first.csv", FIRST)
    command = ["deploy", "index", "--project", PROJECT, "--dataset", app.settings.dataset]
    complete = CliRunner().invoke(main, [*command, "--check"])
    assert (complete.exit_code, complete.output) == (0, "The index is complete.\n")
    index.invalidate()
    with pytest.raises(Unavailable, match="tillstream deploy index"):
        ingest(app, tmp_path, "second.csv", SECOND)
    incomplete = CliRunner().invoke(main, [*command, "--check"])
    assert (incomplete.exit_code, incomplete.output) == (1, "days of sales up to settlement 1 are missing\n")
    planned = CliRunner().invoke(main, [*command, "--check", "--json"])
    assert (planned.exit_code, json.loads(planned.output)) == (0, {"differences": [incomplete.output.strip()]})
    rebuilt = CliRunner().invoke(main, command)
    assert (rebuilt.exit_code, rebuilt.output) == (0, "The index is complete up to settlement 1.\n")
    ingest(app, tmp_path, "later.csv", LATER)
    assert app.ports.warehouse.query("SELECT COUNT(*) AS n FROM batches").to_pylist() == [{"n": 3}]


def test_a_project_without_tables_needs_its_index(app: App) -> None:
    absent = app.settings.model_copy(update={"dataset": "absent"})
    assert rebuilt_index.sale_index_differences(absent) == ["the tables of this version are missing"]


def test_rows_that_a_policy_hides_are_noticed(app: App, bucket: Bucket, tmp_path: Path) -> None:
    ingest(app, tmp_path, "first.csv", FIRST)
    dataset = dataset_of(app.settings)
    with pytest.raises(Rejected, match="Only 30 of the 31 rows of sale_versions are visible"):
        backup_tables.export_tables(
            dataset, f"gs://{bucket.name}/june", backup_tables.current_time(dataset), {"sale_versions": 31}
        )
    dataset.close()
