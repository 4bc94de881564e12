"""Decisions of the signed-in user on the ledger, and their previews."""

from typing import Any

from flask import Flask, current_app

from portal.context import me, scope, tillstream
from tillstream.operations import delegated_decisions as decisions
from tillstream.operations.delegated_decisions import DecisionContext, DecisionKind, UserDecision
from tillstream.review.correction_workspace import CorrectionWorkspace

EXTENSION = "decisions"


def prepare(app: Flask) -> None:
    """Keep the rejected rows of uploads between requests."""
    app.extensions[EXTENSION] = CorrectionWorkspace()


def ask(work: DecisionKind, **arguments: Any) -> Any:
    """Return the result of the work for the user, within the scope of the request. Raises as `perform`."""
    app = tillstream()
    ledger = DecisionContext(app.ports, app.contracts, app.queries, workspace())
    return decisions.request_decision(ledger, UserDecision.of(work, me().login, scope(), **arguments))


def workspace() -> CorrectionWorkspace:
    shared: CorrectionWorkspace = current_app.extensions[EXTENSION]
    return shared
