"""Sales from tills: one complete sale per request, or many messages, authorized by a store token."""

import gzip
import io
import json
import zlib
from typing import Any

from flask import abort, jsonify, request
from flask.typing import ResponseReturnValue

from portal import token_auth
from portal.access import Open, allow
from portal.api import texts
from portal.api.tus import TooLarge
from portal.context import ports
from tillstream.domain.errors import Rejected
from tillstream.domain.store_sale import MAX_MESSAGE_BYTES
from tillstream.people import store_tokens
from tillstream.people.store_tokens import StoreToken
from tillstream.workflows.intake import store_messages, store_sales


@allow(Open.STORE_TOKEN)
def send() -> ResponseReturnValue:
    """Submit a sale, or many messages: 202 when they are stored; sending them again changes nothing."""
    store = sender()
    payload = _payload()
    if not isinstance(payload, dict):
        raise Rejected(texts.NO_SALE)
    if "messages" in payload:
        return _send_all(store, payload["messages"])
    return jsonify({"id": store_sales.publish(ports(), store, payload), "status": "accepted"}), 202


def sender() -> StoreToken:
    """The store token of the request; 401 if there is no valid one."""
    store = store_tokens.check(ports(), token_auth.shown())
    if store is None:
        abort(401)
    return store


def _send_all(store: StoreToken, messages: Any) -> ResponseReturnValue:
    results, last_sequence = store_messages.publish(ports(), store, messages)
    answer = {
        "results": [result.to_json() for result in results],
        "last_sequence": last_sequence,
        "server_time": ports().clock.now().isoformat(timespec="milliseconds"),
    }
    return jsonify(answer), 202


def _payload() -> Any:
    """The decoded body; None if it is not JSON. One sale may have fewer bytes than many messages."""
    request.max_content_length = store_messages.MAX_BYTES
    raw = request.get_data()
    if request.content_encoding:
        if request.content_encoding.strip().casefold() != "gzip":
            raise Rejected(texts.no_encoding(request.content_encoding))
        raw = _unpacked(raw)
    elif not request.is_json:
        return None
    try:
        payload = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    if len(raw) > MAX_MESSAGE_BYTES and not (isinstance(payload, dict) and "messages" in payload):
        raise TooLarge(texts.sale_too_large(MAX_MESSAGE_BYTES // 1024))
    return payload


def _unpacked(raw: bytes) -> bytes:
    """Unpack no more than the limit, whatever the size of the content."""
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(raw)) as file:
            unpacked = file.read(store_messages.MAX_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise Rejected(texts.NO_GZIP) from error
    if len(unpacked) > store_messages.MAX_BYTES:
        raise TooLarge(texts.too_many_bytes(store_messages.MAX_BYTES >> 20))
    return unpacked
