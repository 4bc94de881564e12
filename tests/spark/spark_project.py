"""A project on the emulators whose functions work while a backfill on Spark waits for them."""

import json
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from google.cloud.storage import Bucket, Client
from stateful.on_google import project
from unit.connectors.connector_steps import sales

from tillstream.adapters.local.clock import SystemClock
from tillstream.app import App, build
from tillstream.app.home_objects import objects_opener
from tillstream.app.source_access import source_access
from tillstream.commands.backfill_pace import BackfillPace, SparkStaging
from tillstream.commands.registry import COMMANDS
from tillstream.commands.result import quiet
from tillstream.connectors import backfills, run_history
from tillstream.handlers import stage_batch, stage_object
from tillstream.model.batch import BatchState
from tillstream.model.events import BATCH_RECEIVED, INBOX
from tillstream.pipeline.settling import settle
from tillstream.ports.objects import StoredObject
from tillstream.records import batch_records
from tillstream.settings import Settings
from tillstream.spark.file_tasks import FileOutcome, FileTask, run_file_task

CONTRACT = "online-retail-uk"


class Killed(BaseException):
    """The process ends at this call."""


@pytest.fixture(scope="module")
def settings(pubsub: object, firestore: object, cloud_storage: object, bigquery: object) -> Iterator[Settings]:
    """One project, because making one takes long."""
    with pytest.MonkeyPatch.context() as patch:
        target = project()
        patch.setenv("TILLSTREAM_PROJECT", target.project)
        patch.setenv("TILLSTREAM_SAMPLES", "false")
        yield Settings.read()


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    with closing(Client(f"other-{secrets.token_hex(4)}")) as client:
        yield client.create_bucket(f"exports-{secrets.token_hex(6)}")


@dataclass
class Functions:
    """What the functions of the project do with their events. outcomes: file → what happened at each of its events."""

    app: App
    outcomes: dict[str, list[str]] = field(default_factory=dict)
    _handled: set[str] = field(default_factory=set)

    def turn(self) -> None:
        for stored in self.app.ports.objects.list(INBOX, "connect/"):
            if stored.name not in self._handled:
                self._handled.add(stored.name)
                self._note(stage_object(self.app, _event(stored)))
        bus = self.app.ports.bus
        for delivery in bus.pull("batches", 100):
            if delivery.message.attributes["type"] == BATCH_RECEIVED:
                self._note(stage_batch(self.app, json.loads(delivery.message.body)))
            bus.acknowledge([delivery])
        if batch_records.find_batches(self.app.ports, state=BatchState.STAGED):
            settle.settle_all(self.app.ports, self.app.contracts)

    def _note(self, facts: dict[str, Any]) -> None:
        file = batch_records.get_batch(self.app.ports, facts["batch"]).file
        self.outcomes.setdefault(file, []).append(facts["outcome"])


class Turning(SystemClock):
    """Whoever waits lets the functions work. late: seconds that have passed besides."""

    def __init__(self) -> None:
        super().__init__()
        self.turn: Callable[[], None] = lambda: None
        self.late = 0.0

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=self.late)

    def sleep(self, seconds: float) -> None:
        self.turn()


@dataclass
class Project:
    """The project, its functions, and a backfill of three files."""

    app: App
    clock: Turning
    functions: Functions
    path: str

    @property
    def name(self) -> str:
        return backfills.connector_of_backfill(self.path, CONTRACT).name

    def run(self, here: Callable[[Sequence[FileTask]], Sequence[FileOutcome]]) -> SparkStaging:
        """Run the backfill. here: instead of the process of Spark."""
        spark = SparkStaging(self.app, lambda tasks, _beat: here(tasks))
        pace = BackfillPace(self.app, self.name, quiet, spark)
        backfill, access = backfills.connector_of_backfill(self.path, CONTRACT), source_access(self.app)
        with pace.lease():
            ended = backfills.run_backfill(self.app.ports, self.app.contracts, access, backfill, "ana", pace)
            pace.settle(lambda: None)
        assert ended.outcome == "done", ended.error
        return spark

    def stage(self, tasks: Sequence[FileTask]) -> list[FileOutcome]:
        """As the workers of Spark, one task after another."""
        opened = objects_opener(self.app.settings)()
        return [run_file_task(task, place, opened) for place, task in enumerate(tasks)]

    def states(self) -> list[str]:
        return sorted(
            batch.state.value for batch in run_history.batches_in_state(self.app.ports, self.name, *BatchState)
        )


@pytest.fixture
def started(settings: Settings, bucket: Bucket) -> Iterator[Project]:
    first = secrets.randbelow(10**9)
    for number in range(3):
        bucket.blob(f"{number}.csv").upload_from_string(sales(first + number))
    clock = Turning()
    with closing(build(settings, clock)) as app:
        functions = Functions(app)
        functions.turn()
        functions.outcomes.clear()
        clock.turn = functions.turn
        yield Project(app, clock, functions, f"gs://{bucket.name}/")


def _event(stored: StoredObject) -> dict[str, Any]:
    return {"bucket": stored.bucket, "name": stored.name, "generation": stored.generation, "size": stored.size}


def receipts(app: App, connector: str = "") -> dict[str, Any]:
    """File → its receipt without what differs between installations."""
    sender = batch_records.connector_sender(connector)
    batches = [batch for batch in batch_records.find_batches(app.ports) if not connector or batch.received_by == sender]
    shown = {}
    for batch in batches:
        (receipt,) = (COMMANDS["receipts"](app, quiet, batch=batch.batch_id).data,)
        shown[batch.file] = {name: receipt[name] for name in ("rows", "problems", "amounts", "removed", "holds")}
    return shown
