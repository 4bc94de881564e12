"""A backfill on Spark in a project, on the emulators: functions leave its files alone, and receipts are as locally."""

import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from app_factory import build as build_home
from google.cloud.storage import Bucket
from spark_command import result, started_in_a_project
from spark_project import CONTRACT, Functions, Killed, Project, bucket, receipts, settings, started
from unit.connectors.connector_steps import sales

from tillstream.app import build
from tillstream.commands.registry import COMMANDS
from tillstream.commands.result import quiet
from tillstream.connectors import backfills, run_history
from tillstream.handlers import stage_batch
from tillstream.model.batch import BatchState
from tillstream.model.errors import Rejected, Unavailable
from tillstream.records import batch_records
from tillstream.settings import Settings
from tillstream.spark.file_tasks import FileOutcome, FileTask
from tillstream.spark.staging_lease import LEASED_FOR, StagingLease

__all__ = ["bucket", "settings", "started"]
pytestmark = pytest.mark.timeout(900)  # Spark starts slowly where others use the cores
FILES = {
    "00.csv": sales(1, 2),
    "01.csv": sales(2, *range(100, 110)) + "3,A,Cup,two,12/5/2011 9:02,2.00,1,UK\n",
    "02.csv": sales(4) + "2,A,Cup,3,12/5/2011 9:02,2.00,1,UK\n",
    "03-no-columns.csv": "What,Is,This\n1,2,3\n",
}


@pytest.mark.long
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
        name = backfills.connector_of_backfill(path, CONTRACT).name
        assert done["spark"] == {"files": len(FILES), "faults": []}
        assert {file: functions.outcomes[file] for file in FILES} == {file: ["left to Spark"] for file in FILES}
        on_spark = receipts(app, name)
    home = Settings(home=tmp_path / "home", project="", samples=False, threads=1)
    with closing(build_home(home)) as local:
        COMMANDS["backfill"](local, quiet, paths=[str(folder)], contract=CONTRACT)
        assert on_spark == receipts(local)
    rows = [receipt["rows"] for receipt in on_spark.values()]
    assert {outcome for each in rows for outcome, count in each.items() if count} >= {"new", "corrected", "quarantined"}
    assert on_spark["01.csv"]["holds"] == []


def test_what_spark_could_not_stage_is_left_to_the_functions(started: Project) -> None:
    def fail(tasks: Sequence[FileTask]) -> list[FileOutcome]:
        outcomes = started.stage(tasks[1:])
        return [FileOutcome(0, fault="MemoryError"), *(replace(one, place=one.place + 1) for one in outcomes)]

    spark = started.run(fail)
    assert (spark.files, len(spark.faults)) == (2, 1)
    assert started.states() == ["settled"] * 3
    assert sorted(started.functions.outcomes.values()) == [
        ["left to Spark"],
        ["left to Spark"],
        ["left to Spark", "staged"],
    ]


@pytest.mark.long
def test_a_job_that_fails_leaves_every_file_to_the_functions(started: Project) -> None:
    def fail(tasks: Sequence[FileTask]) -> list[FileOutcome]:
        raise Unavailable("Spark failed: no executors.")

    spark = started.run(fail)
    assert (spark.files, spark.faults) == (0, ["Spark failed: no executors."])
    assert started.states() == ["settled"] * 3


@pytest.mark.long
def test_a_command_that_is_killed_continues_when_its_lease_has_ended(started: Project) -> None:
    def die(tasks: Sequence[FileTask]) -> list[FileOutcome]:
        started.stage(tasks)
        raise Killed

    with pytest.MonkeyPatch.context() as patch:  # nothing is released by a process that is killed
        patch.setattr(StagingLease, "release", lambda _: None)
        with pytest.raises(Killed):
            started.run(die)
    assert started.states() == ["staging"] * 3
    with pytest.raises(Rejected, match="is running on Spark"):
        started.run(started.stage)
    for batch in batch_records.find_batches(started.app.ports, state=BatchState.STAGING):
        assert stage_batch(started.app, {"batch_id": batch.batch_id})["outcome"] == "left to Spark"
    started.clock.late += LEASED_FOR.total_seconds() + 1
    one, *_ = batch_records.find_batches(started.app.ports, state=BatchState.STAGING)
    assert stage_batch(started.app, {"batch_id": one.batch_id})["outcome"] == "staged", "as after the next sweep"
    assert started.run(started.stage).files == 2
    assert started.states() == ["settled"] * 3


@pytest.mark.long
def test_a_file_that_is_staged_twice_counts_once(started: Project) -> None:
    """The command was stopped for so long that its lease ended, and functions staged its files meanwhile."""

    def late(tasks: Sequence[FileTask]) -> list[FileOutcome]:
        outcomes = started.stage(tasks)
        started.clock.late += LEASED_FOR.total_seconds() + 1
        for task in tasks:
            assert stage_batch(started.app, {"batch_id": task.upload.batch_id})["outcome"] == "staged"
        started.functions.turn()
        return outcomes

    started.run(late)
    settled = list(run_history.batches_in_state(started.app.ports, started.name, BatchState.SETTLED))
    shown = receipts(started.app, started.name)
    assert (len(settled), [receipt["rows"]["new"] for receipt in shown.values()]) == (3, [1, 1, 1])
