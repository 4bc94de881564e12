"""The pace of a backfill whose files Spark stages: what an interruption leaves, and how long the command waits."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from app_factory import build
from unit.connectors.connector_steps import sales

from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App
from tillstream.app.home_objects import opener
from tillstream.app.source_access import source_access
from tillstream.commands.result import quiet
from tillstream.commands.sources.backfills import Waiting
from tillstream.commands.sources.on_spark import Beat, Spark
from tillstream.connectors import backfills
from tillstream.connectors.parts import PartSize
from tillstream.settings import Settings
from tillstream.spark.file_tasks import FileTask, Outcome, run_task

CONTRACT = "online-retail-uk"


class Killed(BaseException):
    """The process ends at this call."""


@dataclass
class Jobs:
    """What runs instead of Spark: one task after another. names: the files of each job."""

    app: App
    names: list[list[str]] = field(default_factory=list)
    is_killed: bool = False

    def run(self, tasks: Sequence[FileTask], beat: Beat) -> list[Outcome]:
        self.names.append(sorted(task.upload.file for task in tasks))
        if self.is_killed:
            raise Killed
        opened = opener(self.app.settings)()
        return [run_task(task, place, opened) for place, task in enumerate(tasks)]

    def backfill(self, path: Path) -> None:
        """Run the backfill of a folder in parts of two files."""
        backfill = backfills.of(str(path), CONTRACT)
        pace = Waiting(self.app, backfill.name, quiet, Spark(self.app, self.run, PartSize(2, 1 << 40)))
        with pace.lease():
            backfills.run(self.app.ports, self.app.contracts, source_access(self.app), backfill, "ana", pace)
            pace.settle(lambda: None)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def app(tmp_path: Path, clock: ManualClock) -> Iterator[App]:
    with closing(build(Settings(home=tmp_path / "home", samples=False, threads=1), clock)) as app:
        yield app


@pytest.fixture
def history(tmp_path: Path) -> Path:
    folder = tmp_path / "history"
    folder.mkdir()
    for day in range(1, 6):
        (folder / f"{day}.csv").write_text(sales(day), encoding="utf-8")
    return folder


def test_the_part_of_a_command_that_was_killed_is_staged_as_the_same_job(
    app: App, clock: ManualClock, history: Path
) -> None:
    jobs = Jobs(app, is_killed=True)
    with pytest.raises(Killed):
        jobs.backfill(history)
    jobs.is_killed = False
    clock.advance(3_600)
    jobs.backfill(history)
    assert jobs.names == [["1.csv", "2.csv"], ["1.csv", "2.csv"], ["3.csv", "4.csv"], ["5.csv"]]
