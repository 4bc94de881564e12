"""The pace of a backfill: its files are staged in this process or on Spark, and settled part by part."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

from tillstream import gcloud
from tillstream.app import App
from tillstream.app.home_objects import objects_opener
from tillstream.commands.connectors import (
    count_unsettled,
    idle_times,
    settle_brought,
)
from tillstream.commands.result import Progress
from tillstream.connectors import backfills, run_history
from tillstream.connectors import state as connectors_state
from tillstream.connectors.run_history import LARGE_PART, PART_SIZE, PartSize
from tillstream.model.batch import Batch, BatchState
from tillstream.model.errors import Rejected, Unavailable
from tillstream.records import batch_records
from tillstream.spark import file_tasks
from tillstream.spark.dataproc_batches import DataprocPlace, run_batch
from tillstream.spark.file_tasks import FileOutcome, FileTask
from tillstream.spark.spark_session import SparkProcess
from tillstream.spark.staged_files import stage_files
from tillstream.spark.staging_lease import StagingLease

ENGINES = LOCAL, SPARK, DATAPROC = ("local", "spark", "dataproc")
STAGED_ON_SPARK = (BatchState.RECEIVED, BatchState.STAGING, BatchState.FAILED)
"""In the order in which an interrupted staging is resumed."""
Beat = Callable[[], None]
RunTasks = Callable[[Sequence[FileTask], Beat], Sequence[FileOutcome]]
"""Runs tasks on Spark; it calls the beat until they have ended. Raises `Unavailable`."""

POLL_SECONDS = 2.0
RECORD_PATIENCE = timedelta(minutes=10)
"""Longest wait for the next record of a copied object, which its event creates."""
PATIENCE = timedelta(hours=3)
"""Longest wait for the next file to be settled: one of 8 GB takes the job `settle-large` up to two and a half hours."""


@dataclass
class SparkStaging:
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
        in_order = sorted(waiting.values(), key=lambda one: (STAGED_ON_SPARK.index(one.state), -one.received_seq))
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

    def _waiting(self, name: str) -> Iterator[Batch]:
        return run_history.batches_in_state(self.app.ports, name, *STAGED_ON_SPARK)


@contextmanager
def open_spark(
    app: App, engine: str, master: str = "", subnet: str = "", *, job: bool = False
) -> Iterator[SparkStaging | None]:
    """Start Spark for the engine `spark`; None for the engine `local`.

    Raises `Rejected` if Spark or gcloud is not installed, or if another process stages the files.
    """
    _check_engine(app, engine, master, subnet, job=job)
    if engine == LOCAL:
        yield None
    elif engine == DATAPROC:
        place = DataprocPlace(app.settings.project, app.settings.location, dict(app.settings.buckets), subnet)
        yield SparkStaging(app, partial(run_batch, place, app.ports.objects, app.ports.clock), LARGE_PART)
    else:
        with SparkProcess(master) as process:
            yield SparkStaging(app, partial(_run_tasks, process, objects_opener(app.settings)))


def _check_engine(app: App, engine: str, master: str, subnet: str, *, job: bool) -> None:
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


def _run_tasks(process: SparkProcess, open_objects: Callable[[], Any], tasks: Sequence[FileTask], beat: Beat) -> Any:
    return process.call(file_tasks.stage_in_session, tasks, open_objects, beat=beat)


class BackfillPace:
    """The pace of a backfill in this process: it settles each part, or waits until the worker or the project has."""

    def __init__(self, app: App, name: str, progress: Progress, spark: SparkStaging | None = None) -> None:
        self._app = app
        self._spark = spark
        self._lease = spark.lease(name) if spark else None
        self._name = name
        self._progress = progress
        self.part = spark.part if spark else run_history.PART_SIZE

    @contextmanager
    def lease(self) -> Iterator[None]:
        """With Spark, hold the lease of the files in a project, and first settle what an interrupted command has left.

        That is staged before another part is taken in, so that it is found as the same job. Raises `Rejected` if
        another process holds the lease.
        """
        with self._lease.held() if self._lease else nullcontext():
            if self._spark and not connectors_state.connector_status(self._app.ports, self._name).is_running:
                self.settle(lambda: None)
            yield

    def taken(self, size: int) -> None:
        if self._lease:
            self._lease.hold()
        self._progress("bytes", size)
        self._progress("files")

    def settle(self, beat: Callable[[], None]) -> None:
        app = self._app
        if not (app.has_worker or app.settings.project):
            if self._spark:
                self._spark.stage(self._name, beat)
            settle_brought(app)
            return
        if self._spark and self._lease:
            self._stage(self._spark, self._lease, beat)
        self._wait(lambda: (self._unrecorded(), *count_unsettled(app.ports, self._name)), beat)
        if self._lease:
            self._lease.hold()

    def _stage(self, spark: SparkStaging, lease: StagingLease, beat: Callable[[], None]) -> None:
        """In a project: wait for the records of the copies, stage them, and leave the rest to functions."""

        def both() -> None:
            beat()
            lease.hold()

        self._wait(lambda: (self._unrecorded(),), both)
        try:
            spark.stage(self._name, both)
        except Exception:  # not an interruption, after which the same command continues
            self._leave_rest(spark, lease)
            raise
        self._leave_rest(spark, lease)

    def _leave_rest(self, spark: SparkStaging, lease: StagingLease) -> None:
        lease.release()
        spark.leave_rest(self._name)

    def _wait(self, left: Callable[[], tuple[int, ...]], beat: Callable[[], None]) -> None:
        """Wait until all counts of `left` are 0. Raises `Unavailable` if none of them changes for long."""
        for idle in idle_times(self._app.ports.clock, left, POLL_SECONDS):
            beat()
            if idle > RECORD_PATIENCE and (missing := self._unrecorded()):
                raise Unavailable(
                    f"{missing:,} of the copied files have no batch. The events of new objects in the bucket inbox, or "
                    "the sweep, create it: see the page of the pipeline, then run the same command."
                )
            if idle > PATIENCE:
                raise Unavailable("The files that were taken in are not settled. See the page of the pipeline.")

    def _unrecorded(self) -> int:
        return backfills.unrecorded_keys(self._app.ports, self._name)
