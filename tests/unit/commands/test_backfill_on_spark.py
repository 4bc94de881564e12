"""The pace of a backfill whose files Spark stages: what an interruption leaves, and how long the command waits."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from app_factory import build
from unit.connectors.connector_steps import sales

from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App
from tillstream.app.home_objects import objects_opener
from tillstream.app.source_access import source_access
from tillstream.commands.backfill_pace import BackfillPace, Beat, SparkStaging
from tillstream.commands.result import quiet
from tillstream.connectors import backfills, run_history
from tillstream.connectors.run_history import PartSize
from tillstream.model.batch import BatchState
from tillstream.model.errors import Rejected, Unavailable
from tillstream.model.events import BATCH_RECEIVED
from tillstream.pipeline.settling import settle
from tillstream.pipeline.staging import stage
from tillstream.settings import Settings
from tillstream.spark.file_tasks import FileOutcome, FileTask, run_file_task

CONTRACT = "online-retail-uk"


class Killed(BaseException):
    """The process ends at this call."""


class HalfTheNight(ManualClock):
    """Two hours pass in each wait, in which `work` does its next step; nothing happens after the last one."""

    work: Iterator[None] = iter(())

    def sleep(self, seconds: float) -> None:
        next(self.work, None)
        self.advance(2 * 3_600)


@dataclass
class Jobs:
    """What runs instead of Spark: one task after another. names: the files of each job."""

    app: App
    names: list[list[str]] = field(default_factory=list)
    is_killed: bool = False

    def run(self, tasks: Sequence[FileTask], beat: Beat) -> list[FileOutcome]:
        self.names.append(sorted(task.upload.file for task in tasks))
        if self.is_killed:
            raise Killed
        opened = objects_opener(self.app.settings)()
        return [run_file_task(task, place, opened) for place, task in enumerate(tasks)]

    def backfill(self, path: Path) -> None:
        """Run the backfill of a folder in parts of two files."""
        backfill = backfills.connector_of_backfill(str(path), CONTRACT)
        pace = BackfillPace(self.app, backfill.name, quiet, SparkStaging(self.app, self.run, PartSize(2, 1 << 40)))
        with pace.lease():
            backfills.run_backfill(self.app.ports, self.app.contracts, source_access(self.app), backfill, "ana", pace)
            pace.settle(lambda: None)


@pytest.fixture
def clock() -> HalfTheNight:
    return HalfTheNight()


@pytest.fixture
def app(tmp_path: Path, clock: HalfTheNight) -> Iterator[App]:
    with closing(build(Settings(home=tmp_path / "home", samples=False, threads=1), clock)) as app:
        yield app


@pytest.fixture
def history(tmp_path: Path) -> Path:
    folder = tmp_path / "history"
    folder.mkdir()
    for day in range(1, 6):
        (folder / f"{day}.csv").write_text(sales(day), encoding="utf-8")
    return folder


@pytest.fixture
def interrupted(app: App, history: Path) -> App:
    """Two files wait to be staged again."""
    with pytest.raises(Killed):
        Jobs(app, is_killed=True).backfill(history)
    return app


def test_the_part_of_a_command_that_was_killed_is_staged_as_the_same_job(
    interrupted: App, clock: HalfTheNight, history: Path
) -> None:
    clock.advance(3_600)
    jobs = Jobs(interrupted)
    jobs.backfill(history)
    assert jobs.names == [["1.csv", "2.csv"], ["3.csv", "4.csv"], ["5.csv"]]


def settled_slowly(app: App, name: str) -> Iterator[None]:
    """What another process does, step by step: stage one file after the other, then settle them."""
    for batch in list(run_history.batches_in_state(app.ports, name, BatchState.STAGING)):
        stage.stage(app.ports, batch.batch_id)
        yield
    settle.settle_all(app.ports, app.contracts)
    yield


def test_the_wait_ends_only_when_nothing_changes_any_more(interrupted: App, clock: HalfTheNight, history: Path) -> None:
    name = backfills.connector_of_backfill(str(history), CONTRACT).name
    pace = BackfillPace(replace(interrupted, has_worker=True), name, quiet)
    with pytest.raises(Unavailable, match="are not settled"):
        pace.settle(lambda: None)
    clock.work = settled_slowly(interrupted, name)
    pace.settle(lambda: None)
    assert backfills.backfill_counts(interrupted.ports, name).keys() == {"settled"}


@pytest.mark.parametrize(
    ("error", "left"), [(Rejected("no Spark"), 2), (OSError("the disk is full"), 2), (Killed(), 0)]
)
def test_an_error_leaves_the_files_to_the_functions_of_a_project_and_an_interruption_does_not(
    interrupted: App, history: Path, error: BaseException, left: int
) -> None:
    def fail(tasks: Sequence[FileTask], beat: Beat) -> list[FileOutcome]:
        raise error

    bus = interrupted.ports.bus
    bus.acknowledge(bus.pull("batches", 100))
    name = backfills.connector_of_backfill(str(history), CONTRACT).name
    in_a_project = replace(interrupted, settings=interrupted.settings.model_copy(update={"project": "demo"}))
    pace = BackfillPace(in_a_project, name, quiet, SparkStaging(in_a_project, fail))
    with pytest.raises(type(error)):
        pace.settle(lambda: None)
    assert [one.message.attributes["type"] for one in bus.pull("batches", 100)] == [BATCH_RECEIVED] * left
