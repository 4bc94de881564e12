"""`tillstream backfill …`: history is taken in once, in this process or with its files staged on Spark."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, TypedDict, cast

from tillstream.commands.connectors import REFUSED_STATES, HeldGroup, RunRow, exit_code_of_run, held_groups, show_held
from tillstream.commands.declaration import AnyPath, Group, Option, Terminal, show_answer
from tillstream.commands.printing import count_words, echo, show_each
from tillstream.commands.result import COMMAND_LINE, DONE, FAILED, HELD, Progress, Result
from tillstream.model.batch import STATES_BEFORE_LEDGER, STATES_IN_LEDGER, BatchState
from tillstream.model.document_json import JsonObject
from tillstream.model.errors import Rejected, TillstreamError

if TYPE_CHECKING:
    from tillstream.app import App
    from tillstream.commands.backfill_pace import SparkStaging
    from tillstream.connectors.backfills import Backfill

backfill = Group(
    "backfill", "Take in history once: `tillstream backfill gs://BUCKET/PREFIX --region CONTRACT`.", default="run"
)

MAX_LISTED_LINES = 20
FAILED_STATES = (BatchState.REJECTED, BatchState.FAILED, BatchState.HELD)
MAX_NAMED_BATCHES = 100

show_backfills = show_each(lambda backfill: echo(_backfill_line(backfill)), "There are no backfills.")


class SparkRow(TypedDict):
    files: int
    faults: list[str]


class BackfillRow(TypedDict):
    """A backfill for people: its source, how far it is, and the states of its batches."""

    name: str
    kind: str
    contract: str
    settings: dict[str, str]
    is_running: bool
    is_complete: bool
    left: int | None
    error: str
    batches: dict[str, int]
    held: list[HeldGroup]


class BackfillAnswer(BackfillRow, total=False):
    """run: what this run did. spark: what Spark did for it. needing: the files that need a person."""

    path: str
    run: RunRow
    spark: SparkRow
    needing: list[dict[str, str]]


def show_backfill_results(results: JsonObject | list[JsonObject]) -> None:
    """One result for each path: a plan, a run, or an error."""
    for result in results if isinstance(results, list) else [results]:
        if "files" in result:
            show_answer(_show_plan, result)
        elif "name" in result:
            show_backfill_status(cast("BackfillAnswer", result))
        else:
            echo(f"{result['path']}: {result['error']}")


def show_backfill_status(backfill: BackfillAnswer) -> None:
    echo(_backfill_line(backfill))
    run = backfill.get("run")
    if run:
        echo(f"  last run: {run['outcome']}, {_files(run['items'])}, {run['bytes']:,} bytes")
        _show_some(run["refused"], "files that cannot be read")
        _show_some(run["notes"], "notes")
    if spark := backfill.get("spark"):
        echo(f"  on Spark: {_files(spark['files'])}")
        _show_some(spark["faults"], "what Spark could not stage, and this process staged")
    _show_some(
        [
            f"{one['file']} · {one['state']} · batch {one['batch_id']} {one['error']}"
            for one in backfill.get("needing", [])
            if one["state"] != BatchState.HELD
        ],
        "files that need you",
    )
    show_held(backfill["held"])
    if run and not backfill["is_complete"]:
        echo("  The same command continues.")


def show_backfill_undo(*, name: str, batches: dict[str, int]) -> None:
    echo(f"{_files(_counts(batches)['settled'])} of {name} would be undone.")


def show_undone_backfill(*, undone: list[str], name: str, requested: list[str], failed: list[str]) -> None:
    echo(f"{_files(len(undone))} of {name} undone.")
    if requested:
        echo(f"  {_files(len(requested))} left to the job settle-large, which undoes them.")
    _show_some(failed, "files that cannot be undone")


def _show_plan(
    *, path: str, files: int, bytes: int, name: str, first: str, last: str, taken: int, problems: list[str]
) -> None:
    echo(f"{path}: {_files(files)}, {bytes:,} bytes to take in as {name}")
    if first:
        echo(f"  from {first} to {last}")
    if taken:
        echo(f"  {_files(taken)} taken in before")
    for problem in problems:
        echo(f"  {problem}")


def _backfill_line(backfill: BackfillRow) -> str:
    state = "running" if backfill["is_running"] else "complete" if backfill["is_complete"] else "not complete"
    left = f"{backfill['left']:,} left" if backfill["left"] else ""
    states = ", ".join(f"{count:,} {name}" for name, count in _counts(backfill["batches"]).items())
    return " · ".join(filter(None, (backfill["name"], state, left, states, backfill["error"])))


def _counts(batches: Mapping[str, int]) -> Counter[str]:
    """State → number of files. Files whose changes are published count as settled."""
    counts = Counter[str]()
    for name, count in batches.items():
        counts["settled" if name == BatchState.ANNOUNCED else name] += count
    return counts


def _files(count: int) -> str:
    return count_words(count, "file", "files")


def _show_some(lines: list[str], what: str) -> None:
    """The first lines under a heading; nothing without lines."""
    if lines:
        echo(f"  {what}:")
    for line in lines[:MAX_LISTED_LINES]:
        echo(f"    {line}")
    if len(lines) > MAX_LISTED_LINES:
        echo(f"    and {len(lines) - MAX_LISTED_LINES:,} more")


@backfill.command("run", show_backfill_results, api="backfill")
def run_backfills(
    app: "App",
    progress: Progress,
    paths: Sequence[AnyPath],
    *,
    contract: Annotated[
        str, Option("The contract of the files; default: by folder, name or content.", names=("--region",))
    ] = "",
    pattern: Annotated[str, Option("Names to take in, such as *.csv; default: all.")] = "",
    settings: Annotated[
        Mapping[str, str] | None, Option("A setting of the source; repeat it.", names=("--set",))
    ] = None,
    dry: Annotated[bool, Option("List what would be taken in; nothing is stored.", names=("--dry-run",))] = False,
    job: Annotated[bool, Option("Leave it to the server, or in a project to the job `connect`.")] = False,
    engine: Annotated[
        str,
        Option(
            "What reads and validates the files: this process, Apache Spark, or in a project Dataproc Serverless.",
            choices=["local", "spark", "dataproc"],
        ),
    ] = "local",
    master: Annotated[str, Option("The Spark cluster, such as spark://HOST:7077; default: this machine.")] = "",
    subnet: Annotated[str, Option("The subnet of Dataproc; default: that of the network `default`.")] = "",
) -> Result:
    """Take in the files of folders, gs://BUCKET/PREFIX or s3://BUCKET/PREFIX.

    Interrupted, the same command continues; later, it takes in what is new or changed.
    """
    from tillstream.commands import backfill_pace
    from tillstream.commands.run_batch import BY_URGENCY
    from tillstream.connectors import backfills

    results, code = [], DONE
    values = {**(settings or {}), **({"pattern": pattern} if pattern else {})}
    with backfill_pace.open_spark(app, "local" if dry else engine, master, subnet, job=job) as spark:
        for path in paths:
            try:
                source = backfills.connector_of_backfill(path, contract, values)
                result, its_code = _run_backfill(app, progress, source, spark, dry=dry, job=job)
            except TillstreamError as error:
                result, its_code = {"path": path, "error": str(error)}, FAILED
            results.append(result)
            code = next((one for one in BY_URGENCY if one in (code, its_code)), DONE)
    return Result(results[0] if len(results) == 1 else results, code)


@backfill.command("list", show_backfills, api="backfill-list", reads=True)
def list_backfills(app: "App") -> Result:
    """List the backfills with the states of their files."""
    from tillstream.connectors import backfills

    return Result([_backfill_row(app, one.name) for one in backfills.find_backfills(app.ports)])


@backfill.command("status", show_backfill_status, reads=True)
def backfill_status(app: "App", name: str) -> Result:
    """Show how far a backfill is, and its files that need you."""
    from tillstream.connectors import backfills, run_history

    backfills.get_backfill(app.ports, name)
    last = run_history.latest_runs(app.ports, name, limit=1)
    needing = [
        {"batch_id": batch.batch_id, "file": batch.file, "state": batch.state.value, "error": batch.error}
        for batch in run_history.batches_in_state(app.ports, name, *FAILED_STATES)
    ]
    return Result(
        _backfill_row(app, name) | {"run": asdict(last[0]) if last else None, "needing": needing[:MAX_NAMED_BATCHES]}
    )


@backfill.local("undo")
def undo_backfill_on_terminal(
    terminal: Terminal, name: str, *, yes: Annotated[bool, Option("Do not ask for confirmation.")] = False
) -> None:
    """Undo every settled file of a backfill, newest first; without --yes, show how many."""
    if not yes:
        terminal.print(terminal.read("backfill-status", name=name), show_backfill_undo)
        if not terminal.is_interactive:
            echo("This is a preview. To undo these files, use --yes.", err=True)
            terminal.end(HELD)
        terminal.confirm("Undo these files?")
    terminal.run("backfill-undo", show_undone_backfill, name=name)


@backfill.internal("backfill-undo")
def undo_backfill(app: "App", progress: Progress, *, name: str) -> Result:
    """Undo each batch of a backfill, newest first; one that cannot be undone does not stop the others.

    The schedule does not continue it. Raises `Rejected` if it is running.
    """
    from tillstream.connectors import backfills, records, run_history
    from tillstream.connectors import state as connectors_state
    from tillstream.review import undo

    connector = backfills.get_backfill(app.ports, name)
    if connectors_state.connector_status(app.ports, name).is_running:
        raise Rejected(f"{name} is running. Stop it with `tillstream connect pause {name}`, and undo it when it ended.")
    if not connector.is_paused:
        records.pause_connector(app.ports, name, COMMAND_LINE, is_paused=True)
    settled = sorted(
        run_history.batches_in_state(app.ports, name, *STATES_IN_LEDGER),
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


def _run_backfill(
    app: "App",
    progress: Progress,
    backfill: "Backfill",
    spark: "SparkStaging | None",
    *,
    dry: bool,
    job: bool,
) -> tuple[dict[str, object], int]:
    """The result of a path and its exit code."""
    from tillstream.app.source_access import source_access
    from tillstream.commands.backfill_pace import BackfillPace
    from tillstream.connectors import backfills

    access = source_access(app)
    if dry:
        return asdict(backfills.plan_backfill(app.ports, app.contracts, access, backfill)), DONE
    if job:
        backfills.request_backfill(app.ports, app.contracts, access, backfill, COMMAND_LINE)
        shown = _backfill_row(app, backfill.name)
        return {"path": backfill.path, **shown}, _exit_code(shown)
    pace = BackfillPace(app, backfill.name, progress, spark)
    with pace.lease():
        ended = backfills.run_backfill(app.ports, app.contracts, access, backfill, COMMAND_LINE, pace)
        pace.settle(lambda: None)  # also what an interrupted run has left
    on = {"spark": {"files": spark.files, "faults": spark.faults}} if spark else {}
    shown = _backfill_row(app, backfill.name)
    code = _exit_code(shown) or exit_code_of_run(app.ports, ended)
    return {"path": backfill.path, **shown, "run": asdict(ended), **on}, code


def _exit_code(shown: Mapping[str, Any]) -> int:
    if shown["error"] or shown["batches"].keys() & REFUSED_STATES:
        return FAILED
    return HELD if shown["held"] else DONE


def _backfill_row(app: "App", name: str) -> BackfillRow:
    from tillstream.connectors import backfills
    from tillstream.connectors import state as connectors_state

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
