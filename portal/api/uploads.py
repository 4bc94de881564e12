"""The API area's uploads: their records and receipts, of the caller's regions."""

from itertools import islice
from typing import Any

from flask import jsonify, request, url_for
from flask.typing import ResponseReturnValue

from portal.access import allow
from portal.context import ports
from portal.uploads import scoped
from tillstream.domain.errors import Rejected
from tillstream.domain.people import Action
from tillstream.domain.uploads import State, Upload
from tillstream.pipeline import account

MOST = 500
SHOWN = (
    "batch_id", "kind", "file", "size", "sha256", "contract", "contract_version", "region",
    "received_at", "received_by", "state_at", "error", "parent",
)  # fmt: skip


@allow(Action.SEE_UPLOADS)
def several() -> ResponseReturnValue:
    """The newest uploads first; takes `limit` (up to 500), `offset`, `state`."""
    limit = min(MOST, max(1, request.args.get("limit", 50, type=int)))
    offset = max(0, request.args.get("offset", 0, type=int))
    found = islice(scoped.newest(state=_state(request.args.get("state"))), offset, offset + limit)
    return jsonify({"uploads": [_shown(upload) for upload in found], "limit": limit, "offset": offset})


@allow(Action.SEE_UPLOADS)
def one(batch_id: str) -> ResponseReturnValue:
    """The record of one upload: what was received, and how far it is."""
    return jsonify(_shown(scoped.own(batch_id)))


@allow(Action.SEE_UPLOADS)
def receipt(batch_id: str) -> ResponseReturnValue:
    """The account of one upload: its rows by outcome, its problems, its amounts."""
    return jsonify(account.receipt(ports(), scoped.own(batch_id).batch_id))


def _state(text: str | None) -> State | None:
    try:
        return State(text) if text else None
    except ValueError as error:
        raise Rejected(f"There is no state {text}; there are {', '.join(State)}.") from error


def _shown(upload: Upload) -> dict[str, Any]:
    record: dict[str, Any] = {name: getattr(upload, name) for name in SHOWN}
    record["state"] = upload.state.value
    record["receipt"] = url_for("api.receipt", batch_id=upload.batch_id)
    return record
