"""A head office over HTTP: signed, compressed requests, which are repeated if the connection breaks."""

import http.client
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tillstream import __version__
from tillstream.delivery.signed_requests import PinnedConnection
from tillstream.model.errors import Rejected, Unavailable
from tillstream.ports.machine import Clock
from tillstream.stock.stored_movements import StoredMovement
from tillstream.sync.entry import Parcel, Position, SentBatch
from tillstream.sync.http import address, frame, messages, signing
from tillstream.sync.http.address import CheckHost
from tillstream.sync.identity import Identity
from tillstream.sync.office import Hello
from tillstream.sync.reference.entries import Change, Page, Saved
from tillstream.sync.reference.office import ReferenceState
from tillstream.sync.refusals import BUSY as BUSY_CODE
from tillstream.sync.refusals import REPEATED, Busy, Refused
from tillstream.sync.requests import Request

PATH = "/api/v1/sync/"
TRIES, FIRST_WAIT = 4, 1.0
"""Tries of a request whose connection breaks, and seconds before the second one; each further wait is twice as long."""
BUSY = frozenset({429, 503})
BUSY_SECONDS = 120.0
"""How long a request is repeated while the head office cannot answer."""
SETTLING_SECONDS = 3600.0
"""As patience: long enough for most files of the job. The largest take longer; the next sync continues after them."""
LONGEST_WAIT = 30.0
TIMEOUT = 60.0
"""Seconds for each part of an answer."""
SETTLING_TIMEOUT = 900.0
"""Seconds in which a head office settles the entries of one request."""
_REPEATS = 3
"""How often a request may have a number that the head office has already."""


