"""A backfill of a bucket of another project, on the emulators: copied inside Cloud Storage, each object once."""

import json
import secrets
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from app_factory import copy_template
from click.testing import CliRunner
from google.cloud.storage import Bucket, Client
from stateful.crashes import Wrapper
from stateful.on_google import project
from structlog.testing import capture_logs
from unit.connectors.connector_steps import sales

from examples import in_long_proofs
from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App, build
from tillstream.app.source_access import source_access
from tillstream.cli.main import main
from tillstream.commands import backfill_pace
from tillstream.connectors import backfills
from tillstream.connectors.run_history import PART_SIZE
from tillstream.handlers import Event, dispatch
from tillstream.model.errors import Rejected
from tillstream.model.events import INBOX, OBJECT_FINALIZED
from tillstream.operations import reconcile
from tillstream.ports import Ports
from tillstream.settings import Settings

CONTRACT = "online-retail-uk"


class Killed(BaseException):
    """The process ends at this call."""


class KilledAfter(Wrapper):
    """Objects of a process that is killed after some copies."""

    def __init__(self, inner: Any, copies: int) -> None:
        super().__init__(inner, None)
        self.left = copies

    def copy(self, *arguments: Any, **options: Any) -> Any:
        result = self._inner.copy(*arguments, **options)
        self.left -= 1
        if not self.left:
            raise Killed
        return result


class Unhurried:
    """The pace of a process that waits for nothing."""

    part = PART_SIZE

    def taken(self, size: int) -> None:
        """Nothing is shown."""

    def settle(self, beat: Any) -> None:
        """Nothing settles meanwhile."""


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    """A bucket of another project."""
    with closing(Client(f"other-{secrets.token_hex(4)}")) as client:
        yield client.create_bucket(f"exports-{secrets.token_hex(6)}")


