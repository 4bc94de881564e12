"""Upload records and receipts within the scope of the caller."""

from itertools import dropwhile, islice
from typing import Any

from flask import Response, jsonify, request
from flask.typing import ResponseReturnValue

from portal.access import allow
from portal.api import cursors, pagination, texts
from portal.api.paths import link
from portal.context import ports
from portal.uploads import scoped
from tillstream.model.batch import Batch, BatchState
from tillstream.model.errors import Rejected
from tillstream.model.people import Action
from tillstream.receipts import receipt as receipts

MAX_UPLOADS = 500
FIELDS = (
    "batch_id", "kind", "file", "size", "sha256", "contract", "contract_version", "region",
    "received_at", "received_by", "state_at", "error", "parent",
)  # fmt: skip


@allow(Action.SEE_UPLOADS)
def several() -> ResponseReturnValue:
    """Uploads, newest first; parameters: `limit` (up to 500), `cursor`, `offset`, `state`."""
    args = pagination.only(request.args, "limit", "offset", "cursor", "state")
    page = pagination.pop_page(args, 50, MAX_UPLOADS)
    newest = scoped.newest(state=_state(args.get("state")))
    if page.cursor:
        (last,) = cursors.decode("uploads", page.cursor, int)
        newest = dropwhile(lambda upload: upload.received_seq >= last, newest)
    window = list(islice(newest, page.offset, page.offset + page.limit + 1))
    shown = window[: page.limit]
    more = len(window) > page.limit > 0
    following = cursors.encode("uploads", shown[-1].received_seq) if more else None
    body = {"uploads": [_record(upload) for upload in shown], "limit": page.limit, "offset": page.offset}
    answer: Response = jsonify(body | {"next_cursor": following})
    return page.linked(answer, following)


@allow(Action.SEE_UPLOADS)
def one(batch_id: str) -> ResponseReturnValue:
    """One upload and its state."""
    return jsonify(_record(scoped.own(batch_id)))


@allow(Action.SEE_UPLOADS)
def receipt(batch_id: str) -> ResponseReturnValue:
    """Receipt of an upload: rows by outcome, problems, amounts."""
    return jsonify(receipts.receipt(ports(), scoped.own(batch_id).batch_id))


def _state(text: str | None) -> BatchState | None:
    try:
        return BatchState(text) if text else None
    except ValueError as error:
        raise Rejected(texts.no_state(str(text), BatchState)) from error


def _record(upload: Batch) -> dict[str, Any]:
    record: dict[str, Any] = {name: getattr(upload, name) for name in FIELDS}
    record["state"] = upload.state.value
    record["receipt"] = link("api.receipt", batch_id=upload.batch_id)
    return record
