"""Sales from tills: their intake with a store token, the short way for it, and the outcomes of the sales.

A till sends no cookie and has no rate limit. Through the portal a request for one sale takes four times as long.
Whatever is not accepted is handled by the portal, so that errors are the same.
"""

import gzip
import io
import zlib
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from flask import Flask, abort, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from portal import access, context, security, urls
from portal.access import Open, allow
from portal.api import pagination, texts
from portal.api.uploads import BodyTooLarge
from portal.context import ports, scope, signed_in
from tillstream.app import App
from tillstream.intake import store_messages, store_sales, till_gaps
from tillstream.model import json_text
from tillstream.model.document_json import JsonObject
from tillstream.model.errors import Rejected
from tillstream.model.messages import MAX_SALE_BYTES
from tillstream.model.permissions import Action
from tillstream.people import store_credentials
from tillstream.people.store_credentials import StoreToken
from tillstream.ports import Ports
from tillstream.receipts import message_outcomes
from tillstream.receipts.message_outcomes import OutcomePosition, OutcomeReader
from tillstream.records import audit_log

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

OUTCOMES = "outcomes"
DEFAULT_OUTCOMES, MAX_OUTCOMES = 500, 1000

SALES_PATHS = tuple(f"{root}sales" for root in (urls.API_ROOT, urls.API_ALIAS))
JSON_TYPE = "application/json"
ACCEPTED = "202 ACCEPTED"


@allow(Open.STORE_TOKEN)
def send_sales() -> ResponseReturnValue:
    """Submit a sale, or many messages: 202 when they are stored; sending them again changes nothing."""
    store = store_of_token()
    request.max_content_length = store_messages.MAX_REQUEST_BYTES
    raw = request.get_data()
    try:
        answer = accept_sales(ports(), store, raw, request.content_encoding or "", is_json=request.is_json)
    except store_sales.UnsignedSale as refused:  # only here: another entry point leaves what it refuses to this one
        store_sales.quarantine_unsigned_sale(ports(), refused)
        raise
    return jsonify(answer), 202


def store_of_token() -> StoreToken:
    """The store token of the request; 401 if there is no valid one."""
    store = store_credentials.check_store_token(ports(), access.request_token())
    if store is None:
        abort(401)
    return store


def accept_sales(ports: Ports, store: StoreToken, raw: bytes, encoding: str, *, is_json: bool) -> JsonObject:
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
        raise BodyTooLarge(texts.sale_too_large(MAX_SALE_BYTES // 1024))
    return payload


def _unpacked(raw: bytes) -> bytes:
    """Unpack no more than the limit, whatever the size of the content."""
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(raw)) as file:
            unpacked = file.read(store_messages.MAX_REQUEST_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise Rejected(texts.NO_GZIP) from error
    if len(unpacked) > store_messages.MAX_REQUEST_BYTES:
        raise BodyTooLarge(texts.too_many_bytes(store_messages.MAX_REQUEST_BYTES >> 20))
    return unpacked


@allow(Open.STORE_TOKEN)
def list_outcomes() -> ResponseReturnValue:
    """The outcomes of sales after they were stored, in the order of settlements; takes `since` and `limit`."""
    reader = _reader()
    args = pagination.only_arguments(request.args, "since", "limit")
    limit = pagination.number_argument(args, "limit", DEFAULT_OUTCOMES, MAX_OUTCOMES)
    since = (
        OutcomePosition(*pagination.decode_cursor(OUTCOMES, args["since"], int, int, int))
        if args.get("since")
        else OutcomePosition()
    )
    page = message_outcomes.read_outcomes(ports(), reader, since, max(limit, 1))
    following = _cursor(page.next)
    shown = [{name: value for name, value in one.items() if name != "salesperson_id"} for one in page.outcomes]
    response = jsonify({"outcomes": shown, "next": following})
    response.headers["Cache-Control"] = "no-store"
    return response


def newest_position() -> str:
    """The cursor after which the outcomes of sales that are not sent yet follow."""
    return _cursor(message_outcomes.newest_position(ports()))


def _cursor(position: OutcomePosition) -> str:
    return pagination.encode_cursor(OUTCOMES, position.settlement_no, position.batch_no, position.row)


def _reader() -> OutcomeReader:
    """The sales of the token's store, or those that the user of the session may see."""
    if access.request_token().startswith("till_") or not signed_in():
        token = store_of_token()

        def is_own(facts: Mapping[str, Any]) -> bool:
            return facts["region"] in {token.region, None} and facts["store_id"] == token.store_id

        return OutcomeReader(is_own, token.region, token.store_id)
    limits = scope()
    if not limits.may(Action.ENTER_SALES):
        abort(403)
    return OutcomeReader(lambda sale: limits.covers_sale(sale["region"], sale["store_id"], sale["salesperson_id"]))


def register_intake(portal: Flask, app: App) -> None:
    """Call before the proxies of `security.configure`. In a Google Cloud project, the portal logs every request."""
    if not app.settings.project:
        mounts = {path: _SalesIntake(portal, app, path) for path in SALES_PATHS}
        portal.wsgi_app = DispatcherMiddleware(portal.wsgi_app, mounts)  # type: ignore[arg-type, method-assign]


class _SalesIntake:
    """The WSGI application of a path and the paths below it; the portal answers whatever is no sale of a till."""

    def __init__(self, portal: Flask, app: App, path: str) -> None:
        self._path = path
        self._portal: WSGIApplication = portal.wsgi_app
        self._extensions = portal.extensions
        self._headers = [("Content-Type", JSON_TYPE), security.UNSTORED, *security.headers(app.ports).items()]

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        # The dispatcher has moved the path to the name of a script.
        environ["SCRIPT_NAME"] = environ["SCRIPT_NAME"].removesuffix(self._path)
        environ["PATH_INFO"] = self._path + environ["PATH_INFO"]
        size = _size(environ)
        if size is None:
            return self._portal(environ, start_response)
        body = environ["wsgi.input"].read(size)
        try:
            answer = self._accept(environ, body)
        except Exception:  # noqa: BLE001 - raised again by the portal, which has a response for each error
            environ["wsgi.input"] = io.BytesIO(body)
            return self._portal(environ, start_response)
        transport = [security.TRANSPORT] if environ["wsgi.url_scheme"] == "https" else []
        start_response(ACCEPTED, [*self._headers, *transport, ("Content-Length", str(len(answer)))])
        return [answer]

    def _accept(self, environ: "WSGIEnvironment", body: bytes) -> bytes:
        """Raises for whatever is not accepted."""
        app: App = self._extensions[context.EXTENSION]
        store = store_credentials.check_store_token(app.ports, access.bearer(environ.get("HTTP_AUTHORIZATION", "")))
        if store is None:
            raise Rejected("No store has this token.")
        is_json = environ.get("CONTENT_TYPE", "").partition(";")[0].strip().casefold() == JSON_TYPE
        encoding = environ.get("HTTP_CONTENT_ENCODING", "")
        with audit_log.client_address(environ.get("REMOTE_ADDR", "")):
            return json_text.encode_json(accept_sales(app.ports, store, body, encoding, is_json=is_json))


def _size(environ: "WSGIEnvironment") -> int | None:
    """Bytes of the body of a till's request; None for any other request, also one of a page of another site."""
    if environ["REQUEST_METHOD"] != "POST" or environ["PATH_INFO"] not in SALES_PATHS or "HTTP_ORIGIN" in environ:
        return None
    length = environ.get("CONTENT_LENGTH", "")
    return int(length) if length.isdecimal() and int(length) <= store_messages.MAX_REQUEST_BYTES else None