@pytest.fixture(scope="module")
def settings(pubsub: object, firestore: object, cloud_storage: object, bigquery: object) -> Iterator[Settings]:
    """One project, because making one takes long."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TILLSTREAM_PROJECT", project().project)
        patch.setenv("TILLSTREAM_SAMPLES", "false")
        yield Settings.read()


@pytest.fixture
def app(settings: Settings) -> Iterator[App]:
    with closing(build(settings)) as app:
        yield app


def put(bucket: Bucket, name: str, *numbers: int) -> None:
    bucket.blob(name).upload_from_string(sales(*numbers))


def handle(app: App) -> None:
    """What the functions do with the events of new objects, and in a sweep."""
    for stored in app.ports.objects.list(INBOX, "connect/"):
        data = {"bucket": INBOX, "name": stored.name, "generation": stored.generation, "size": stored.size}
        dispatch(app, Event("1", OBJECT_FINALIZED, data))
    reconcile.resume_interrupted_work(app.ports, app.contracts, patience=timedelta(0))


@contextmanager
def handling(app: App) -> Iterator[None]:
    """The events of new objects are handled whenever the command looks for their batches."""
    count = backfills.unrecorded_keys

    def handle_and_count(ports: Ports, name: str) -> int:
        with capture_logs():  # the output of the command is JSON
            handle(app)
        return count(ports, name)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(backfills, "unrecorded_keys", handle_and_count)
        yield


def lines(app: App) -> int:
    return int(app.ports.warehouse.query("SELECT COUNT(*) AS n FROM sale_lines").to_pylist()[0]["n"])


def inbox(app: App, path: str) -> list[str]:
    """Names of the objects that the backfill of a path has copied."""
    return [
        stored.name
        for stored in app.ports.objects.list(INBOX, f"connect/{backfills.connector_of_backfill(path, CONTRACT).name}/")
    ]


def run(app: App, path: str) -> Any:
    access = source_access(app)
    backfill = backfills.connector_of_backfill(path, CONTRACT)
    return backfills.run_backfill(app.ports, app.contracts, access, backfill, "ana", Unhurried())


def answer(*arguments: str, code: int = 0) -> Any:
    result = CliRunner().invoke(main, [*arguments, "--json"])
    assert result.exit_code == code, result.output
    return json.loads(result.stdout)


@pytest.mark.parametrize("count", [20, *in_long_proofs(200)])
def test_a_killed_backfill_continues(settings: Settings, bucket: Bucket, count: int) -> None:
    copied = 3 * count // 7
    for number in range(count):
        put(bucket, f"sales/{number:03}.csv", number)
    path, now = f"gs://{bucket.name}/sales/", datetime.now(UTC)
    with closing(build(settings, ManualClock(now))) as app:
        objects = KilledAfter(app.ports.objects, copies=copied)
        with pytest.raises(Killed):
            run(replace(app, ports=replace(app.ports, objects=objects)), path)
        assert len(inbox(app, path)) == copied
        app.ports.clock.sleep(5 * 60)
        with pytest.raises(Rejected, match="is running"):
            run(app, path)
        app.ports.clock.sleep(6 * 60)
        ended = run(app, path)
        assert (ended.outcome, ended.items) == ("done", count - copied), ended.error
        assert len(inbox(app, path)) == count
        assert backfills.backfill_counts(app.ports, ended.connector) == {}, (
            "the events of the copies create the records"
        )
        assert run(app, path).items == 0
        for name in inbox(app, path):  # other tests stage what is here
            app.ports.objects.delete(INBOX, name)


def test_each_generation_is_a_batch_and_the_same_bytes_count_once(app: App, bucket: Bucket) -> None:
    before = lines(app)
    put(bucket, "sales/2026/1.csv", 1, 2)
    put(bucket, "sales/2026/2.csv", 3)
    put(bucket, "stock/1.csv", 9)
    path = f"gs://{bucket.name}/sales/"
    assert answer("backfill", path, "--region", CONTRACT, "--dry-run")["files"] == 2
    with handling(app):
        first = answer("backfill", path, "--region", CONTRACT)
    assert (first["run"]["items"], first["is_complete"]) == (2, True), first["run"]["error"]
    assert sum(first["batches"].values()) == 2, "it waits for the batches of its copies"
    put(bucket, "sales/2026/2.csv", 3, 4)
    put(bucket, "sales/copy.csv", 1, 2)
    with handling(app):
        assert answer("backfill", path, "--region", CONTRACT)["run"]["items"] == 2
    assert lines(app) - before == 4
    assert answer("backfill", "status", first["name"])["batches"] == {"announced": 4}
    undone = answer("backfill", "undo", first["name"], "--yes")
    assert (len(undone["undone"]), undone["failed"]) == (4, [])
    assert lines(app) == before


def test_copies_that_get_no_batch_are_reported(app: App, bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backfill_pace, "RECORD_PATIENCE", timedelta(0))
    put(bucket, "lost/1.csv", 71)
    path = f"gs://{bucket.name}/lost/"
    for _ in range(2):
        assert "1 of the copied files have no batch" in answer("backfill", path, "--region", CONTRACT, code=1)["error"]
    for name in inbox(app, path):
        app.ports.objects.delete(INBOX, name)


def test_the_job_takes_in_what_a_backfill_leaves_to_it(app: App, bucket: Bucket) -> None:
    before = lines(app)
    put(bucket, "1.csv", 51)
    requested = answer("backfill", f"gs://{bucket.name}", "--region", CONTRACT, "--job")
    assert not requested["is_complete"]
    (ended,) = answer("connect", "run", "--due")
    assert (ended["connector"], ended["outcome"], ended["items"]) == (requested["name"], "done", 1), ended["error"]
    handle(app)
    assert lines(app) - before == 1


def test_a_bucket_that_does_not_exist_is_named(app: App) -> None:
    assert app.settings.project
    failed = answer("backfill", "gs://no-such-bucket-of-ours", "--region", CONTRACT, code=1)
    assert "gs://no-such-bucket-of-ours" in failed["run"]["error"]


def test_a_laptop_downloads_what_it_takes_in(
    bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cloud_storage: object
) -> None:
    monkeypatch.delenv("TILLSTREAM_PROJECT", raising=False)
    monkeypatch.setenv("TILLSTREAM_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TILLSTREAM_SAMPLES", "false")
    copy_template(Settings())
    put(bucket, "sales/1.csv", 1, 2)
    path = f"gs://{bucket.name}/sales/"
    assert answer("backfill", path, "--region", CONTRACT)["batches"] == {"announced": 1}
    put(bucket, "sales/1.csv", 1, 2, 3)
    assert answer("backfill", path, "--region", CONTRACT)["run"]["items"] == 1
    assert answer("query", "kpis")["rows"][0]["lines"] == 3
