"""Calls of homes to a project: its portal may not write the ledger, so it leaves them to the function `homes`.

What is too large for one request between both is an object in staging.
"""

import base64
import json
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from tillstream.contracts.registry import ContractRegistry
from tillstream.model.errors import NotFound, Rejected, Unavailable
from tillstream.model.events import STAGING
from tillstream.ports import Ports
from tillstream.ports.machine import HOMES_FUNCTION, Functions
from tillstream.sync.http import authentication, calls, dispatch
from tillstream.sync.http.calls import SignedCall, Turn
from tillstream.sync.http.dispatch import Answer
from tillstream.sync.http.turns import shared_turns
from tillstream.sync.refusals import SOON, Busy, Refused

FOLDER = "sync-calls"
"""Staging folder of contents that are too large for a request."""
INLINE = 16 << 20
"""Maximum bytes of a content in a request or an answer; Cloud Run accepts 32 MB, and base64 adds a third."""
NO_CALL = "The request is not a call of a home."
SECONDS = 280.0
"""How long the portal of a project waits for the function: a little less than a request to it may take."""


def answer(ports: Ports, contracts: ContractRegistry, call: SignedCall, turn: Turn) -> Answer:
    """Answer a call in this process or, in the portal of a project, by the function. Raises as `calls.perform`.

    turn: of this process.
    """
    if ports.functions is None:
        return calls.perform(ports, contracts, call, turn)
    home, signed = calls.claimed(ports, call)
    authentication.check_signature(home, signed, call.method, call.path, call.body)
    with turn(home.name):
        return _ask(ports, ports.functions, call)


def serve(ports: Ports, contracts: ContractRegistry, data: Any) -> dict[str, Any]:
    """In the function: answer what `answer` sent. The result is JSON. Raises `NotAHome`, `Rejected`, `Unavailable`."""
    call = _call_from_json(ports, data)
    try:
        result = calls.perform(ports, contracts, call, shared_turns(ports))
    except Refused as refused:
        return {"refused": {"code": refused.code, "message": str(refused), "details": dict(refused.details)}}
    except Busy as busy:
        return {"busy": str(busy), "seconds": busy.seconds}
    if isinstance(result, bytes):
        return {"bytes": _content_to_json(ports, result)}
    return {"json": _content_to_json(ports, json.dumps(result).encode())}


def _ask(ports: Ports, functions: Functions, call: SignedCall) -> Answer:
    content = _content_to_json(ports, call.body)
    request = {"call": call.name, "method": call.method, "path": call.path, "headers": call.signature}
    try:
        result = functions.call(HOMES_FUNCTION, {**request, "content": content}, SECONDS)
    finally:
        _forget(ports, content)
    match result:
        case {"refused": {"code": code, "message": message, "details": details}}:
            raise Refused(code, message, details)
        case {"busy": message}:
            raise Busy(message, int(result.get("seconds", SOON)))
        case {"bytes": content}:
            return _taken(ports, content)
        case _:
            answered: dict[str, Any] = json.loads(_taken(ports, result["json"]))
            return answered


def _call_from_json(ports: Ports, data: Any) -> SignedCall:
    """Raises `Rejected`, also if the call is not the one whose path was signed, and `Unavailable` if the content is not
    there any more."""
    try:
        headers = {str(name): str(value) for name, value in data["headers"].items()}
        body = _content(ports, data["content"])
        call = SignedCall(str(data["call"]), str(data["method"]), str(data["path"]), headers, body)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise Rejected(NO_CALL) from error
    except NotFound as error:
        raise Unavailable("The content of the call is not there any more. Send it again.") from error
    if call.name not in dispatch.CALLS or call.path.rpartition("/")[2] != call.name:
        raise Rejected(NO_CALL)
    return call


def _content_to_json(ports: Ports, content: bytes) -> dict[str, str]:
    if len(content) <= INLINE:
        return {"base64": base64.b64encode(content).decode("ascii")}
    name = f"{FOLDER}/{uuid4().hex}"
    with ports.objects.writer(STAGING, name, if_generation=0) as writer:
        writer.write(content)
    return {"object": name}


def _content(ports: Ports, content: Mapping[str, str]) -> bytes:
    """Raises `KeyError`, `ValueError`, `NotFound`, `Unavailable`."""
    if "object" not in content:
        return base64.b64decode(content["base64"], validate=True)
    name = content["object"]
    if not name.startswith(f"{FOLDER}/"):
        raise ValueError(name)
    with ports.objects.open(STAGING, name) as stream:
        return stream.read()


def _taken(ports: Ports, content: Mapping[str, str]) -> bytes:
    """The content, whose object is not needed any more."""
    read = _content(ports, content)
    _forget(ports, content)
    return read


def _forget(ports: Ports, content: Mapping[str, str]) -> None:
    if "object" in content:
        ports.objects.delete(STAGING, content["object"])