@dataclass
class RemoteOffice:
    """A `HeadOffice` at the address of its portal. check_host: which addresses are allowed. patience: seconds in which
    a request is repeated while the head office works on what was sent before."""

    url: str
    identity: Identity
    clock: Clock
    check_host: CheckHost
    patience: float = BUSY_SECONDS
    _number: int = field(default=0, init=False)

    def hello(self, hello: Hello) -> Position:
        return _position(self._call("hello", messages.hello_to_json(hello)))

    def missing(self, batches: Sequence[SentBatch]) -> Mapping[str, int]:
        answer = self._call("missing", {"batches": messages.batches_to_json(batches)})
        with messages.reading():
            return {str(sha256): int(size) for sha256, size in answer["missing"].items()}

    def add_part(self, sha256: str, offset: int, data: bytes) -> int:
        answer = self._call("part", {"sha256": sha256, "offset": offset}, data)
        with messages.reading():
            return int(answer["received"])

    def apply(self, parcel: Parcel) -> Position:
        head, data = messages.parcel_to_json(parcel)
        return _position(self._call("entries", head, data, SETTLING_TIMEOUT))

    def compare(self, digests: Mapping[str, str]) -> Sequence[str]:
        answer = self._call("compare", {"digests": dict(digests)})
        with messages.reading():
            return [str(day) for day in answer["differing"]]

    def entries(self, after: int) -> Parcel:
        answer = self._call("journal", {"after": after})
        with messages.reading():
            return messages.parcel_from_json(answer, b"")

    def read(self, batch_id: str, offset: int) -> bytes:
        return self._send("original", frame.pack({"batch_id": batch_id, "offset": offset}), TIMEOUT)

    def compare_stock(self, digests: Mapping[str, str]) -> Sequence[str]:
        answer = self._call("compare-stock", {"digests": dict(digests)})
        with messages.reading():
            return [str(day) for day in answer["differing"]]

    def stock(self, day: str, offset: int) -> Sequence[StoredMovement]:
        answer = self._call("stock", {"day": day, "offset": offset})
        with messages.reading():
            return messages.stock_from_json(answer["movements"])

    def add_stock(self, movements: Sequence[StoredMovement]) -> int:
        answer = self._call("add-stock", {"movements": messages.stock_to_json(movements)})
        with messages.reading():
            return int(answer["added"])

    def reference_state(self, questions: int) -> ReferenceState:
        answer = self._call("reference-state", {"questions": questions})
        with messages.reading():
            return messages.state_from_json(answer)

    def compare_reference(self, digests: Mapping[str, str]) -> Sequence[str]:
        answer = self._call("compare-reference", {"digests": dict(digests)})
        with messages.reading():
            return [str(group) for group in answer["differing"]]

    def reference(self, kind: str, groups: Sequence[str], after: str) -> Page:
        answer = self._call("reference", {"kind": kind, "groups": list(groups), "after": after})
        with messages.reading():
            return messages.page_from_json(answer)

    def save_reference(self, changes: Sequence[Change]) -> Sequence[Saved]:
        answer = self._call("save-reference", {"changes": messages.changes_to_json(changes)}, b"", SETTLING_TIMEOUT)
        with messages.reading():
            return messages.saved_from_json(answer["saved"])

    def requests(self, answers: Sequence[Request]) -> Sequence[Request]:
        answer = self._call("requests", {"answers": messages.requests_to_json(answers)})
        with messages.reading():
            return messages.requests_from_json(answer["requests"])

    def _call(self, call: str, head: Any, data: bytes = b"", timeout: float = TIMEOUT) -> Any:
        answer = self._send(call, frame.pack(head, data), timeout)
        try:
            return json.loads(answer)
        except ValueError as error:
            raise Rejected(f"{self.url} is not the address of a Tillstream: its answer is no JSON.") from error

    def _send(self, call: str, body: bytes, timeout: float) -> bytes:
        """The content of a successful answer. Raises `Refused`, `Rejected` and `Unavailable`."""
        for repeat in range(_REPEATS):
            try:
                return self._send_until_answered(call, body, timeout)
            except Refused as refused:
                last = refused.details.get("last_request")
                if refused.code != REPEATED or repeat == _REPEATS - 1 or not isinstance(last, int):
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
                if failures >= TRIES:
                    raise Unavailable(f"{self.url} cannot be reached: {error or type(error).__name__}.") from error
                pause = wait
                wait *= 2
            else:
                if status == http.client.OK:
                    return content
                pause, described = _retry_after(headers), _error(self.url, status, headers, content)
                limit = self.patience if isinstance(described, Busy) else BUSY_SECONDS
                if status not in BUSY or waited + pause > limit:
                    raise described
                waited += pause
            self.clock.sleep(pause)

    def _post(self, call: str, body: bytes, timeout: float) -> tuple[int, http.client.HTTPMessage, bytes]:
        target = address.target(self.url, PATH + call, self.check_host)
        connection = PinnedConnection(target, timeout)
        self._number = max(self._number + 1, self.clock.tick())
        signed = signing.headers(self.identity, "POST", PATH + call, body, self._number, self.clock.now())
        headers = {
            "Content-Type": "application/octet-stream",
            "Content-Encoding": frame.ENCODING,
            "Accept-Encoding": frame.ENCODING,
            "User-Agent": f"Tillstream/{__version__}",
        }
        try:
            connection.request("POST", target.path, body, headers | signed)
            response = connection.getresponse()
            if response.length is None and not response.chunked:
                raise http.client.IncompleteRead(b"")  # the headers were cut off
            content = response.read(frame.MAX_BYTES + 1)
            if len(content) > frame.MAX_BYTES:
                raise Rejected(f"{self.url} answers with more than {frame.MAX_BYTES >> 20} MB.")
            if response.length:
                raise http.client.IncompleteRead(content, response.length)
            if response.headers.get("Content-Encoding") == frame.ENCODING:
                content = frame.decompress(content)
            return response.status, response.headers, content
        finally:
            connection.close()


def _position(answer: Any) -> Position:
    with messages.reading():
        return messages.position_from_json(answer["position"])


def _retry_after(headers: http.client.HTTPMessage) -> float:
    text = headers.get("Retry-After", "")
    seconds = float(text) if text.isascii() and text.isdigit() else FIRST_WAIT
    return min(max(seconds, FIRST_WAIT), LONGEST_WAIT)


def _error(url: str, status: int, headers: http.client.HTTPMessage, content: bytes) -> Exception:
    """The error that an answer describes."""
    if 300 <= status < 400:
        return Rejected(f"{url} redirects to {headers.get('Location')}. Enter that address.")
    try:
        problem = json.loads(content)
        detail, refusal = str(problem["detail"]), problem.get("refusal")
    except (ValueError, KeyError, TypeError, AttributeError):
        what = f"{url} answers {status} {http.client.responses.get(status, '')}".rstrip()
        kind = Unavailable if status >= 500 or status in BUSY else Rejected
        return kind(f"{what}. Check that it is the address of the head office's portal.")
    if isinstance(refusal, dict) and refusal.get("code") == BUSY_CODE:
        return Busy(detail)
    if isinstance(refusal, dict):
        return Refused(str(refusal.get("code", "")), detail, refusal)
    return (Unavailable if status >= 500 or status in BUSY else Rejected)(detail)
