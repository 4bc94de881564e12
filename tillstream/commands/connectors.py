"""`tillstream connect …`: connectors, and the states of the files that they brought."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, NotRequired, TypedDict, cast

from tillstream.commands.declaration import Group, Option, Terminal
from tillstream.commands.printing import echo, show_each
from tillstream.commands.result import COMMAND_LINE, DONE, FAILED, HELD, QUARANTINED, Result
from tillstream.model.batch import STATES_BEFORE_LEDGER, STATES_IN_LEDGER, Batch, BatchState
from tillstream.model.problems import CATALOGUE

if TYPE_CHECKING:
    from tillstream.app import App
    from tillstream.connectors.run_history import ConnectorRun
    from tillstream.connectors.state import Connector
    from tillstream.ports import Clock, Ports

connect = Group("connect", "Manage connectors, which pull sales from stores of files, databases, APIs and queues.")

MAX_NAMED_BATCHES = 5
_STATUS_COLUMNS = (
    *("name", "is_running", "is_requested", "next_at", "last_run_at", "last_complete_at", "failures", "error"),
    *("behind", "notes"),
)
REFUSED_STATES = frozenset({BatchState.REJECTED.value, BatchState.FAILED.value})
MAX_RUN_TIME = timedelta(hours=1)
"""Time after which a run is stopped between two items; the next one reads the rest."""
SHOWN_RUNS = 20
POLL_SECONDS = 0.2
PATIENCE = timedelta(minutes=1)
"""Longest wait for the worker without a change; what is not settled then is named as such."""


class HeldGroup(TypedDict):
    """Held files that one decision answers. batch_id, file: of the first; reasons: problem codes."""

    files: int
    batch_id: str
    file: str
    reasons: list[str]


class RunRow(TypedDict):
    """A run of a connector. states: how many of its batches are in each."""

    connector: str
    started_at: str
    outcome: str
    error: str
    items: int
    bytes: int
    sales: int
    notes: list[str]
    refused: list[str]
    batches: list[str]
    states: dict[str, int]
    held: list[HeldGroup]


class ConnectorStateRow(TypedDict):
    is_running: bool
    is_late: bool
    failures: int
    last_complete_at: str
    error: str
    notes: list[str]


class ConnectorRow(TypedDict):
    name: str
    kind: str
    contract: str
    is_once: bool
    is_paused: bool
    every_minutes: int
    settings: dict[str, str]
    status: ConnectorStateRow
    runs: NotRequired[list[RunRow]]


class KindSetting(TypedDict):
    name: str
    label: str
    hint: str
    default: str
    choices: list[str]
    is_required: bool
    is_credential: bool


def show_connector(connector: ConnectorRow) -> None:
    contract = connector["contract"] or "any contract"
    every = "once" if connector["is_once"] else f"every {connector['every_minutes']} min"
    echo(f"{connector['name']} · {connector['kind']} · {contract} · {every} · {_connector_state(connector)}")
    if connector["status"]["error"]:
        echo(f"  {connector['status']['error']}")


show_connectors = show_each(show_connector, "There are no connectors.")


def show_removed_connector(*, name: str) -> None:
    echo(f"The connector {name} is removed. What it brought remains.")


def show_connector_details(connector: ConnectorRow) -> None:
    show_connector(connector)
    for name, value in connector["settings"].items():
        if value:
            echo(f"  {name}: {value}")
    for note in connector["status"]["notes"]:
        echo(f"  {note}")
    for run in connector["runs"]:
        echo(_run_line(run))
    if not connector["runs"]:
        echo("It has not run yet.")


def show_connector_run(run: RunRow) -> None:
    echo(_run_line(run))
    for note in run["notes"]:
        echo(f"  {note}")
    if batches := run["batches"]:
        more = f" and {len(batches) - MAX_NAMED_BATCHES} more" if len(batches) > MAX_NAMED_BATCHES else ""
        echo(f"Batches: {', '.join(batches[:MAX_NAMED_BATCHES])}{more}.")
    if left := sum(count for state, count in run["states"].items() if state in STATES_BEFORE_LEDGER):
        echo(f"Not settled yet: {left:,}. `receipts` shows when they are.")
    show_held(run["held"])


def show_held(groups: list[HeldGroup]) -> None:
    """The held files of a connector, with the commands that decide about all of a group."""
    for group in groups:
        reasons = [CATALOGUE[code] for code in group["reasons"]]
        count, batch = group["files"], group["batch_id"]
        files = "1 file is" if count == 1 else f"{count:,} files are"
        echo(f"{files} held, such as {group['file']}: {'; '.join(reason.title for reason in reasons)}.")
        command = max((reason.command for reason in reasons), key=len, default="")
        every = f"{batch} --all" if count > 1 else batch
        echo(f"  `receipts {batch}` has the details. To decide: {command.replace('BATCH', every)}.")


def _show_due_run(run: RunRow) -> None:
    echo(f"{run['connector']} · {_run_line(run)}")
    show_held(run["held"])


show_connector_runs = show_each(_show_due_run, "No connector is due.")


def show_connector_test(*, message: str, seconds: float) -> None:
    echo(f"{message} ({seconds:.1f} s)")


def _show_kind(*, name: str, title: str, about: str, settings: list[KindSetting]) -> None:
    echo(f"{name} · {title} · {about}")
    for setting in settings:
        echo(f"  {setting['name']}: {_about(setting)}")


show_kinds = show_each(_show_kind, "There are no kinds.")


def _connector_state(connector: ConnectorRow) -> str:
    status = connector["status"]
    if status["is_running"]:
        return "running"
    if connector["is_paused"]:
        return "paused"
    if status["failures"]:
        return f"failed {status['failures']} times" if status["failures"] > 1 else "failed"
    read = f"read to the end at {status['last_complete_at']}" if status["last_complete_at"] else "not read yet"
    return f"late, {read}" if status["is_late"] else read


def _run_line(run: RunRow) -> str:
    parts = [run["started_at"], run["outcome"], _brought(run), run["error"]]
    return " · ".join(filter(None, parts))


def _brought(run: RunRow) -> str:
    if not run["items"]:
        return "nothing new" if run["outcome"] == "done" else ""
    items = f"{run['items']:,} {'item' if run['items'] == 1 else 'items'}, {run['bytes']:,} bytes"
    return f"{items}, {run['sales']:,} messages" if run["sales"] else items


def _about(setting: KindSetting) -> str:
    parts = [setting["label"], setting["hint"]]
    parts += ["required" if setting["is_required"] else ""]
    parts += [f"one of {', '.join(filter(None, setting['choices']))}" if setting["choices"] else ""]
    parts += [f"default {setting['default']}" if setting["default"] else ""]
    parts += ["a reference to a credential" if setting["is_credential"] else ""]
    return "; ".join(filter(None, parts))


def _has_changes(values: Mapping[str, Any]) -> str:
    if values["settings"] or values["contract"] is not None or values["every"] is not None:
        return ""
    return "Enter what changes: --set KEY=VALUE, --contract or --every."


@connect.command("list", show_connectors, reads=True)
def list_connectors(app: "App") -> Result:
    """List all connectors with their state."""
    from tillstream.connectors import records

    return Result([_connector_row(app, connector) for connector in records.find_connectors(app.ports)])


@connect.command("kinds", show_kinds, reads=True)
def list_connector_kinds(app: "App") -> Result:
    """List the kinds of connectors with their settings."""
    from tillstream.connectors import kind_table

    listed = []
    for kind in kind_table.all_kinds():
        settings = [asdict(setting) for setting in kind.settings]
        listed.append({"name": kind.name, "title": kind.title, "about": kind.about, "settings": settings})
    return Result(listed)


@connect.command("add", show_connector)
def add_connector(
    app: "App",
    name: str,
    *,
    kind: Annotated[str, Option("What it reads; `connect kinds` lists them.")],
    settings: Annotated[Mapping[str, str] | None, Option("A setting of the kind; repeat it.", names=("--set",))] = None,
    contract: Annotated[str, Option("The contract of its files; default: by folder, name or content.")] = "",
    every: Annotated[int, Option("Minutes between two runs.", least=1, most=10080)] = 15,
) -> Result:
    """Add a connector. Credentials are references such as env:TILLSTREAM_SOURCE_ERP, never the values."""
    from tillstream.app.source_access import source_access
    from tillstream.connectors import records
    from tillstream.connectors.state import ConnectorDraft

    draft = ConnectorDraft(name, kind, settings or {}, contract, every)
    connector = records.add_connector(app.ports, app.contracts, source_access(app), draft, COMMAND_LINE)
    return Result(_connector_row(app, connector))


@connect.command("change", show_connector, check=_has_changes)
def change_connector(
    app: "App",
    connector: str,
    *,
    settings: Annotated[
        Mapping[str, str] | None, Option("A setting that changes; repeat it.", names=("--set",))
    ] = None,
    contract: Annotated[
        str | None, Option("The contract of its files; '' for the one of their folder, name or content.")
    ] = None,
    every: Annotated[int | None, Option("Minutes between two runs.", least=1, most=10080)] = None,
) -> Result:
    """Change settings of a connector; the others stay. It continues from the same place, or from the beginning if it
    reads another source then.
    """
    from tillstream.app.source_access import source_access
    from tillstream.connectors import records
    from tillstream.connectors.state import ConnectorDraft

    stored = records.get_connector(app.ports, connector)
    draft = ConnectorDraft(
        stored.name,
        stored.kind,
        {**stored.settings, **(settings or {})},
        stored.contract if contract is None else contract,
        stored.every_minutes if every is None else every,
    )
    access = source_access(app)
    changed = records.change_connector(app.ports, app.contracts, access, stored.name, draft, COMMAND_LINE)
    return Result(_connector_row(app, changed))


@connect.command("show", show_connector_details, reads=True)
def read_connector(app: "App", connector: str) -> Result:
    """Show a connector with its settings and last runs."""
    from tillstream.connectors import records, run_history

    stored = records.get_connector(app.ports, connector)
    latest = [asdict(run) for run in run_history.latest_runs(app.ports, stored.name, SHOWN_RUNS)]
    return Result(_connector_row(app, stored) | {"runs": latest})


@connect.command("test", show_connector_test)
def test_connector(app: "App", connector: str) -> Result:
    """Connect to the source and show what is there; nothing is read."""
    from tillstream.app.source_access import source_access
    from tillstream.connectors import due_runs as connectors_run

    tested = connectors_run.test_connection(app.ports, source_access(app), connector, COMMAND_LINE)
    return Result({"connector": connector} | asdict(tested), DONE if tested.is_ok else FAILED)


@connect.local("run")
def run_on_terminal(
    terminal: Terminal,
    connector: str = "",
    *,
    due: Annotated[bool, Option("Run all connectors that are due, instead of one.")] = False,
) -> None:
    """Run a connector now, also a paused one."""
    if due == bool(connector):
        terminal.misuse("Enter the name of a connector, or --due.")
    if connector:
        terminal.run("connect-run", show_connector_run, connector=connector)
    terminal.run("connect-run-due", show_connector_runs)


@connect.command("pause", show_connector)
def pause_connector(app: "App", connector: str) -> Result:
    """Stop the schedule of a connector."""
    from tillstream.connectors import records

    return Result(_connector_row(app, records.pause_connector(app.ports, connector, COMMAND_LINE, is_paused=True)))


@connect.command("resume", show_connector)
def resume_connector(app: "App", connector: str) -> Result:
    """Start the schedule of a paused connector again, from where it stopped."""
    from tillstream.connectors import records

    return Result(_connector_row(app, records.pause_connector(app.ports, connector, COMMAND_LINE, is_paused=False)))


@connect.command("remove", show_removed_connector)
def remove_connector(app: "App", connector: str) -> Result:
    """Remove a connector with its cursor; what it brought remains."""
    from tillstream.connectors import records

    shown = _connector_row(app, records.get_connector(app.ports, connector))
    records.remove_connector(app.ports, connector, COMMAND_LINE)
    return Result(shown)


@connect.internal("connect-run")
def run_connector(app: "App", *, connector: str) -> Result:
    """Run a connector now, also a paused one, and settle what it brings, or wait until the server has.

    In a project, its functions settle it later.
    """
    from tillstream.app.source_access import source_access
    from tillstream.connectors import due_runs as connectors_run

    ended = connectors_run.run_connector(
        app.ports, app.contracts, source_access(app), connector, COMMAND_LINE, share=MAX_RUN_TIME
    )
    settle_brought(app, ended.connector)
    return Result(_run_row(app, ended), exit_code_of_run(app.ports, ended))


@connect.internal("connect-run-due")
def run_due_connectors(app: "App") -> Result:
    """Run all connectors that are due, until none is, and settle what they bring as `run` does.

    Those that failed are in the result and in the log; they are tried again. Held files are in the result; a job of a
    project does not fail for them.
    """
    from tillstream import logs
    from tillstream.app.source_access import source_access
    from tillstream.connectors import due_runs as connectors_run
    from tillstream.connectors import run_history
    from tillstream.connectors.run_history import FAILED_RUN

    ended = list(connectors_run.run_all_due(app.ports, app.contracts, source_access(app)))
    settle_brought(app, *(one.connector for one in ended))
    logs.warn(FAILED_RUN, [f"{one.connector}: {one.error}" for one in ended if one.outcome == run_history.FAILED])
    shown = [_run_row(app, one) for one in ended]
    is_held = any(one["held"] for one in shown) and not app.settings.project
    return Result(shown, HELD if is_held else DONE)


def idle_times(clock: "Clock", left: Callable[[], tuple[int, ...]], poll: float) -> Iterator[timedelta]:
    """Yield how long no count of `left` has changed, every `poll` seconds until all of them are 0."""
    changed, last = clock.now(), left()
    while any(last):
        yield clock.now() - changed
        clock.sleep(poll)
        if (now := left()) != last:
            changed, last = clock.now(), now


def count_unsettled(ports: "Ports", name: str) -> tuple[int, ...]:
    """How many of the batches of a connector are in each of the states before the ledger."""
    from tillstream.connectors import run_history

    return tuple(run_history.count_batches(ports, name, state) for state in STATES_BEFORE_LEDGER)


def held_groups(ports: "Ports", name: str) -> list[HeldGroup]:
    """The held files of a connector in groups that one decision answers, with the first batch of each."""
    from tillstream.connectors import run_history
    from tillstream.review.held_batches import group_held_alike

    return [
        {
            "files": len(group),
            "batch_id": group[0].batch_id,
            "file": group[0].file,
            "reasons": [hold.code.value for hold in group[0].holds],
        }
        for group in group_held_alike(run_history.batches_in_state(ports, name, BatchState.HELD))
    ]


def states_of_run(ports: "Ports", run: "ConnectorRun") -> dict[str, int]:
    """State → how many of the first batches of a run are in it."""
    return dict(Counter(batch.state.value for batch in _batches_of_run(ports, run)))


def exit_code_of_run(ports: "Ports", run: "ConnectorRun") -> int:
    """1 if the run or one of its files failed, 4 if a file of its connector is held, 3 for rows to fix, else 0."""
    from tillstream.connectors import run_history

    if run.outcome == run_history.FAILED or states_of_run(ports, run).keys() & REFUSED_STATES:
        return FAILED
    if run_history.count_batches(ports, run.connector, BatchState.HELD):
        return HELD
    loaded = (one.staged for one in _batches_of_run(ports, run) if one.state in STATES_IN_LEDGER)
    return QUARANTINED if any(staged and staged.rows_refused for staged in loaded) else DONE


def _batches_of_run(ports: "Ports", run: "ConnectorRun") -> Iterator[Batch]:
    from tillstream.records import batch_records

    return (batch_records.get_batch(ports, batch) for batch in run.batches)


def settle_brought(app: "App", *names: str) -> None:
    """Settle what connectors brought, or wait until the worker has for the connectors of these names."""
    from tillstream.intake import store_sales
    from tillstream.operations import reconcile

    if app.settings.project:
        return
    if app.has_worker:

        def left() -> tuple[int, ...]:
            return tuple(count for name in names for count in count_unsettled(app.ports, name))

        for idle in idle_times(app.ports.clock, left, POLL_SECONDS):
            if idle > PATIENCE:
                return
        return
    while store_sales.receive_store_sales(app.ports, app.contracts, app.settings.batch_size, 0):
        pass
    reconcile.resume_interrupted_work(app.ports, app.contracts, patience=timedelta(0))


def _run_row(app: "App", run: "ConnectorRun") -> RunRow:
    held = held_groups(app.ports, run.connector)
    return cast("RunRow", asdict(run) | {"states": states_of_run(app.ports, run), "held": held})


def _connector_row(app: "App", connector: "Connector") -> dict[str, object]:
    from tillstream.connectors import state as connectors_state

    state = connectors_state.connector_status(app.ports, connector.name)
    is_late = connectors_state.is_connector_late(connector, state, app.ports.clock.now())
    status = {column: getattr(state, column) for column in _STATUS_COLUMNS}
    return asdict(connector) | {"status": status | {"is_late": is_late}}
