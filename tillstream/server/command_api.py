"""Command API of the server for clients on the same machine.

A request needs the token of `server.json`, and a call in the home folder, which only its user can make.
"""

import hmac
import json
from collections.abc import Callable
from typing import Any

from flask import Flask, Response, jsonify, request

from tillstream.app import App
from tillstream.app.local import local_home_folder
from tillstream.commands.client import CALL, COMMAND_API
from tillstream.commands.registry import COMMANDS
from tillstream.commands.result import LINES, Progress, quiet
from tillstream.model.document_json import JsonObject
from tillstream.model.errors import Rejected, TillstreamError
from tillstream.model.json_text import to_json
from tillstream.records import audit_log

Answer = tuple[JsonObject, int]


class _StreamedResponse(Response):
    """Streams progress lines, then the answer, from the thread that runs the command, without a generator thread."""

    def __init__(self, work: Callable[[Progress], Answer], *, ends_with_client: bool) -> None:
        super().__init__(mimetype=LINES)
        self._work, self._ends_with_client = work, ends_with_client

    def __call__(self, environ: Any, start_response: Any) -> list[bytes]:  # noqa: ARG002 - what WSGI calls
        write = start_response("200 OK", [("Content-Type", LINES)])

        def send_progress(what: str, count: int = 1, about: str = "") -> None:
            try:
                write(_line({"what": what, "count": count, "about": about}))
            except Exception as error:  # the client has disconnected; most commands continue
                if self._ends_with_client:
                    raise Rejected("The client has ended.") from error

        answer, status = self._work(send_progress)
        # of a list with one item, waitress takes the length for that of the whole answer, also after progress
        return [_line({"answer": answer, "status": status}), b""]


def _line(event: JsonObject) -> bytes:
    return json.dumps(event, ensure_ascii=False).encode() + b"\n"


def create_control(app: App, token: str) -> Flask:
    """Create a WSGI app: POST /NAME with a command's arguments as JSON returns {"data", "code"}."""
    flask = Flask("tillstream.server.command_api")
    flask.json.sort_keys = False  # type: ignore[attr-defined]  # the same output with and without a server

    @flask.before_request
    def only_with_token() -> tuple[str, int] | None:
        bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
        return None if hmac.compare_digest(bearer.encode(), token.encode()) else ("", 403)

    @flask.post("/<name>")
    def run(name: str) -> Response | tuple[Response, int] | tuple[str, int]:
        number = request.headers.get(CALL, "")
        try:
            user = local_home_folder(app.settings).take_call(token, number, name, request.get_data())
        except PermissionError:
            return "", 403
        arguments: Any = request.get_json()
        if not isinstance(arguments, dict):
            return jsonify(type=Rejected.__name__, detail="The arguments must be a JSON object."), 422

        def work(progress: Progress) -> Answer:
            with audit_log.client_address(audit_log.origin_of_command(COMMAND_API, user)):
                return _answer(flask, app, name, arguments, progress)

        if request.accept_mimetypes.best == LINES:
            command = COMMANDS.get(name)
            return _StreamedResponse(work, ends_with_client=command is not None and command.ends_with_client)
        answer, status = work(quiet)
        return jsonify(answer), status

    return flask


def _answer(flask: Flask, app: App, name: str, arguments: JsonObject, progress: Progress) -> Answer:
    command = COMMANDS.get(name)
    if command is None:
        return {"type": "NotFound", "detail": f"There is no command {name}."}, 404
    try:
        result = command(app, progress, **arguments)
    except TillstreamError as error:
        return {"type": type(error).__name__, "detail": str(error)}, 422
    except Exception as error:
        flask.logger.exception("the command %s broke", name)
        detail = f"{name} failed in the server; see the server log for details: {type(error).__name__}: {error}"
        return {"type": Rejected.__name__, "detail": detail}, 500
    return {"data": to_json(result.data), "code": result.code}, 200
