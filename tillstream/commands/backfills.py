"""Take in history once, in this process or with its files staged on Spark."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

from tillstream import gcloud
from tillstream.app import App
from tillstream.app.home_objects import objects_opener
from tillstream.app.source_access import source_access
from tillstream.commands.arguments import NoArguments
from tillstream.commands.connectors import (
    REFUSED_STATES,
    count_unsettled,
    exit_code_of_run,
    held_groups,
    idle_times,
    settle_brought,
)
from tillstream.commands.result import COMMAND_LINE, DONE, FAILED, HELD, Progress, Result
from tillstream.commands.run_batch import BY_URGENCY
from tillstream.connectors import backfills, records, run_history
from tillstream.connectors import state as connectors_state
from tillstream.connectors.backfills import Backfill
from tillstream.connectors.run_history import LARGE_PART, PART_SIZE, PartSize
from tillstream.model.batch import STATES_BEFORE_LEDGER, STATES_IN_LEDGER, Batch, BatchState
from tillstream.model.errors import Rejected, TillstreamError, Unavailable
from tillstream.records import batch_records
from tillstream.review import undo
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

    def described(self) -> dict[str, Any]:
        return {"files": self.files, "faults": self.faults}

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


POLL_SECONDS = 2.0
RECORD_PATIENCE = timedelta(minutes=10)
"""Longest wait for the next record of a copied object, which its event creates."""
PATIENCE = timedelta(hours=3)
"""Longest wait for the next file to be settled: one of 8 GB takes the job `settle-large` up to two and a half hours."""
FAILED_STATES = (BatchState.REJECTED, BatchState.FAILED, BatchState.HELD)
MAX_NAMED_BATCHES = 100


@dataclass(frozen=True, kw_only=True)
class RunBackfills:
    """paths: folders or addresses. settings: name of a setting of the kind → its value. dry: store nothing.

    job: leave them to the schedule of the server, or to the job of a project. engine: what stages the files, one of
    `ENGINES`. master: of a Spark cluster; empty: this machine. subnet: of batches of Dataproc; empty: that
    of the network `default`.
    """

    paths: Sequence[str]
    contract: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    dry: bool = False
    job: bool = False
    engine: str = LOCAL
    master: str = ""
    subnet: str = ""


@dataclass(frozen=True, kw_only=True)
class OfBackfill:
    """name: of the backfill."""

    name: str


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


def run_backfills(app: App, progress: Progress, arguments: RunBackfills) -> Result:
    """Take in each path, or plan it with `dry`; one that fails does not stop the others."""
    results, code = [], DONE
    engine = LOCAL if arguments.dry else arguments.engine
    with open_spark(app, engine, arguments.master, arguments.subnet, job=arguments.job) as spark:
        for path in arguments.paths:
            try:
                backfill = backfills.connector_of_backfill(path, arguments.contract, arguments.settings)
                result, its_code = _run_backfill(app, progress, backfill, arguments, spark)
            except TillstreamError as error:
                result, its_code = {"path": path, "error": str(error)}, FAILED
            results.append(result)
            code = next((one for one in BY_URGENCY if one in (code, its_code)), DONE)
    return Result(results[0] if len(results) == 1 else results, code)


def _run_backfill(
    app: App, progress: Progress, backfill: Backfill, arguments: RunBackfills, spark: SparkStaging | None
) -> tuple[dict[str, Any], int]:
    """The result of a path and its exit code."""
    access = source_access(app)
    if arguments.dry:
        return asdict(backfills.plan_backfill(app.ports, app.contracts, access, backfill)), DONE
    if arguments.job:
        backfills.request_backfill(app.ports, app.contracts, access, backfill, COMMAND_LINE)
        shown = _backfill_row(app, backfill.name)
        return {"path": backfill.path, **shown}, _exit_code(shown)
    pace = BackfillPace(app, backfill.name, progress, spark)
    with pace.lease():
        ended = backfills.run_backfill(app.ports, app.contracts, access, backfill, COMMAND_LINE, pace)
        pace.settle(lambda: None)  # also what an interrupted run has left
    on = {"spark": spark.described()} if spark else {}
    shown = _backfill_row(app, backfill.name)
    code = _exit_code(shown) or exit_code_of_run(app.ports, ended)
    return {"path": backfill.path, **shown, "run": asdict(ended), **on}, code


def _exit_code(shown: Mapping[str, Any]) -> int:
    if shown["error"] or shown["batches"].keys() & REFUSED_STATES:
        return FAILED
    return HELD if shown["held"] else DONE


def list_backfills(app: App, progress: Progress, arguments: NoArguments) -> Result:
    return Result([_backfill_row(app, one.name) for one in backfills.find_backfills(app.ports)])


def show_backfill(app: App, progress: Progress, arguments: OfBackfill) -> Result:
    """A backfill with its last run, and the batches that need a person."""
    backfills.get_backfill(app.ports, arguments.name)
    last = run_history.latest_runs(app.ports, arguments.name, limit=1)
    needing = [
        {"batch_id": batch.batch_id, "file": batch.file, "state": batch.state.value, "error": batch.error}
        for batch in run_history.batches_in_state(app.ports, arguments.name, *FAILED_STATES)
    ]
    return Result(
        _backfill_row(app, arguments.name)
        | {"run": asdict(last[0]) if last else None, "needing": needing[:MAX_NAMED_BATCHES]}
    )


def undo_backfill(app: App, progress: Progress, arguments: OfBackfill) -> Result:
    """Undo each batch of a backfill, newest first; one that cannot be undone does not stop the others.

    The schedule does not continue it. Raises `Rejected` if it is running.
    """
    name = arguments.name
    connector = backfills.get_backfill(app.ports, name)
    if connectors_state.connector_status(app.ports, name).is_running:
        raise Rejected(f"{name} is running. Stop it with `tillstream connect pause {name}`, and undo it when it ended.")
    if not connector.is_paused:
        records.pause_connector(app.ports, name, COMMAND_LINE, is_paused=True)
    settled = sorted(
        run_history.batches_in_state(app.ports, arguments.name, *STATES_IN_LEDGER),
        key=lambda batch: -batch.received_seq,
    )
    undone, requested, failed = list[str](), list[str](), list[str]()
    for batch in settled:
        try:
            result = undo.undo_batch(app.ports, batch.batch_id, COMMAND_LINE)
            (requested if result.get("requested") else undone).append(batch.batch_id)
        except TillstreamError as error:
            failed.append(f"{batch.file}: {error}")
        progress("files")
    if left := run_history.count_batches(app.ports, name, *STATES_BEFORE_LEDGER) + backfills.unrecorded_keys(
        app.ports, name
    ):
        failed.append(f"Files that are not settled yet: {left:,}. Undo the backfill again when they are.")
    data = {"name": name, "undone": undone, "requested": requested, "failed": failed}
    return Result(data, FAILED if failed else DONE)


def _backfill_row(app: App, name: str) -> dict[str, Any]:
    """A backfill for people: its source, how far it is, and the states of its batches."""
    connector, state = backfills.get_backfill(app.ports, name), connectors_state.connector_status(app.ports, name)
    return {
        "name": name,
        "kind": connector.kind,
        "contract": connector.contract,
        "settings": dict(connector.settings),
        "is_running": state.is_running,
        "is_complete": bool(state.last_complete_at) and not state.failures and not state.behind,
        "left": state.behind,
        "error": state.error,
        "batches": backfills.backfill_counts(app.ports, name),
        "held": held_groups(app.ports, name),
    }
