"""Send one request to a webhook, signed as the specification Standard Webhooks defines it."""

import base64
import hashlib
import hmac
import http.client
import secrets
import socket
import ssl
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tillstream.delivery.outbound_addresses import RequestTarget, resolve_target
from tillstream.model.errors import Rejected, Unavailable

SIGNING_PREFIX = "whsec_"
SECRET_BYTES = 32

TIMEOUT = 10.0
"""Seconds to connect, and for each part of the answer."""
MAX_READ = 300
"""Bytes of an answer that are read."""


def new_secret() -> str:
    return SIGNING_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def signature(texts: Iterable[str], id: str, timestamp: int, body: bytes) -> str:
    """The header `webhook-signature`: one signature per secret, separated by spaces."""
    signed = b"%s.%d.%s" % (id.encode(), timestamp, body)
    keys = [base64.b64decode(text.removeprefix(SIGNING_PREFIX)) for text in texts]
    return " ".join("v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode() for key in keys)


@dataclass(frozen=True)
class WebhookAnswer:
    """What a receiver answered. status: 0 without an answer; error: empty if it accepted the event."""

    status: int
    milliseconds: int
    error: str = ""


def send_signed(
    url: str, secrets: Sequence[str], id: str, body: bytes, timestamp: int, *, private: bool
) -> WebhookAnswer:
    """Post the body and return the answer; every failure is an answer with an error. Redirects are not followed."""
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Tillstream",
        "webhook-id": id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature(secrets, id, timestamp, body),
    }
    started = time.monotonic()
    status, error = 0, ""
    try:
        status, text = _post(resolve_target(url, private=private), headers, body)
        if not 200 <= status < 300:
            error = f"The receiver answered {status}{f': {text}' if text else '.'}"
    except (Rejected, Unavailable) as refused:
        error = str(refused)
    except TimeoutError:
        error = f"The receiver did not answer within {TIMEOUT:.0f} seconds."
    except (OSError, http.client.HTTPException) as failure:
        error = f"The receiver cannot be reached: {failure or type(failure).__name__}"
    return WebhookAnswer(status, round((time.monotonic() - started) * 1000), error[:500])


class PinnedConnection(http.client.HTTPConnection):
    """A connection to the address of a target that was checked, whatever its name resolves to by now.

    timeout: seconds for each part of the answer.
    """

    def __init__(self, target: RequestTarget, timeout: float) -> None:
        super().__init__(target.host, target.port, timeout=timeout)
        self._target = target

    def connect(self) -> None:
        plain = socket.create_connection((self._target.address, self._target.port), TIMEOUT)
        plain.settimeout(self.timeout)
        if self._target.scheme == "https":
            self.sock = ssl.create_default_context().wrap_socket(plain, server_hostname=self._target.host)
        else:
            self.sock = plain


def _post(target: RequestTarget, headers: dict[str, str], body: bytes) -> tuple[int, str]:
    connection = PinnedConnection(target, TIMEOUT)
    try:
        connection.request("POST", target.path, body, headers)
        response = connection.getresponse()
        text = "".join(letter for letter in response.read(MAX_READ).decode("utf-8", "replace") if letter.isprintable())
        return response.status, text
    finally:
        connection.close()
