"""Take in history once: backfills on the command line."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import Any

from tillstream.app import App
from tillstream.app.source_access import source_access
from tillstream.commands.arguments import NoArguments
from tillstream.commands.result import DONE, FAILED, HELD, Progress, Result
from tillstream.commands.run_batch import BY_URGENCY, COMMAND_LINE
from tillstream.commands.sources import on_spark
from tillstream.commands.sources.brought import WRONG, exit_code_of, held_groups, idle_times, unsettled
from tillstream.commands.sources.connectors import settle
from tillstream.commands.sources.on_spark import Spark
from tillstream.connectors import backfills, records, runs
from tillstream.connectors import state as connectors_state
from tillstream.connectors.backfills import Backfill
from tillstream.model.batch import STATES_BEFORE_LEDGER, STATES_IN_LEDGER, BatchState
from tillstream.model.errors import Rejected, TillstreamError, Unavailable
from tillstream.review import undo
from tillstream.spark.staging_lease import StagingLease

POLL_SECONDS = 2.0
RECORDED = timedelta(minutes=10)
"""Longest wait for the next record of a copied object, which its event creates."""
PATIENCE = timedelta(hours=3)
"""Longest wait for the next file to be settled: one of 8 GB takes the job `settle-large` up to two and a half hours."""
FAILED_STATES = (BatchState.REJECTED, BatchState.FAILED, BatchState.HELD)
MOST_NAMED = 100


@dataclass(frozen=True, kw_only=True)
class RunBackfills:
    """paths: folders or addresses. settings: name of a setting of the kind → its value. dry: store nothing.

    job: leave them to the schedule of the server, or to the job of a project. engine: what stages the files, one of
    `on_spark.ENGINES`. master: of a Spark cluster; empty: this machine. subnet: of batches of Dataproc; empty: that
    of the network `default`.
    """

    paths: Sequence[str]
    contract: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    dry: bool = False
    job: bool = False
    engine: str = on_spark.LOCAL
    master: str = ""
    subnet: str = ""


@dataclass(frozen=True, kw_only=True)
class OfBackfill:
    """name: of the backfill."""

    name: str


class Waiting:
    """The pace of a backfill in this process: it settles each part, or waits until the worker or the project has."""

    def __init__(self, app: App, name: str, progress: Progress, spark: Spark | None = None) -> None:
        self._app = app
        self._spark = spark
        self._lease = spark.lease(name) if spark else None
        self._name = name
        self._progress = progress
        self.part = spark.part if spark else runs.PART_SIZE

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
            settle(app)
            return
        if self._spark and self._lease:
            self._stage(self._spark, self._lease, beat)
        self._wait(lambda: (self._unrecorded(), *unsettled(app.ports, self._name)), beat)
        if self._lease:
            self._lease.hold()

    def _stage(self, spark: Spark, lease: StagingLease, beat: Callable[[], None]) -> None:
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

    def _leave_rest(self, spark: Spark, lease: StagingLease) -> None:
        lease.release()
        spark.leave_rest(self._name)

    def _wait(self, left: Callable[[], tuple[int, ...]], beat: Callable[[], None]) -> None:
        """Wait until all counts of `left` are 0. Raises `Unavailable` if none of them changes for long."""
        for idle in idle_times(self._app.ports.clock, left, POLL_SECONDS):
            beat()
            if idle > RECORDED and (missing := self._unrecorded()):
                raise Unavailable(
                    f"{missing:,} of the copied files have no batch. The events of new objects in the bucket inbox, or "
                    "the sweep, create it: see the page of the pipeline, then run the same command."
                )
            if idle > PATIENCE:
                raise Unavailable("The files that were taken in are not settled. See the page of the pipeline.")

    def _unrecorded(self) -> int:
        return backfills.unrecorded_keys(self._app.ports, self._name)


def run(app: App, progress: Progress, arguments: RunBackfills) -> Result:
    """Take in each path, or plan it with `dry`; one that fails does not stop the others."""
    results, code = [], DONE
    engine = on_spark.LOCAL if arguments.dry else arguments.engine
    with on_spark.opened(app, engine, arguments.master, arguments.subnet, job=arguments.job) as spark:
        for path in arguments.paths:
            try:
                backfill = backfills.connector_of_backfill(path, arguments.contract, arguments.settings)
                result, its_code = _run(app, progress, backfill, arguments, spark)
            except TillstreamError as error:
                result, its_code = {"path": path, "error": str(error)}, FAILED
            results.append(result)
            code = next((one for one in BY_URGENCY if one in (code, its_code)), DONE)
    return Result(results[0] if len(results) == 1 else results, code)


def _run(
    app: App, progress: Progress, backfill: Backfill, arguments: RunBackfills, spark: Spark | None
) -> tuple[dict[str, Any], int]:
    """The result of a path and its exit code."""
    access = source_access(app)
    if arguments.dry:
        return asdict(backfills.plan_backfill(app.ports, app.contracts, access, backfill)), DONE
    if arguments.job:
        backfills.request_backfill(app.ports, app.contracts, access, backfill, COMMAND_LINE)
        shown = _shown(app, backfill.name)
        return {"path": backfill.path, **shown}, _code(shown)
    pace = Waiting(app, backfill.name, progress, spark)
    with pace.lease():
        ended = backfills.run_backfill(app.ports, app.contracts, access, backfill, COMMAND_LINE, pace)
        pace.settle(lambda: None)  # also what an interrupted run has left
    on = {"spark": spark.described()} if spark else {}
    shown = _shown(app, backfill.name)
    code = _code(shown) or exit_code_of(app.ports, ended)
    return {"path": backfill.path, **shown, "run": asdict(ended), **on}, code


def _code(shown: Mapping[str, Any]) -> int:
    if shown["error"] or shown["batches"].keys() & WRONG:
        return FAILED
    return HELD if shown["held"] else DONE


def listed(app: App, progress: Progress, arguments: NoArguments) -> Result:
    return Result([_shown(app, one.name) for one in backfills.find_backfills(app.ports)])


def show(app: App, progress: Progress, arguments: OfBackfill) -> Result:
    """A backfill with its last run, and the batches that need a person."""
    backfills.get_backfill(app.ports, arguments.name)
    last = runs.latest_runs(app.ports, arguments.name, limit=1)
    needing = [
        {"batch_id": batch.batch_id, "file": batch.file, "state": batch.state.value, "error": batch.error}
        for batch in runs.batches_in_state(app.ports, arguments.name, *FAILED_STATES)
    ]
    return Result(
        _shown(app, arguments.name) | {"run": asdict(last[0]) if last else None, "needing": needing[:MOST_NAMED]}
    )


def undo_all(app: App, progress: Progress, arguments: OfBackfill) -> Result:
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
        runs.batches_in_state(app.ports, arguments.name, *STATES_IN_LEDGER), key=lambda batch: -batch.received_seq
    )
    undone, requested, failed = list[str](), list[str](), list[str]()
    for batch in settled:
        try:
            result = undo.undo_batch(app.ports, batch.batch_id, COMMAND_LINE)
            (requested if result.get("requested") else undone).append(batch.batch_id)
        except TillstreamError as error:
            failed.append(f"{batch.file}: {error}")
        progress("files")
    if left := runs.count_batches(app.ports, name, *STATES_BEFORE_LEDGER) + backfills.unrecorded_keys(app.ports, name):
        failed.append(f"Files that are not settled yet: {left:,}. Undo the backfill again when they are.")
    data = {"name": name, "undone": undone, "requested": requested, "failed": failed}
    return Result(data, FAILED if failed else DONE)


def _shown(app: App, name: str) -> dict[str, Any]:
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
