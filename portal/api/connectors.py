"""Connectors for programs: their states and runs, and run, pause and resume."""

from flask import jsonify, request
from flask.typing import ResponseReturnValue

from portal.access import allow
from portal.api import pagination, texts
from portal.connectors import scoped
from portal.connectors.scoped import ListedConnector
from portal.context import me, ports
from tillstream.analytics.queries import Forbidden
from tillstream.connectors import records, run_history
from tillstream.connectors.due_runs import request_run
from tillstream.connectors.run_history import ConnectorRun
from tillstream.model.document_json import JsonObject
from tillstream.model.permissions import Action

MAX_RUNS, MAX_OFFSET = 100, 100


@allow(Action.SEE_PIPELINE)
def list_connectors() -> ResponseReturnValue:
    """The connectors of the user's regions, by name."""
    return jsonify({"connectors": [_published(one) for one in scoped.listed_connectors()]})


@allow(Action.SEE_PIPELINE)
def show_connector(connector: str) -> ResponseReturnValue:
    """A connector with its state."""
    return jsonify(_published(scoped.listed_connector(connector)))


@allow(Action.SEE_PIPELINE)
def list_runs(connector: str) -> ResponseReturnValue:
    """The last runs of a connector, newest first."""
    args = pagination.only_arguments(request.args, "limit", "offset")
    limit = pagination.number_argument(args, "limit", 20, MAX_RUNS)
    offset = pagination.number_argument(args, "offset", 0, MAX_OFFSET)
    listed = run_history.latest_runs(ports(), scoped.listed_connector(connector).name, limit=limit, offset=offset)
    return jsonify({"runs": [_run(each) for each in listed]})


@allow(Action.SEE_PIPELINE)
def run(connector: str) -> ResponseReturnValue:
    """Request a run, which is made in the background. For administrators."""
    request_run(ports(), _changeable(connector), me().login)
    return jsonify(_published(scoped.listed_connector(connector))), 202


@allow(Action.SEE_PIPELINE)
def pause(connector: str) -> ResponseReturnValue:
    """Stop the schedule of a connector. For administrators."""
    return _pause(connector, is_paused=True)


@allow(Action.SEE_PIPELINE)
def resume(connector: str) -> ResponseReturnValue:
    """Start the schedule of a connector again. For administrators."""
    return _pause(connector, is_paused=False)


def _pause(connector: str, *, is_paused: bool) -> ResponseReturnValue:
    records.pause_connector(ports(), _changeable(connector), me().login, is_paused=is_paused)
    return jsonify(_published(scoped.listed_connector(connector)))


def _changeable(connector: str) -> str:
    """Name of a connector that the user may change. Raises `NotFound` and `Forbidden`.

    No token has the rights of an administrator; one of an administrator with the right `pipeline` suffices.
    """
    name = scoped.listed_connector(connector).name
    if not me().scope.may(Action.ADMINISTER):
        raise Forbidden(texts.ONLY_ADMINISTRATORS)
    return name


def _published(one: ListedConnector) -> JsonObject:
    """Instants are ISO 8601 UTC text, empty if there is none. The settings are not published."""
    stored, state = one.connector, one.status
    return {
        "name": stored.name,
        "kind": stored.kind,
        "contract": stored.contract,
        "every_minutes": stored.every_minutes,
        "is_paused": stored.is_paused,
        "state": one.state.value,
        "error": state.error,
        "failures": state.failures,
        "behind": state.behind,
        "notes": list(state.notes),
        "next_at": state.next_at,
        "last_run_at": state.last_run_at,
        "last_complete_at": state.last_complete_at,
    }


def _run(one: ConnectorRun) -> JsonObject:
    return {
        "started_at": one.started_at,
        "ended_at": one.ended_at,
        "outcome": one.outcome,
        "error": one.error,
        "items": one.items,
        "bytes": one.bytes,
        "batches": list(one.batches),
        "sales": one.sales,
        "notes": list(one.notes),
    }
