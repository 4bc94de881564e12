"""The uploads area's word on how far files are, for the page that gave them: their stages, then the result."""

from typing import Any

from flask import jsonify, request, url_for
from flask.typing import ResponseReturnValue

from portal.access import allow
from portal.context import ports
from portal.uploads import labels, scoped
from tillstream.domain.batch import FINAL, IN_LEDGER, State, Upload
from tillstream.domain.errors import NotFound
from tillstream.domain.people import Action
from tillstream.receipts import receipt as receipts

MOST = 100
WAITS = frozenset({State.HELD, State.FAILED})


@allow(Action.SEE_UPLOADS)
def show() -> ResponseReturnValue:
    """`batch`, up to a hundred times; those of other people's regions are left out."""
    found = []
    for batch in request.args.getlist("batch")[:MOST]:
        try:
            found.append(_told(scoped.own(batch)))
        except NotFound:
            continue
    return jsonify({"uploads": found})


def _told(upload: Upload) -> dict[str, Any]:
    told = {
        "batch_id": upload.batch_id,
        "state": upload.state.value,
        "tone": labels.state_of(upload).tone,
        "done": upload.state in FINAL | WAITS,
        "url": url_for("uploads.receipt", batch_id=upload.batch_id),
        "result": "",
        "needs": False,
    }
    if upload.state in FINAL | WAITS | IN_LEDGER:
        receipt = receipts.receipt(ports(), upload.batch_id)
        told["result"] = labels.result(upload, receipt)
        told["needs"] = upload.state in WAITS or bool(receipt["rows"]["quarantined"])
        told["tone"] = "ask" if told["needs"] and told["tone"] == "good" else told["tone"]
    return told
