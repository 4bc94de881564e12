"""A backfill on Spark in a project, on the emulators: functions leave its files alone, and receipts are as locally."""

import json
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from app_factory import build as build_home
from google.cloud.storage import Bucket, Client
from spark_command import result, started_in_a_project
from stateful.on_google import project
from unit.connectors.connector_steps import sales

from tillstream.adapters.local.clock import SystemClock
from tillstream.app import App, build
from tillstream.app.home_objects import opener
from tillstream.app.source_access import source_access
from tillstream.batches import records
from tillstream.commands.registry import COMMANDS
from tillstream.commands.result import quiet
from tillstream.commands.sources.backfills import Waiting
from tillstream.commands.sources.on_spark import Spark
from tillstream.connectors import backfills
from tillstream.domain.batch.record import State
from tillstream.domain.errors import Rejected, Unavailable
from tillstream.domain.events import BATCH_RECEIVED, INBOX
from tillstream.handlers import stage_batch, stage_object
from tillstream.pipeline.settling import settle
from tillstream.ports.object_store import StoredObject
from tillstream.settings import Settings
from tillstream.spark.file_tasks import FileTask, Outcome, run_task
from tillstream.spark.staging_lease import ALIVE, StagingLease

pytestmark = pytest.mark.timeout(900)  # Spark starts slowly where others use the cores
CONTRACT = "online-retail-uk"
FILES = {
    "00.csv": sales(1, 2),
    "01.csv": sales(2) + "3,A,Cup,two,12/5/2011 9:02,2.00,1,UK\n",
    "02.csv": sales(4) + "2,A,Cup,3,12/5/2011 9:02,2.00,1,UK\n",
    "03-no-columns.csv": "What,Is,This\n1,2,3\n",
}


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
                self._note(stage_object(self.app, event(stored)))
        bus = self.app.ports.bus
        for delivery in bus.pull("batches", 100):
            if delivery.message.attributes["type"] == BATCH_RECEIVED:
                self._note(stage_batch(self.app, json.loads(delivery.message.body)))
            bus.acknowledge([delivery])
        if records.find(self.app.ports, state=State.STAGED):
            settle.settle_all(self.app.ports, self.app.contracts)

    def _note(self, facts: dict[str, Any]) -> None:
        file = records.get(self.app.ports, facts["batch"]).file
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
        return backfills.of(self.path, CONTRACT).name

    def run(self, here: Callable[[Sequence[FileTask]], Sequence[Outcome]]) -> Spark:
        """Run the backfill. here: instead of the process of Spark."""
        spark = Spark(self.app, lambda tasks, _beat: here(tasks))
        pace = Waiting(self.app, self.name, quiet, spark)
        backfill, access = backfills.of(self.path, CONTRACT), source_access(self.app)
        with pace.lease():
            ended = backfills.run(self.app.ports, self.app.contracts, access, backfill, "ana", pace)
            pace.settle(lambda: None)
        assert ended.outcome == "done", ended.error
        return spark

    def stage(self, tasks: Sequence[FileTask]) -> list[Outcome]:
        """As the workers of Spark, one task after another."""
        opened = opener(self.app.settings)()
        return [run_task(task, place, opened) for place, task in enumerate(tasks)]

    def states(self) -> list[str]:
        return sorted(batch.state.value for batch in backfills.in_state(self.app.ports, self.name, *State))


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


def event(stored: StoredObject) -> dict[str, Any]:
    return {"bucket": stored.bucket, "name": stored.name, "generation": stored.generation, "size": stored.size}


def receipts(app: App, connector: str = "") -> dict[str, Any]:
    """File → its receipt without what differs between installations."""
    sender = records.connector_sender(connector)
    batches = [batch for batch in records.find(app.ports) if not connector or batch.received_by == sender]
    shown = {}
    for batch in batches:
        (receipt,) = (COMMANDS["receipts"](app, quiet, batch=batch.batch_id).data,)
        shown[batch.file] = {name: receipt[name] for name in ("rows", "problems", "amounts", "removed", "holds")}
    return shown


