"""Calls of homes: performed here one at a time for each home, or left to the function that may write the ledger.

What is too large for one request between both is an object in staging.
"""

import base64
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

from tillstream.contracts.registry import ContractRegistry
from tillstream.model.errors import Conflict, NotFound, Rejected, TillstreamError, Unavailable
from tillstream.model.events import STAGING
from tillstream.ports import Ports
from tillstream.ports.jobs import HOMES_FUNCTION, Functions
from tillstream.records.jobs import DocumentLease
from tillstream.sync.head_office import LocalOffice
from tillstream.sync.homes import Home
from tillstream.sync.http import call_messages, call_signatures, office_calls
from tillstream.sync.http.call_signatures import CallSignature
from tillstream.sync.http.office_calls import CallAnswer
from tillstream.sync.refusals import SOON, Busy, Refused

MAX_CALLS_AT_ONCE = 4
"""Homes whose calls one process works on at the same time, so that pages still have threads."""
STILL_SETTLING = "The head office is settling what was sent before. It continues by itself."
SYNC_TURNS = "sync_turns"
LONGEST_TURN = timedelta(minutes=10)
"""Longer than a function works on a call: a turn that was not ended, as its instance died, ends then."""

Turn = Callable[[str], AbstractContextManager[None]]
"""Name of a home → the block in which one of its calls is processed. Raises `Busy` during another one."""
CHANGED_MEANWHILE = "Something else changed at the head office at the same time. The same is sent again by itself."

CALLS_FOLDER = "sync-calls"
"""Staging folder of contents that are too large for a request."""
MAX_INLINE_BYTES = 16 << 20
"""Maximum bytes of a content in a request or an answer; Cloud Run accepts 32 MB, and base64 adds a third."""
NO_CALL = "The request is not a call of a home."
ANSWER_SECONDS = 280.0
"""How long the portal of a project waits for the function: a little less than a request to it may take."""


class CallTurns:
    """The homes whose calls this process works on now."""

    def __init__(self, most: int = MAX_CALLS_AT_ONCE) -> None:
        self._most = most
        self._homes: set[str] = set()
        self._lock = threading.Lock()

    @contextmanager
    def turn(self, home: str) -> Iterator[None]:
        """Raise `Busy` while an earlier call of the home is processed, as after a lost connection."""
        with self._lock:
            if home in self._homes or len(self._homes) >= self._most:
                raise Busy(STILL_SETTLING)
            self._homes.add(home)
        try:
            yield
        finally:
            with self._lock:
                self._homes.discard(home)


def shared_turns(ports: Ports) -> Callable[[str], AbstractContextManager[None]]:
    """As `CallTurns.turn`, among all instances of a function: a document for each home."""
    return lambda home: _shared_turn(ports, home)


@contextmanager
def _shared_turn(ports: Ports, home: str) -> Iterator[None]:
    lease = DocumentLease(ports, SYNC_TURNS, home)
    if not lease.take(LONGEST_TURN):
        raise Busy(STILL_SETTLING)
    try:
        yield
    finally:
        with suppress(TillstreamError):  # it ends by itself
            lease.end()


@dataclass(frozen=True)
class SignedCall:
    """name: of one of `OFFICE_CALLS`. path: that was signed. headers: at least those of the signature."""

    name: str
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def signature(self) -> dict[str, str]:
        """The headers of the signature."""
        return {name: self.headers[name] for name in call_signatures.SIGNATURE_HEADERS if name in self.headers}


def perform_call(ports: Ports, contracts: ContractRegistry, call: SignedCall, turn: Turn) -> CallAnswer:
    """Check who sent a call and that it is new, and answer it.

    Raises `NotAHome`, `Busy`, `Refused`, `Rejected`, `Unavailable`.
    """
    home, signed = claimed_sender(ports, call)
    call_signatures.check_call(ports, home, signed, call.method, call.path, call.body)
    head, data = call_messages.unpack_content(call.body)
    with turn(home.name):
        try:
            return office_calls.OFFICE_CALLS[call.name](LocalOffice(ports, contracts, home.name, signed.at), head, data)
        except Conflict as error:
            raise Busy(CHANGED_MEANWHILE) from error


