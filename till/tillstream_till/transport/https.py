"""Sends messages to `POST /api/sales` of the portal, compressed; reads outcomes from `GET /api/sales/outcomes`."""

import gzip
import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from typing import Any, cast
from urllib.parse import urlencode

from tillstream_till.errors import RequestRefused, RequestTooLarge, SetupError, TransportError
from tillstream_till.outbox.messages import Message
from tillstream_till.schema_check import JsonObject, SaleOutcome
from tillstream_till.setup_code import Setup
from tillstream_till.transport.reply import Outcomes, Reply, parse_results, skew_of, unreadable

TIMEOUT = 30.0
MOST_BYTES = 16 << 20
"""A longer reply is not from the portal."""
OUTCOMES_PER_PAGE = 500
DIGEST_DIGITS = 16


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirected request would carry the token to another address."""

    def redirect_request(self, *_: Any) -> None:
        return None


class HttpsTransport:
    """The portal over HTTP, through the proxies of the system. ca_file: certificates to trust instead of its own."""

    def __init__(self, setup: Setup, ca_file: str = "", timeout: float = TIMEOUT) -> None:
        self._setup, self._timeout = setup, timeout
        try:
            context = ssl.create_default_context(cafile=ca_file or None)
        except OSError as error:
            raise SetupError(f"The certificates of {ca_file} cannot be read: {error}.") from error
        self._opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=context), _NoRedirects())

    def send(self, messages: list[Message], till: str, queried: Sequence[Message] = ()) -> Reply:
        content_sent: JsonObject = {"messages": [_message(each, till) for each in messages]}
        if queried:
            content_sent["acknowledged"] = {"till": till, "messages": [_acknowledged(each) for each in queried]}
        body = json.dumps(content_sent, ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
        start = datetime.now(UTC)
        content, received = self._request("/api/sales", headers, gzip.compress(body, 6))
        end = datetime.now(UTC)
        results, reply = parse_results(content, messages)
        skew = skew_of(reply.get("server_time"), start, end)
        if skew is None:
            skew = skew_of(_date(received.get("Date")), start, end)
        last = reply.get("last_sequence")
        states = reply.get("acknowledged")
        if not isinstance(states, list) or len(states) != len(queried):
            states = None
        return Reply(results, skew, last if isinstance(last, int) else 0, states)

    def outcomes(self, since: str) -> Outcomes:
        query = {"limit": OUTCOMES_PER_PAGE} | ({"since": since} if since else {})
        content, _ = self._request(f"/api/sales/outcomes?{urlencode(query)}", {}, None)
        try:
            page = json.loads(content)
            return Outcomes(
                [cast("SaleOutcome", dict(each)) for each in page["outcomes"]], str(page.get("next") or since)
            )
        except (ValueError, TypeError, KeyError) as error:
            raise unreadable(error) from error

    def _request(self, path: str, headers: dict[str, str], body: bytes | None) -> tuple[bytes, dict[str, str]]:
        request = urllib.request.Request(  # noqa: S310 - the address is checked with the setup
            self._setup.url.rstrip("/") + path,
            data=body,
            headers={"Authorization": f"Bearer {self._setup.token}", "Accept": "application/json"} | headers,
        )
        try:
            with self._opener.open(request, timeout=self._timeout) as response:
                return response.read(MOST_BYTES), dict(response.headers)
        except urllib.error.HTTPError as error:
            with error:
                raise _refusal(error) from error
        except (OSError, HTTPException) as error:
            reason = getattr(error, "reason", error)
            raise TransportError(f"{self._setup.url} cannot be reached: {reason}.") from error


def _message(message: Message, till: str) -> dict[str, str]:
    payload = {"payload": message.payload.decode()}
    if not message.signature:
        return payload
    return payload | {
        "key": message.key,
        "till": till,
        "epoch": message.epoch,
        "sequence": str(message.sequence),
        "signature": message.signature,
    }


def _acknowledged(message: Message) -> dict[str, str]:
    return {"epoch": message.epoch, "sequence": str(message.sequence), "digest": message.digest[:DIGEST_DIGITS]}


def _refusal(error: urllib.error.HTTPError) -> TransportError:
    """Return the error of a status that is not a success."""
    code, detail = _problem(error)
    reason = (detail or str(error.reason)).rstrip(".")
    message = f"The server replied {error.code}: {reason}."
    if error.code == 413:
        return RequestTooLarge(message, "too-large")
    if error.code == 401:
        return TransportError(f"{message} Create a new setup code in the portal and run init again.", "token-refused")
    if error.code in {400, 422} and code:
        return RequestRefused(message, code, detail)
    if 300 <= error.code < 400:
        message += " It sends to another address: check that of the portal, and the sign-in page of the network."
    return TransportError(message, f"http-{error.code}", _retry_after(error.headers.get("Retry-After")))


def _problem(error: urllib.error.HTTPError) -> tuple[str, str]:
    """Return code and detail of a problem of the portal; empty for a reply of another program, such as a proxy."""
    try:
        problem = json.loads(error.read(MOST_BYTES))
        code = problem.get("code") or str(problem.get("type", "")).rpartition("/")[2]
        return str(code), str(problem.get("detail") or problem.get("title") or "")
    except (ValueError, AttributeError, OSError, HTTPException):
        return "", ""


def _retry_after(value: str | None) -> float | None:
    if value is None:
        return None
    if value.strip().isdigit():
        return float(value)
    then = _date(value)
    return max((then - datetime.now(UTC)).total_seconds(), 0.0) if then else None


def _date(value: str | None) -> datetime | None:
    try:
        return parsedate_to_datetime(value) if value else None
    except ValueError:
        return None