def test_receipts_of_a_project_are_those_of_the_engine_local(
    spark_python: Path, settings: Settings, bucket: Bucket, tmp_path: Path
) -> None:
    folder = tmp_path / "history"
    folder.mkdir()
    for name, text in FILES.items():
        bucket.blob(f"sales/{name}").upload_from_string(text)
        (folder / name).write_text(text, encoding="utf-8")
    path = f"gs://{bucket.name}/sales/"
    options = {"paths": [path], "contract": CONTRACT, "engine": "spark", "master": "local[2]"}
    with closing(build(settings)) as app:
        functions = Functions(app)
        command = started_in_a_project(spark_python, "backfill", **options)
        try:
            while command.poll() is None:
                functions.turn()
                time.sleep(0.5)
        finally:
            command.kill()
        done = result(command)
        name = backfills.of(path, CONTRACT).name
        assert done["spark"] == {"files": len(FILES), "faults": []}
        assert {file: functions.outcomes[file] for file in FILES} == {file: ["left to Spark"] for file in FILES}
        on_spark = receipts(app, name)
    home = Settings(home=tmp_path / "home", project="", samples=False, threads=1)
    with closing(build_home(home)) as local:
        COMMANDS["backfill"](local, quiet, paths=[str(folder)], contract=CONTRACT)
        assert on_spark == receipts(local)
    rows = [receipt["rows"] for receipt in on_spark.values()]
    assert {outcome for each in rows for outcome, count in each.items() if count} >= {"new", "corrected", "quarantined"}


def test_what_spark_could_not_stage_is_left_to_the_functions(started: Project) -> None:
    def fail(tasks: Sequence[FileTask]) -> list[Outcome]:
        outcomes = started.stage(tasks[1:])
        return [Outcome(0, fault="MemoryError"), *(replace(one, place=one.place + 1) for one in outcomes)]

    spark = started.run(fail)
    assert (spark.files, len(spark.faults)) == (2, 1)
    assert started.states() == ["settled"] * 3
    assert sorted(started.functions.outcomes.values()) == [
        ["left to Spark"],
        ["left to Spark"],
        ["left to Spark", "staged"],
    ]


def test_a_job_that_fails_leaves_every_file_to_the_functions(started: Project) -> None:
    def fail(tasks: Sequence[FileTask]) -> list[Outcome]:
        raise Unavailable("Spark failed: no executors.")

    spark = started.run(fail)
    assert (spark.files, spark.faults) == (0, ["Spark failed: no executors."])
    assert started.states() == ["settled"] * 3


def test_a_command_that_is_killed_continues_when_its_lease_has_ended(started: Project) -> None:
    def die(tasks: Sequence[FileTask]) -> list[Outcome]:
        started.stage(tasks)
        raise Killed

    with pytest.MonkeyPatch.context() as patch:  # nothing is released by a process that is killed
        patch.setattr(StagingLease, "release", lambda _: None)
        with pytest.raises(Killed):
            started.run(die)
    assert started.states() == ["staging"] * 3
    with pytest.raises(Rejected, match="is running on Spark"):
        started.run(started.stage)
    for batch in records.find(started.app.ports, state=State.STAGING):
        assert stage_batch(started.app, {"batch_id": batch.batch_id})["outcome"] == "left to Spark"
    started.clock.late += ALIVE.total_seconds() + 1
    one, *_ = records.find(started.app.ports, state=State.STAGING)
    assert stage_batch(started.app, {"batch_id": one.batch_id})["outcome"] == "staged", "as after the next sweep"
    assert started.run(started.stage).files == 2
    assert started.states() == ["settled"] * 3


def test_a_file_that_is_staged_twice_counts_once(started: Project) -> None:
    """The command was stopped for so long that its lease ended, and functions staged its files meanwhile."""

    def late(tasks: Sequence[FileTask]) -> list[Outcome]:
        outcomes = started.stage(tasks)
        started.clock.late += ALIVE.total_seconds() + 1
        for task in tasks:
            assert stage_batch(started.app, {"batch_id": task.upload.batch_id})["outcome"] == "staged"
        started.functions.turn()
        return outcomes

    started.run(late)
    settled = list(backfills.in_state(started.app.ports, started.name, State.SETTLED))
    shown = receipts(started.app, started.name)
    assert (len(settled), [receipt["rows"]["new"] for receipt in shown.values()]) == (3, [1, 1, 1])
