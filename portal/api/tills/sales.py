"""Sales from tills: one complete sale per request, or many messages, authorized by a store token."""

import gzip
import io
import zlib
from typing import Any

from flask import abort, jsonify, request
from flask.typing import ResponseReturnValue

from portal import token_auth
from portal.access import Open, allow
from portal.api import texts
from portal.api.tus import TooLarge
from portal.context import ports
from tillstream.intake import store_messages, store_sales, till_gaps
from tillstream.model import json_text
from tillstream.model.errors import Rejected
from tillstream.model.messages import MAX_SALE_BYTES
from tillstream.people import store_credentials
from tillstream.people.store_credentials import StoreToken
from tillstream.ports import Ports


@allow(Open.STORE_TOKEN)
def send() -> ResponseReturnValue:
    """Submit a sale, or many messages: 202 when they are stored; sending them again changes nothing."""
    store = sender()
    request.max_content_length = store_messages.MAX_REQUEST_BYTES
    raw = request.get_data()
    try:
        answer = accept(ports(), store, raw, request.content_encoding or "", is_json=request.is_json)
    except store_sales.UnsignedSale as refused:  # only here: another entry point leaves what it refuses to this one
        store_sales.quarantine_unsigned_sale(ports(), refused)
        raise
    return jsonify(answer), 202


def sender() -> StoreToken:
    """The store token of the request; 401 if there is no valid one."""
    store = store_credentials.check_store_token(ports(), token_auth.shown())
    if store is None:
        abort(401)
    return store


def accept(ports: Ports, store: StoreToken, raw: bytes, encoding: str, *, is_json: bool) -> dict[str, Any]:
    """Store the content of a request durably and return the answer to it. Raises `Rejected`, `Unavailable`.

    encoding: of the content. is_json: whether its type is that of JSON; encoded content always counts as such.
    """
    payload = _payload(raw, encoding, is_json=is_json)
    if not isinstance(payload, dict):
        raise Rejected(texts.NO_SALE)
    if "messages" not in payload:
        return {"id": store_sales.publish_unsigned_sale(ports, store, payload), "status": "accepted"}
    asks = "acknowledged" in payload
    acknowledged = till_gaps.parse_acknowledged(ports, store, payload["acknowledged"]) if asks else []
    states = till_gaps.acknowledged_states(ports, acknowledged)
    results, last_sequence = store_messages.publish_messages(ports, store, payload["messages"], may_be_empty=asks)
    return {
        "results": [result.to_json() for result in results],
        "last_sequence": last_sequence,
        "server_time": ports.clock.now().isoformat(timespec="milliseconds"),
    } | ({"acknowledged": states} if asks else {})


def _payload(raw: bytes, encoding: str, *, is_json: bool) -> Any:
    """The decoded content; None if it is not JSON. One sale may have fewer bytes than many messages."""
    if encoding:
        if encoding.strip().casefold() != "gzip":
            raise Rejected(texts.no_encoding(encoding))
        raw = _unpacked(raw)
    elif not is_json:
        return None
    try:
        payload = json_text.decode_json(raw)
    except ValueError:
        return None
    if len(raw) > MAX_SALE_BYTES and not (isinstance(payload, dict) and "messages" in payload):
        raise TooLarge(texts.sale_too_large(MAX_SALE_BYTES // 1024))
    return payload


def _unpacked(raw: bytes) -> bytes:
    """Unpack no more than the limit, whatever the size of the content."""
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(raw)) as file:
            unpacked = file.read(store_messages.MAX_REQUEST_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise Rejected(texts.NO_GZIP) from error
    if len(unpacked) > store_messages.MAX_REQUEST_BYTES:
        raise TooLarge(texts.too_many_bytes(store_messages.MAX_REQUEST_BYTES >> 20))
    return unpacked
