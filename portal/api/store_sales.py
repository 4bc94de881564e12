"""Sales from tills: one complete sale per request, authorized by a store token."""

from flask import abort, jsonify, request
from flask.typing import ResponseReturnValue

from portal.access import Open, allow
from portal.api import texts
from portal.context import ports
from tillstream.domain.errors import Rejected
from tillstream.domain.store_sale import MAX_MESSAGE_BYTES
from tillstream.people import store_tokens
from tillstream.workflows.intake import store_sales


@allow(Open.STORE_TOKEN)
def send() -> ResponseReturnValue:
    """Submit a sale: 202 when it is stored; sending the same sale again changes nothing."""
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    store = store_tokens.check(ports(), text) if scheme.casefold() == "bearer" else None
    if store is None:
        abort(401)
    request.max_content_length = MAX_MESSAGE_BYTES
    try:
        payload = request.get_json(silent=True)
    except RecursionError:
        payload = None
    if not isinstance(payload, dict):
        raise Rejected(texts.NO_SALE)
    return jsonify({"id": store_sales.publish(ports(), store, payload), "status": "accepted"}), 202
