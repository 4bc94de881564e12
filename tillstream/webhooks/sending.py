"""Send one signed request to a webhook."""

import http.client
import socket
import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass

from tillstream.model.errors import Rejected, Unavailable
from tillstream.webhooks.addresses import Target, resolve
from tillstream.webhooks.signing import signature

TIMEOUT = 10.0
"""Seconds to connect, and for each part of the answer."""
MOST_READ = 300
"""Bytes of an answer that are read."""


@dataclass(frozen=True)
class Answer:
    """What a receiver answered. status: 0 without an answer; error: empty if it accepted the event."""

    status: int
    milliseconds: int
    error: str = ""


def send(url: str, secrets: Sequence[str], id: str, body: bytes, timestamp: int, *, private: bool) -> Answer:
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
        status, text = _post(resolve(url, private=private), headers, body)
        if not 200 <= status < 300:
            error = f"The receiver answered {status}{f': {text}' if text else '.'}"
    except (Rejected, Unavailable) as refused:
        error = str(refused)
    except TimeoutError:
        error = f"The receiver did not answer within {TIMEOUT:.0f} seconds."
    except (OSError, http.client.HTTPException) as failure:
        error = f"The receiver cannot be reached: {failure or type(failure).__name__}"
    return Answer(status, round((time.monotonic() - started) * 1000), error[:500])


class PinnedConnection(http.client.HTTPConnection):
    """A connection to the address of a target that was checked, whatever its name resolves to by now.

    timeout: seconds for each part of the answer.
    """

    def __init__(self, target: Target, timeout: float) -> None:
        super().__init__(target.host, target.port, timeout=timeout)
        self._target = target

    def connect(self) -> None:
        plain = socket.create_connection((self._target.address, self._target.port), TIMEOUT)
        plain.settimeout(self.timeout)
        if self._target.scheme == "https":
            self.sock = ssl.create_default_context().wrap_socket(plain, server_hostname=self._target.host)
        else:
            self.sock = plain


def _post(target: Target, headers: dict[str, str], body: bytes) -> tuple[int, str]:
    connection = PinnedConnection(target, TIMEOUT)
    try:
        connection.request("POST", target.path, body, headers)
        response = connection.getresponse()
        text = "".join(letter for letter in response.read(MOST_READ).decode("utf-8", "replace") if letter.isprintable())
        return response.status, text
    finally:
        connection.close()
