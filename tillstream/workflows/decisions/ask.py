"""Asks for decisions: this process performs them, or in a project the function `decide`."""

from typing import Any

from tillstream.analytics.changes import ChangeReport
from tillstream.model.errors import Rejected, Unavailable
from tillstream.model.json_text import restore_typed_values
from tillstream.pipeline.settling import large_job
from tillstream.ports.machine import DECIDE_FUNCTION
from tillstream.workflows.decisions.decision import Decision, Work
from tillstream.workflows.decisions.perform import Ledger, perform
from tillstream.workflows.review import undo

UNDO_SECONDS, PREVIEW_SECONDS = 25.0, 240.0
"""How long a user waits. An undo that takes longer continues, and its page follows it."""


def ask(ledger: Ledger, decision: Decision) -> Any:
    """Return the result of a decision as `perform` does; raises as it does, and `Unavailable`."""
    functions = ledger.ports.functions
    if functions is None:
        return perform(ledger, decision)
    if decision.work is not Work.UNDO:
        return restore_typed_values(functions.call(DECIDE_FUNCTION, decision.to_json(), PREVIEW_SECONDS))
    batch = decision.arguments["batch"]
    requested = undo.request(ledger.ports, batch, decision.by)  # first: the sweep continues a call that is lost
    try:
        return restore_typed_values(functions.call(DECIDE_FUNCTION, decision.to_json(), UNDO_SECONDS))
    except Unavailable:
        return requested
    except Rejected:
        large_job.close_request(ledger.ports, batch)
        raise


def changes_of(result: Any) -> ChangeReport:
    """The changes in the result of a preview."""
    return ChangeReport(**result)
