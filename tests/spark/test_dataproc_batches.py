"""A backfill on Dataproc Serverless: the real gcloud, a stand-in of its API, and the program of the batch on Spark."""

import os
import shutil
import subprocess
import sysconfig
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from dataproc_server import Dataproc, serving
from emulator_fixtures import require
from spark_command import ROOT
from spark_project import CONTRACT, Killed, Project, bucket, receipts, settings, started

from tillstream.app.batch_program import staging_batch
from tillstream.commands.registry import COMMANDS
from tillstream.commands.result import quiet
from tillstream.model import errors
from tillstream.model.events import STAGING
from tillstream.spark import dataproc_batches
from tillstream.spark.dataproc_batches import DataprocPlace, run_batch
from tillstream.spark.file_tasks import FileOutcome, FileTask

__all__ = ["bucket", "settings", "started"]
pytestmark = pytest.mark.timeout(900)  # Spark starts slowly where others use the cores
SUBNET = "jobs"
PROGRAM = Path(staging_batch.__file__)


@pytest.fixture
def service(spark_python: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Dataproc]:
    """Batches run the program of the image with spark-submit, as Dataproc does."""
    require("" if shutil.which("gcloud") else "gcloud is not on this machine")
    paths = os.pathsep.join((str(ROOT), sysconfig.get_path("purelib")))
    environment = {"PYTHONPATH": paths, "PYSPARK_PYTHON": str(spark_python), "SPARK_LOCAL_IP": "127.0.0.1"}
    environment["PATH"] = os.pathsep.join((str(spark_python.parent), os.environ["PATH"]))

    def start(arguments: list[str]) -> "subprocess.Popen[str]":
        command = [spark_python.parent / "spark-submit", "--master", "local[2]", PROGRAM, *arguments]
        with (tmp_path / "spark.log").open("w") as log:
            return subprocess.Popen(
                command, env=os.environ | environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, text=True
            )

    dataproc_api = Dataproc(start)
    (tmp_path / "token").write_text("a token", encoding="utf-8")
    with serving(dataproc_api) as port:
        for name, value in {
            "CONFIG": str(tmp_path / "gcloud"),
            "AUTH_ACCESS_TOKEN_FILE": str(tmp_path / "token"),
            "CORE_DISABLE_USAGE_REPORTING": "1",
            "COMPONENT_MANAGER_DISABLE_UPDATE_CHECK": "1",
            "API_ENDPOINT_OVERRIDES_DATAPROC": f"http://127.0.0.1:{port}/",
        }.items():
            monkeypatch.setenv(f"CLOUDSDK_{name}", value)
        yield dataproc_api


def on_dataproc(project: Project, beat: Callable[[], None]) -> Callable[[Sequence[FileTask]], list[FileOutcome]]:
    settings = project.app.settings
    place = DataprocPlace(settings.project, settings.location, dict(settings.buckets), SUBNET)
    return lambda tasks: run_batch(place, project.app.ports.objects, project.clock, tasks, beat)


@pytest.mark.long
def test_a_batch_of_dataproc_stages_the_files(service: Dataproc, started: Project, tmp_path: Path) -> None:
    options = {"paths": [started.path], "contract": CONTRACT, "engine": "dataproc", "subnet": SUBNET}
    result = COMMANDS["backfill"](started.app, quiet, **options).data
    assert result["spark"] == {"files": 3, "faults": []}, (tmp_path / "spark.log").read_text(encoding="utf-8")[-3_000:]
    assert started.states() == ["settled"] * 3
    assert all(outcomes == ["left to Spark"] for outcomes in started.functions.outcomes.values())
    assert [receipt["rows"]["new"] for receipt in receipts(started.app, started.name).values()] == [1] * 3
    check_submitted(service, started)


def check_submitted(service: Dataproc, started: Project) -> None:
    """The one batch that gcloud sent is that of the image, its program, and its service account."""
    ((name, batch),) = service.submitted.items()
    project, buckets = started.app.settings.project, started.app.settings.buckets
    assert batch["runtimeConfig"]["version"] == "3.0"
    assert batch["runtimeConfig"]["containerImage"].endswith(f"/{project}/tillstream/spark:latest")
    execution = batch["environmentConfig"]["executionConfig"]
    assert execution["serviceAccount"] == f"tillstream-spark@{project}.iam.gserviceaccount.com"
    assert (execution["subnetworkUri"], execution["stagingBucket"]) == (SUBNET, buckets[STAGING])
    assert batch["pysparkBatch"]["mainPythonFileUri"].endswith(f"/packages/{PROGRAM.relative_to(ROOT)}")
    assert batch["pysparkBatch"]["args"][-1] == f"spark/{name}"


@pytest.mark.long
def test_a_command_that_was_killed_waits_for_the_batch_that_it_had_submitted(
    service: Dataproc, started: Project
) -> None:
    def die() -> None:
        raise Killed

    with pytest.raises(Killed):
        started.run(on_dataproc(started, beat=die))
    assert started.states() == ["staging"] * 3
    spark = started.run(on_dataproc(started, beat=lambda: None))
    assert (spark.files, spark.faults, len(service.submitted)) == (3, [], 1)
    assert started.states() == ["settled"] * 3


def test_the_files_of_a_batch_that_fails_are_left_to_the_functions(service: Dataproc, started: Project) -> None:
    service.start = lambda _: subprocess.Popen(["false"], text=True)
    spark = started.run(on_dataproc(started, beat=lambda: None))
    (fault,) = spark.faults
    assert fault.endswith("of Dataproc is FAILED: it ended with 1")
    check_submitted(service, started)
    assert started.states() == ["settled"] * 3


@pytest.mark.long
def test_after_batches_that_failed_another_one_is_submitted(
    service: Dataproc, started: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    task_names = []

    def submit_twice(tasks: Sequence[FileTask]) -> list[FileOutcome]:
        run = on_dataproc(started, beat=lambda: None)
        for _ in range(2):
            with pytest.raises(errors.Unavailable):
                run(tasks)
        task_names.extend(service.submitted)
        with pytest.raises(errors.Unavailable, match="failed with the same files"):
            run(tasks)
        return started.stage(tasks)

    monkeypatch.setattr(dataproc_batches, "MAX_TRIES", 2)
    service.start = lambda _: subprocess.Popen(["false"], text=True)
    assert started.run(submit_twice).files == 3
    assert [name.rpartition("-")[2] for name in task_names] == ["0", "1"]
