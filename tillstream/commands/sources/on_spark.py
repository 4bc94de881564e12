"""The engines spark and dataproc of backfills: their files are staged on Spark, and settled like any other."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from tillstream import gcloud
from tillstream.app import App
from tillstream.app.home_objects import opener
from tillstream.connectors import runs
from tillstream.connectors.runs import LARGE_PART, PART_SIZE, PartSize
from tillstream.model.batch import Batch, BatchState
from tillstream.model.errors import Rejected, Unavailable
from tillstream.records import batch_records
from tillstream.spark import file_job
from tillstream.spark.dataproc import Place, run_batch
from tillstream.spark.file_tasks import FileTask, Outcome
from tillstream.spark.process import SparkProcess
from tillstream.spark.staging import stage_files
from tillstream.spark.staging_lease import StagingLease

ENGINES = LOCAL, SPARK, DATAPROC = ("local", "spark", "dataproc")
STATES = (BatchState.RECEIVED, BatchState.STAGING, BatchState.FAILED)
"""In the order in which an interrupted staging is resumed."""
Beat = Callable[[], None]
RunTasks = Callable[[Sequence[FileTask], Beat], Sequence[Outcome]]
"""Runs tasks on Spark; it calls the beat until they have ended. Raises `Unavailable`."""


@dataclass
class Spark:
    """Stages what a backfill has taken in, and counts it."""

    app: App
    run: RunTasks
    part: PartSize = PART_SIZE
    files: int = 0
    faults: list[str] = field(default_factory=list)

    def stage(self, name: str, beat: Beat) -> None:
        """Stage what waits of the backfill `name`. What Spark fails with is left to this process or the project.

        Raises what `beat` raises, and `Rejected` if Spark cannot run at all.
        """
        waiting = {batch.batch_id: batch for batch in self._waiting(name)}
        in_order = sorted(waiting.values(), key=lambda one: (STATES.index(one.state), -one.received_seq))
        try:
            staged = stage_files(
                self.app.ports, self.app.contracts, in_order, lambda tasks: self.run(tasks, beat), beat
            )
        except Unavailable as error:
            self.faults.append(str(error))
            return
        self.files += staged.files
        self.faults += staged.faults

    def leave_rest(self, name: str) -> None:
        """Let the functions of the project stage what Spark did not; the lease must have ended."""
        for batch in self._waiting(name):
            batch_records.publish_received(self.app.ports, batch)

    def lease(self, name: str) -> StagingLease:
        return StagingLease(self.app.ports, name)

    def described(self) -> dict[str, Any]:
        return {"files": self.files, "faults": self.faults}

    def _waiting(self, name: str) -> Iterator[Batch]:
        return runs.batches_in_state(self.app.ports, name, *STATES)


@contextmanager
def opened(app: App, engine: str, master: str = "", subnet: str = "", *, job: bool = False) -> Iterator[Spark | None]:
    """Start Spark for the engine `spark`; None for the engine `local`.

    Raises `Rejected` if Spark or gcloud is not installed, or if another process stages the files.
    """
    _check(app, engine, master, subnet, job=job)
    if engine == LOCAL:
        yield None
    elif engine == DATAPROC:
        place = Place(app.settings.project, app.settings.location, dict(app.settings.buckets), subnet)
        yield Spark(app, partial(run_batch, place, app.ports.objects, app.ports.clock), LARGE_PART)
    else:
        with SparkProcess(master) as process:
            yield Spark(app, partial(_run, process, opener(app.settings)))


def _check(app: App, engine: str, master: str, subnet: str, *, job: bool) -> None:
    if engine not in ENGINES:
        raise Rejected(f"There is no engine {engine}. The engines are {', '.join(ENGINES)}.")
    if master and engine != SPARK:
        raise Rejected("A master belongs to the engine spark: add --engine spark.")
    if subnet and engine != DATAPROC:
        raise Rejected("A subnet belongs to the engine dataproc: add --engine dataproc.")
    if engine == LOCAL:
        return
    if job:
        raise Rejected(f"With --job, the server stages the files. Leave out --job or --engine {engine}.")
    if engine == DATAPROC and not app.settings.project:
        raise Rejected("The engine dataproc belongs to a project: set TILLSTREAM_PROJECT, or use --engine spark.")
    if engine == DATAPROC:
        gcloud.program()
    if app.has_worker:
        raise Rejected("The server of this home stages its files. Stop the server, then run the same command again.")


def _run(process: SparkProcess, open_objects: Callable[[], Any], tasks: Sequence[FileTask], beat: Beat) -> Any:
    return process.call(file_job.run, tasks, open_objects, beat=beat)
