"""A head office over HTTP: its address, and signed, compressed requests, repeated if the connection breaks."""

import http.client
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from tillstream import __version__
from tillstream.delivery.outbound_addresses import RequestTarget, is_private, parse_ip_address
from tillstream.delivery.signed_requests import PinnedConnection
from tillstream.model.errors import Rejected, Unavailable
from tillstream.ports.machine import Clock
from tillstream.stock.stored_movements import StoredMovement
from tillstream.sync.head_office import SyncHello
from tillstream.sync.home_identity import HomeIdentity
from tillstream.sync.http import call_messages, call_signatures
from tillstream.sync.journal import JournalPosition, Parcel, SentBatch
from tillstream.sync.reference_entries import ReferenceChange, ReferencePage, SavedChange
from tillstream.sync.reference_exchange import ReferenceState
from tillstream.sync.refusals import OFFICE_BUSY as BUSY_CODE
from tillstream.sync.refusals import REPEATED_REQUEST, Busy, Refused
from tillstream.sync.undo_requests import UndoRequest

MAX_ADDRESS = 1_000
CheckHost = Callable[[str, int], str]
"""Host and port → the IP address to connect to. Raises `Rejected` for one that is not allowed, and `Unavailable`."""

SYNC_PATH = "/api/v1/sync/"
REQUEST_TRIES, FIRST_WAIT = 4, 1.0
"""Tries of a request whose connection breaks, and seconds before the second one; each further wait is twice as long."""
BUSY_STATUSES = frozenset({429, 503})
BUSY_SECONDS = 120.0
"""How long a request is repeated while the head office cannot answer."""
SETTLING_SECONDS = 3600.0
"""As patience: long enough for most files of the job. The largest take longer; the next sync continues after them."""
LONGEST_WAIT = 30.0
REQUEST_TIMEOUT = 60.0
"""Seconds for each part of an answer."""
SETTLING_TIMEOUT = 900.0
"""Seconds in which a head office settles the entries of one request."""
_MAX_REPEATS = 3
"""How often a request may have a number that the head office has already."""


def check_address(url: str) -> str:
    """The address without a slash at its end. Raises `Rejected` if it is none of a portal."""
    text = url.strip().rstrip("/")
    try:
        parts = urlsplit(text)
        is_address = parts.scheme in ("https", "http") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_address = False
    if not is_address or not text.isascii() or not text.isprintable() or " " in text or len(text) > MAX_ADDRESS:
        raise Rejected("Enter the address of the head office with https://, for example https://sales.example.com.")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise Rejected("The address of the head office has no user name, password, or part after ? or #.")
    return text


def check_allowed_address(url: str, check_host: CheckHost) -> str:
    """`check_address`, if sales may leave this machine for the address: without encryption only for a private network.

    A name that cannot be looked up now is allowed: each sync checks it again. Raises `Rejected`.
    """
    to = check_address(url)
    if is_unencrypted_address(to):
        with suppress(Unavailable):
            call_target(to, "", check_host)
    return to


def is_unencrypted_address(url: str) -> bool:
    return urlsplit(url).scheme == "http"


