"""Decisions of a user, whose calls are recorded."""

from call_recorder import Calls, record_calls
from large_settlements import with_jobs
from test_entry_points import upload

from tillstream.analytics.query_cache import QueryCache
from tillstream.app import App
from tillstream.model.permissions import Role
from tillstream.operations.delegated_decisions import DecisionContext, DecisionKind, UserDecision, perform_decision
from tillstream.people import accounts
from tillstream.pipeline.settling import settle
from tillstream.pipeline.staging.stage import stage as stage_batch


def make(app: App, calls: Calls) -> None:
    """Undos, a small one and one that is left to the job, and a preview of each kind that reads other objects."""
    accounts.add_account(app.ports, "boss", "Boss", Role.ADMIN)
    batches = [upload(app).batch_id for _ in range(2)]
    for batch in batches:
        stage_batch(app.ports, batch)
    settle.settle_all(app.ports, app.contracts)
    for deciding, batch in ((app, batches[0]), (with_jobs(app, rows=0)[0], batches[1])):
        recorded = record_calls(deciding, calls)
        ledger = DecisionContext(recorded.ports, recorded.contracts, QueryCache())
        if deciding is app:
            perform_decision(
                ledger, UserDecision(DecisionKind.PREVIEW_REPLAY, "boss", {"batch": batch, "contract": None})
            )
        assert perform_decision(ledger, UserDecision(DecisionKind.UNDO, "boss", {"batch": batch}))["file"]
