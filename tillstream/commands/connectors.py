"""Manage and run connectors, and the states of the files that they brought."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import Any

from tillstream import logs
from tillstream.app import App
from tillstream.app.source_access import source_access
from tillstream.commands.arguments import NoArguments
from tillstream.commands.result import COMMAND_LINE, DONE, FAILED, HELD, QUARANTINED, Progress, Result
from tillstream.connectors import due_runs as connectors_run
from tillstream.connectors import kind_table, records, run_history
from tillstream.connectors import state as connectors_state
from tillstream.connectors.run_history import FAILED_RUN, ConnectorRun
from tillstream.connectors.state import Connector, ConnectorDraft
from tillstream.intake import store_sales
from tillstream.model.batch import STATES_BEFORE_LEDGER, STATES_IN_LEDGER, Batch, BatchState
from tillstream.operations import reconcile
from tillstream.ports import Clock, Ports
from tillstream.records import batch_records
from tillstream.review.held_batches import group_held_alike

REFUSED_STATES = frozenset({BatchState.REJECTED.value, BatchState.FAILED.value})


def idle_times(clock: Clock, left: Callable[[], tuple[int, ...]], poll: float) -> Iterator[timedelta]:
    """Yield how long no count of `left` has changed, every `poll` seconds until all of them are 0."""
    changed, last = clock.now(), left()
    while any(last):
        yield clock.now() - changed
        clock.sleep(poll)
        if (now := left()) != last:
            changed, last = clock.now(), now


def count_unsettled(ports: Ports, name: str) -> tuple[int, ...]:
    """How many of the batches of a connector are in each of the states before the ledger."""
    return tuple(run_history.count_batches(ports, name, state) for state in STATES_BEFORE_LEDGER)


def held_groups(ports: Ports, name: str) -> list[dict[str, Any]]:
    """The held files of a connector in groups that one decision answers, with the first batch of each."""
    return [
        {
            "files": len(group),
            "batch_id": group[0].batch_id,
            "file": group[0].file,
            "reasons": [hold.code.value for hold in group[0].holds],
        }
        for group in group_held_alike(run_history.batches_in_state(ports, name, BatchState.HELD))
    ]


def states_of_run(ports: Ports, run: ConnectorRun) -> dict[str, int]:
    """State → how many of the first batches of a run are in it."""
    return dict(Counter(batch.state.value for batch in _batches_of_run(ports, run)))


def exit_code_of_run(ports: Ports, run: ConnectorRun) -> int:
    """1 if the run or one of its files failed, 4 if a file of its connector is held, 3 for rows to fix, else 0."""
    if run.outcome == run_history.FAILED or states_of_run(ports, run).keys() & REFUSED_STATES:
        return FAILED
    if run_history.count_batches(ports, run.connector, BatchState.HELD):
        return HELD
    loaded = (one.staged for one in _batches_of_run(ports, run) if one.state in STATES_IN_LEDGER)
    return QUARANTINED if any(staged and staged.rows_refused for staged in loaded) else DONE


def _batches_of_run(ports: Ports, run: ConnectorRun) -> Iterator[Batch]:
    return (batch_records.get_batch(ports, batch) for batch in run.batches)


MAX_RUN_TIME = timedelta(hours=1)
"""Time after which a run is stopped between two items; the next one reads the rest."""
SHOWN_RUNS = 20
POLL_SECONDS = 0.2
PATIENCE = timedelta(minutes=1)
"""Longest wait for the worker without a change; what is not settled then is named as such."""


@dataclass(frozen=True, kw_only=True)
class AddConnector:
    """settings: name of a setting of the kind → its value."""

    name: str
    kind: str
    settings: Mapping[str, str] = field(default_factory=dict)
    contract: str = ""
    every: int = 15


@dataclass(frozen=True, kw_only=True)
class ChangeConnector:
    """settings: those that change, by name; an empty value clears one. None leaves contract and minutes as they are."""

    connector: str
    settings: Mapping[str, str] = field(default_factory=dict)
    contract: str | None = None
    every: int | None = None


@dataclass(frozen=True, kw_only=True)
class OfConnector:
    """connector: its name."""

    connector: str


def list_connectors(app: App, progress: Progress, arguments: NoArguments) -> Result:
    return Result([_connector_row(app, connector) for connector in records.find_connectors(app.ports)])


def list_connector_kinds(app: App, progress: Progress, arguments: NoArguments) -> Result:
    """The kinds of connectors with their settings."""
    listed = []
    for kind in kind_table.all_kinds():
        settings = [asdict(setting) for setting in kind.settings]
        listed.append({"name": kind.name, "title": kind.title, "about": kind.about, "settings": settings})
    return Result(listed)


def add_connector(app: App, progress: Progress, arguments: AddConnector) -> Result:
    one = arguments
    draft = ConnectorDraft(one.name, one.kind, one.settings, one.contract, one.every)
    connector = records.add_connector(app.ports, app.contracts, source_access(app), draft, COMMAND_LINE)
    return Result(_connector_row(app, connector))


def change_connector(app: App, progress: Progress, arguments: ChangeConnector) -> Result:
    stored = records.get_connector(app.ports, arguments.connector)
    draft = ConnectorDraft(
        stored.name,
        stored.kind,
        {**stored.settings, **arguments.settings},
        stored.contract if arguments.contract is None else arguments.contract,
        stored.every_minutes if arguments.every is None else arguments.every,
    )
    return Result(
        _connector_row(
            app,
            records.change_connector(app.ports, app.contracts, source_access(app), stored.name, draft, COMMAND_LINE),
        )
    )


def show_connector(app: App, progress: Progress, arguments: OfConnector) -> Result:
    """A connector with its last runs."""
    connector = records.get_connector(app.ports, arguments.connector)
    latest = [asdict(run) for run in run_history.latest_runs(app.ports, connector.name, SHOWN_RUNS)]
    return Result(_connector_row(app, connector) | {"runs": latest})


def test_connector(app: App, progress: Progress, arguments: OfConnector) -> Result:
    tested = connectors_run.test_connection(app.ports, source_access(app), arguments.connector, COMMAND_LINE)
    return Result({"connector": arguments.connector} | asdict(tested), DONE if tested.is_ok else FAILED)


def run_connector(app: App, progress: Progress, arguments: OfConnector) -> Result:
    """Run a connector now, also a paused one, and settle what it brings, or wait until the server has.

    In a project, its functions settle it later.
    """
    ended = connectors_run.run_connector(
        app.ports, app.contracts, source_access(app), arguments.connector, COMMAND_LINE, share=MAX_RUN_TIME
    )
    settle_brought(app, ended.connector)
    return Result(_run_row(app, ended), exit_code_of_run(app.ports, ended))


def run_due_connectors(app: App, progress: Progress, arguments: NoArguments) -> Result:
    """Run all connectors that are due, until none is, and settle what they bring as `run` does.

    Those that failed are in the result and in the log; they are tried again. Held files are in the result; a job of a
    project does not fail for them.
    """
    ended = list(connectors_run.run_all_due(app.ports, app.contracts, source_access(app)))
    settle_brought(app, *(one.connector for one in ended))
    logs.warn(FAILED_RUN, [f"{one.connector}: {one.error}" for one in ended if one.outcome == run_history.FAILED])
    shown = [_run_row(app, one) for one in ended]
    is_held = any(one["held"] for one in shown) and not app.settings.project
    return Result(shown, HELD if is_held else DONE)


def settle_brought(app: App, *names: str) -> None:
    """Settle what connectors brought, or wait until the worker has for the connectors of these names."""
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


def pause_connector(app: App, progress: Progress, arguments: OfConnector) -> Result:
    return Result(
        _connector_row(app, records.pause_connector(app.ports, arguments.connector, COMMAND_LINE, is_paused=True))
    )


def resume_connector(app: App, progress: Progress, arguments: OfConnector) -> Result:
    return Result(
        _connector_row(app, records.pause_connector(app.ports, arguments.connector, COMMAND_LINE, is_paused=False))
    )


def remove_connector(app: App, progress: Progress, arguments: OfConnector) -> Result:
    shown = _connector_row(app, records.get_connector(app.ports, arguments.connector))
    records.remove_connector(app.ports, arguments.connector, COMMAND_LINE)
    return Result(shown)


def _run_row(app: App, run: ConnectorRun) -> dict[str, Any]:
    held = held_groups(app.ports, run.connector)
    return asdict(run) | {"states": states_of_run(app.ports, run), "held": held}


def _connector_row(app: App, connector: Connector) -> dict[str, Any]:
    state = connectors_state.connector_status(app.ports, connector.name)
    is_late = connectors_state.is_connector_late(connector, state, app.ports.clock.now())
    return asdict(connector) | {"status": asdict(state) | {"is_late": is_late}}
