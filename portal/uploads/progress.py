"""Progress of uploads for the upload page: their states, then the result."""

from typing import Any

from flask import jsonify, request, url_for
from flask.typing import ResponseReturnValue

from portal.access import allow
from portal.context import ports
from portal.uploads import labels, scoped
from tillstream.model.batch import STATES_IN_LEDGER, TERMINAL_STATES, Batch, BatchState
from tillstream.model.errors import NotFound
from tillstream.model.people import Action
from tillstream.receipts import receipt as receipts

MAX_BATCHES = 100
WAITS = frozenset({BatchState.HELD, BatchState.FAILED})


@allow(Action.SEE_UPLOADS)
def show() -> ResponseReturnValue:
    """Status of each `batch`, at most a hundred; those outside the scope of the user are left out."""
    statuses = []
    for batch in request.args.getlist("batch")[:MAX_BATCHES]:
        try:
            statuses.append(_status(scoped.own(batch)))
        except NotFound:
            continue
    return jsonify({"uploads": statuses})


def _status(upload: Batch) -> dict[str, Any]:
    status = {
        "batch_id": upload.batch_id,
        "state": upload.state.value,
        "tone": labels.state_of(upload).tone,
        "done": upload.state in TERMINAL_STATES | WAITS,
        "url": url_for("uploads.receipt", batch_id=upload.batch_id),
        "result": "",
        "needs": False,
    }
    if upload.state in TERMINAL_STATES | WAITS | STATES_IN_LEDGER:
        receipt = receipts.receipt(ports(), upload.batch_id)
        status["result"] = labels.result(upload, receipt)
        status["needs"] = upload.state in WAITS or bool(receipt["rows"]["quarantined"])
        status["tone"] = "ask" if status["needs"] and status["tone"] == "good" else status["tone"]
    return status