def call_target(url: str, path: str, check_host: CheckHost) -> RequestTarget:
    """Where to send a request. Raises `Rejected` for an address that is not allowed, `Unavailable` without one.

    Sales leave this machine without encryption only to an address of a private network.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    address = check_host(host, port)
    if is_unencrypted_address(url) and not is_private(parse_ip_address(address)):
        raise Rejected(
            "Sales are only sent over https, because others could read them without encryption. "
            f"Enter the address of {host} with https://."
        )
    return RequestTarget(parts.scheme, host, port, parts.path + path, address)


@dataclass
class RemoteOffice:
    """A `HeadOffice` at the address of its portal. check_host: which addresses are allowed. patience: seconds in which
    a request is repeated while the head office works on what was sent before."""

    url: str
    identity: HomeIdentity
    clock: Clock
    check_host: CheckHost
    patience: float = BUSY_SECONDS
    _number: int = field(default=0, init=False)

    def hello(self, hello: SyncHello) -> JournalPosition:
        return _position_of_answer(self._call("hello", call_messages.hello_to_json(hello)))

    def missing(self, batches: Sequence[SentBatch]) -> Mapping[str, int]:
        answer = self._call("missing", {"batches": call_messages.batches_to_json(batches)})
        with call_messages.reading_content():
            return {str(sha256): int(size) for sha256, size in answer["missing"].items()}

    def add_part(self, sha256: str, offset: int, data: bytes) -> int:
        answer = self._call("part", {"sha256": sha256, "offset": offset}, data)
        with call_messages.reading_content():
            return int(answer["received"])

    def apply(self, parcel: Parcel) -> JournalPosition:
        head, data = call_messages.parcel_to_json(parcel)
        return _position_of_answer(self._call("entries", head, data, SETTLING_TIMEOUT))

    def compare(self, digests: Mapping[str, str]) -> Sequence[str]:
        answer = self._call("compare", {"digests": dict(digests)})
        with call_messages.reading_content():
            return [str(day) for day in answer["differing"]]

    def entries(self, after: int) -> Parcel:
        answer = self._call("journal", {"after": after})
        with call_messages.reading_content():
            return call_messages.parcel_from_json(answer, b"")

    def read(self, batch_id: str, offset: int) -> bytes:
        return self._send(
            "original", call_messages.pack_content({"batch_id": batch_id, "offset": offset}), REQUEST_TIMEOUT
        )

    def compare_stock(self, digests: Mapping[str, str]) -> Sequence[str]:
        answer = self._call("compare-stock", {"digests": dict(digests)})
        with call_messages.reading_content():
            return [str(day) for day in answer["differing"]]

    def stock(self, day: str, offset: int) -> Sequence[StoredMovement]:
        answer = self._call("stock", {"day": day, "offset": offset})
        with call_messages.reading_content():
            return call_messages.stock_from_json(answer["movements"])

    def add_stock(self, movements: Sequence[StoredMovement]) -> int:
        answer = self._call("add-stock", {"movements": call_messages.stock_to_json(movements)})
        with call_messages.reading_content():
            return int(answer["added"])

    def reference_state(self, questions: int) -> ReferenceState:
        answer = self._call("reference-state", {"questions": questions})
        with call_messages.reading_content():
            return call_messages.state_from_json(answer)

    def compare_reference(self, digests: Mapping[str, str]) -> Sequence[str]:
        answer = self._call("compare-reference", {"digests": dict(digests)})
        with call_messages.reading_content():
            return [str(group) for group in answer["differing"]]

    def reference(self, kind: str, groups: Sequence[str], after: str) -> ReferencePage:
        answer = self._call("reference", {"kind": kind, "groups": list(groups), "after": after})
        with call_messages.reading_content():
            return call_messages.page_from_json(answer)

    def save_reference(self, changes: Sequence[ReferenceChange]) -> Sequence[SavedChange]:
        answer = self._call(
            "save-reference", {"changes": call_messages.changes_to_json(changes)}, b"", SETTLING_TIMEOUT
        )
        with call_messages.reading_content():
            return call_messages.saved_from_json(answer["saved"])

    def requests(self, answers: Sequence[UndoRequest]) -> Sequence[UndoRequest]:
        answer = self._call("requests", {"answers": call_messages.requests_to_json(answers)})
        with call_messages.reading_content():
            return call_messages.requests_from_json(answer["requests"])

    def _call(self, call: str, head: Any, data: bytes = b"", timeout: float = REQUEST_TIMEOUT) -> Any:
        answer = self._send(call, call_messages.pack_content(head, data), timeout)
        try:
            return json.loads(answer)
        except ValueError as error:
            raise Rejected(f"{self.url} is not the address of a Tillstream: its answer is no JSON.") from error

    def _send(self, call: str, body: bytes, timeout: float) -> bytes:
        """The content of a successful answer. Raises `Refused`, `Rejected` and `Unavailable`."""
        for repeat in range(_MAX_REPEATS):
            try:
                return self._send_until_answered(call, body, timeout)
            except Refused as refused:
                last = refused.details.get("last_request")
                if refused.code != REPEATED_REQUEST or repeat == _MAX_REPEATS - 1 or not isinstance(last, int):
                    raise
                self._number = max(self._number, last)  # of a home whose clock was ahead, or that sends twice at once
        raise AssertionError("the last try returns or raises")

    def _send_until_answered(self, call: str, body: bytes, timeout: float) -> bytes:
        wait, failures, waited = FIRST_WAIT, 0, 0.0
        while True:
            try:
                status, headers, content = self._post(call, body, timeout)
            except (OSError, http.client.HTTPException) as error:
                failures += 1
                if failures >= REQUEST_TRIES:
                    raise Unavailable(f"{self.url} cannot be reached: {error or type(error).__name__}.") from error
                pause = wait
                wait *= 2
            else:
                if status == http.client.OK:
                    return content
                pause, described = _retry_after(headers), _error_of_answer(self.url, status, headers, content)
                limit = self.patience if isinstance(described, Busy) else BUSY_SECONDS
                if status not in BUSY_STATUSES or waited + pause > limit:
                    raise described
                waited += pause
            self.clock.sleep(pause)

    def _post(self, call: str, body: bytes, timeout: float) -> tuple[int, http.client.HTTPMessage, bytes]:
        target = call_target(self.url, SYNC_PATH + call, self.check_host)
        connection = PinnedConnection(target, timeout)
        self._number = max(self._number + 1, self.clock.tick())
        signed = call_signatures.signature_headers(
            self.identity, "POST", SYNC_PATH + call, body, self._number, self.clock.now()
        )
        headers = {
            "Content-Type": "application/octet-stream",
            "Content-Encoding": call_messages.CONTENT_ENCODING,
            "Accept-Encoding": call_messages.CONTENT_ENCODING,
            "User-Agent": f"Tillstream/{__version__}",
        }
        try:
            connection.request("POST", target.path, body, headers | signed)
            response = connection.getresponse()
            if response.length is None and not response.chunked:
                raise http.client.IncompleteRead(b"")  # the headers were cut off
            content = response.read(call_messages.MAX_CONTENT + 1)
            if len(content) > call_messages.MAX_CONTENT:
                raise Rejected(f"{self.url} answers with more than {call_messages.MAX_CONTENT >> 20} MB.")
            if response.length:
                raise http.client.IncompleteRead(content, response.length)
            if response.headers.get("Content-Encoding") == call_messages.CONTENT_ENCODING:
                content = call_messages.decompress_content(content)
            return response.status, response.headers, content
        finally:
            connection.close()


def _position_of_answer(answer: Any) -> JournalPosition:
    with call_messages.reading_content():
        return call_messages.position_from_json(answer["position"])


def _retry_after(headers: http.client.HTTPMessage) -> float:
    text = headers.get("Retry-After", "")
    seconds = float(text) if text.isascii() and text.isdigit() else FIRST_WAIT
    return min(max(seconds, FIRST_WAIT), LONGEST_WAIT)


def _error_of_answer(url: str, status: int, headers: http.client.HTTPMessage, content: bytes) -> Exception:
    """The error that an answer describes."""
    if 300 <= status < 400:
        return Rejected(f"{url} redirects to {headers.get('Location')}. Enter that address.")
    try:
        problem = json.loads(content)
        detail, refusal = str(problem["detail"]), problem.get("refusal")
    except (ValueError, KeyError, TypeError, AttributeError):
        what = f"{url} answers {status} {http.client.responses.get(status, '')}".rstrip()
        kind = Unavailable if status >= 500 or status in BUSY_STATUSES else Rejected
        return kind(f"{what}. Check that it is the address of the head office's portal.")
    if isinstance(refusal, dict) and refusal.get("code") == BUSY_CODE:
        return Busy(detail)
    if isinstance(refusal, dict):
        return Refused(str(refusal.get("code", "")), detail, refusal)
    return (Unavailable if status >= 500 or status in BUSY_STATUSES else Rejected)(detail)
