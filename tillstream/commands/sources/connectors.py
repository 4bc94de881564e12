"""Manage and run connectors from the command line."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import Any

from tillstream import logs
from tillstream.app import App
from tillstream.app.source_access import source_access
from tillstream.commands.arguments import NoArguments
from tillstream.commands.result import DONE, FAILED, HELD, Progress, Result
from tillstream.commands.sources import brought
from tillstream.connectors import records, runs
from tillstream.connectors import run as connectors_run
from tillstream.connectors import run as running
from tillstream.connectors import state as connectors_state
from tillstream.connectors.kinds import table
from tillstream.connectors.runs import FAILED_RUN, ConnectorRun
from tillstream.connectors.state import Connector, ConnectorDraft
from tillstream.intake import store_sales
from tillstream.operations import reconcile

COMMAND_LINE = "command line"
SHARE = timedelta(hours=1)
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


def connectors(app: App, progress: Progress, arguments: NoArguments) -> Result:
    return Result([_shown(app, connector) for connector in records.find_connectors(app.ports)])


def kinds(app: App, progress: Progress, arguments: NoArguments) -> Result:
    """The kinds of connectors with their settings."""
    listed = []
    for kind in table.all_kinds():
        settings = [asdict(setting) for setting in kind.settings]
        listed.append({"name": kind.name, "title": kind.title, "about": kind.about, "settings": settings})
    return Result(listed)


def add(app: App, progress: Progress, arguments: AddConnector) -> Result:
    one = arguments
    draft = ConnectorDraft(one.name, one.kind, one.settings, one.contract, one.every)
    connector = records.add_connector(app.ports, app.contracts, source_access(app), draft, COMMAND_LINE)
    return Result(_shown(app, connector))


def change(app: App, progress: Progress, arguments: ChangeConnector) -> Result:
    stored = records.get_connector(app.ports, arguments.connector)
    draft = ConnectorDraft(
        stored.name,
        stored.kind,
        {**stored.settings, **arguments.settings},
        stored.contract if arguments.contract is None else arguments.contract,
        stored.every_minutes if arguments.every is None else arguments.every,
    )
    return Result(
        _shown(
            app,
            records.change_connector(app.ports, app.contracts, source_access(app), stored.name, draft, COMMAND_LINE),
        )
    )


def show(app: App, progress: Progress, arguments: OfConnector) -> Result:
    """A connector with its last runs."""
    connector = records.get_connector(app.ports, arguments.connector)
    latest = [asdict(run) for run in runs.latest_runs(app.ports, connector.name, SHOWN_RUNS)]
    return Result(_shown(app, connector) | {"runs": latest})


def test(app: App, progress: Progress, arguments: OfConnector) -> Result:
    tested = running.test_connection(app.ports, source_access(app), arguments.connector, COMMAND_LINE)
    return Result({"connector": arguments.connector} | asdict(tested), DONE if tested.is_ok else FAILED)


def run(app: App, progress: Progress, arguments: OfConnector) -> Result:
    """Run a connector now, also a paused one, and settle what it brings, or wait until the server has.

    In a project, its functions settle it later.
    """
    ended = running.run_connector(
        app.ports, app.contracts, source_access(app), arguments.connector, COMMAND_LINE, share=SHARE
    )
    settle(app, ended.connector)
    return Result(_shown_run(app, ended), brought.exit_code_of(app.ports, ended))


def run_due(app: App, progress: Progress, arguments: NoArguments) -> Result:
    """Run all connectors that are due, until none is, and settle what they bring as `run` does.

    Those that failed are in the result and in the log; they are tried again. Held files are in the result; a job of a
    project does not fail for them.
    """
    ended = list(connectors_run.run_all_due(app.ports, app.contracts, source_access(app)))
    settle(app, *(one.connector for one in ended))
    logs.warn(FAILED_RUN, [f"{one.connector}: {one.error}" for one in ended if one.outcome == runs.FAILED])
    shown = [_shown_run(app, one) for one in ended]
    is_held = any(one["held"] for one in shown) and not app.settings.project
    return Result(shown, HELD if is_held else DONE)


def settle(app: App, *names: str) -> None:
    """Settle what connectors brought, or wait until the worker has for the connectors of these names."""
    if app.settings.project:
        return
    if app.has_worker:

        def left() -> tuple[int, ...]:
            return tuple(count for name in names for count in brought.unsettled(app.ports, name))

        for idle in brought.idle_times(app.ports.clock, left, POLL_SECONDS):
            if idle > PATIENCE:
                return
        return
    while store_sales.receive_store_sales(app.ports, app.contracts, app.settings.batch_size, 0):
        pass
    reconcile.resume_interrupted_work(app.ports, app.contracts, patience=timedelta(0))


def pause(app: App, progress: Progress, arguments: OfConnector) -> Result:
    return Result(_shown(app, records.pause_connector(app.ports, arguments.connector, COMMAND_LINE, is_paused=True)))


def resume(app: App, progress: Progress, arguments: OfConnector) -> Result:
    return Result(_shown(app, records.pause_connector(app.ports, arguments.connector, COMMAND_LINE, is_paused=False)))


def remove(app: App, progress: Progress, arguments: OfConnector) -> Result:
    shown = _shown(app, records.get_connector(app.ports, arguments.connector))
    records.remove_connector(app.ports, arguments.connector, COMMAND_LINE)
    return Result(shown)


def _shown_run(app: App, run: ConnectorRun) -> dict[str, Any]:
    held = brought.held_groups(app.ports, run.connector)
    return asdict(run) | {"states": brought.states_of(app.ports, run), "held": held}


def _shown(app: App, connector: Connector) -> dict[str, Any]:
    state = connectors_state.connector_status(app.ports, connector.name)
    is_late = connectors_state.is_connector_late(connector, state, app.ports.clock.now())
    return asdict(connector) | {"status": asdict(state) | {"is_late": is_late}}
