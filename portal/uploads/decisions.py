"""Decisions of the signed-in user on the ledger, and their previews."""

from typing import Any

from flask import Flask, current_app

from portal.context import me, scope, tillstream
from tillstream.workflows.corrections.drafts.workspace import Workspace
from tillstream.workflows.decisions import ask as decisions
from tillstream.workflows.decisions.decision import Decision, Work
from tillstream.workflows.decisions.perform import Ledger

EXTENSION = "decisions"


def prepare(app: Flask) -> None:
    """Keep the rejected rows of uploads between requests."""
    app.extensions[EXTENSION] = Workspace()


def ask(work: Work, **arguments: Any) -> Any:
    """Return the result of the work for the user, within the scope of the request. Raises as `perform`."""
    app = tillstream()
    ledger = Ledger(app.ports, app.contracts, app.queries, workspace())
    return decisions.ask(ledger, Decision.of(work, me().login, scope(), **arguments))


def workspace() -> Workspace:
    shared: Workspace = current_app.extensions[EXTENSION]
    return shared