def claimed_sender(ports: Ports, call: SignedCall) -> tuple[Home, CallSignature]:
    """As `call_signatures.claimed_home`."""
    return call_signatures.claimed_home(ports, call.headers)


def answer_call(ports: Ports, contracts: ContractRegistry, call: SignedCall, turn: Turn) -> CallAnswer:
    """Answer a call in this process or, in the portal of a project, by the function. Raises as `perform_call`.

    turn: of this process.
    """
    if ports.functions is None:
        return perform_call(ports, contracts, call, turn)
    home, signed = claimed_sender(ports, call)
    call_signatures.check_call_signature(home, signed, call.method, call.path, call.body)
    with turn(home.name):
        return _ask_function(ports, ports.functions, call)


def serve_call(ports: Ports, contracts: ContractRegistry, data: Any) -> dict[str, Any]:
    """In the function: answer what `answer_call` sent. The result is JSON. Raises `NotAHome`, `Rejected`,
    `Unavailable`."""
    call = _call_from_json(ports, data)
    try:
        result = perform_call(ports, contracts, call, shared_turns(ports))
    except Refused as refused:
        return {"refused": {"code": refused.code, "message": str(refused), "details": dict(refused.details)}}
    except Busy as busy:
        return {"busy": str(busy), "seconds": busy.seconds}
    if isinstance(result, bytes):
        return {"bytes": _content_to_json(ports, result)}
    return {"json": _content_to_json(ports, json.dumps(result).encode())}


def _ask_function(ports: Ports, functions: Functions, call: SignedCall) -> CallAnswer:
    content = _content_to_json(ports, call.body)
    request = {"call": call.name, "method": call.method, "path": call.path, "headers": call.signature}
    try:
        result = functions.call(HOMES_FUNCTION, {**request, "content": content}, ANSWER_SECONDS)
    finally:
        _forget_content(ports, content)
    match result:
        case {"refused": {"code": code, "message": message, "details": details}}:
            raise Refused(code, message, details)
        case {"busy": message}:
            raise Busy(message, int(result.get("seconds", SOON)))
        case {"bytes": content}:
            return _taken_content(ports, content)
        case _:
            answered: dict[str, Any] = json.loads(_taken_content(ports, result["json"]))
            return answered


def _call_from_json(ports: Ports, data: Any) -> SignedCall:
    """Raises `Rejected`, also if the call is not the one whose path was signed, and `Unavailable` if the content is not
    there any more."""
    try:
        headers = {str(name): str(value) for name, value in data["headers"].items()}
        body = _call_content(ports, data["content"])
        call = SignedCall(str(data["call"]), str(data["method"]), str(data["path"]), headers, body)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise Rejected(NO_CALL) from error
    except NotFound as error:
        raise Unavailable("The content of the call is not there any more. Send it again.") from error
    if call.name not in office_calls.OFFICE_CALLS or call.path.rpartition("/")[2] != call.name:
        raise Rejected(NO_CALL)
    return call


def _content_to_json(ports: Ports, content: bytes) -> dict[str, str]:
    if len(content) <= MAX_INLINE_BYTES:
        return {"base64": base64.b64encode(content).decode("ascii")}
    name = f"{CALLS_FOLDER}/{uuid4().hex}"
    with ports.objects.writer(STAGING, name, if_generation=0) as writer:
        writer.write(content)
    return {"object": name}


def _call_content(ports: Ports, content: Mapping[str, str]) -> bytes:
    """Raises `KeyError`, `ValueError`, `NotFound`, `Unavailable`."""
    if "object" not in content:
        return base64.b64decode(content["base64"], validate=True)
    name = content["object"]
    if not name.startswith(f"{CALLS_FOLDER}/"):
        raise ValueError(name)
    with ports.objects.open(STAGING, name) as stream:
        return stream.read()


def _taken_content(ports: Ports, content: Mapping[str, str]) -> bytes:
    """The content, whose object is not needed any more."""
    read = _call_content(ports, content)
    _forget_content(ports, content)
    return read


def _forget_content(ports: Ports, content: Mapping[str, str]) -> None:
    if "object" in content:
        ports.objects.delete(STAGING, content["object"])
