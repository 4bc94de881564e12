"""The server's door for commands of the same machine: the token of `server.json` opens it, nothing else does."""

import hmac
import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from flask import Flask, Response, jsonify, request

from tillstream.analytics.json_values import plain
from tillstream.app import App
from tillstream.commands.registry import COMMANDS
from tillstream.commands.result import LINES, Progress, quiet
from tillstream.domain.errors import Rejected, TillstreamError

"""Asked for by the command line: a JSON line for each step of progress, and the answer as the last."""
Answer = tuple[dict[str, Any], int]


class _Told(Response):
    """Each line goes out as it is said, from the thread that works: a generator would need another beside it."""

    def __init__(self, work: Callable[[Progress], Answer]) -> None:
        super().__init__(mimetype=LINES)
        self._work = work

    def __call__(self, environ: Any, start_response: Any) -> list[bytes]:  # noqa: ARG002 - what WSGI calls
        write = start_response("200 OK", [("Content-Type", LINES)])

        def say(what: str, count: int = 1, about: str = "") -> None:
            with suppress(Exception):  # whoever asked may have gone, whatever the server calls that: the work goes on
                write(_line({"what": what, "count": count, "about": about}))

        answer, status = self._work(say)
        return [_line({"answer": answer, "status": status})]


def _line(told: dict[str, Any]) -> bytes:
    return json.dumps(told, ensure_ascii=False).encode() + b"\n"


def create_control(app: App, token: str) -> Flask:
    """A WSGI app of one address: POST /NAME with a command's arguments as JSON answers {"data", "code"}."""
    flask = Flask("tillstream.server.command_api")
    flask.json.sort_keys = False  # type: ignore[attr-defined]  # an answer reads the same with a server and without

    @flask.before_request
    def only_with_token() -> tuple[str, int] | None:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        return None if hmac.compare_digest(given.encode(), token.encode()) else ("", 403)

    @flask.post("/<name>")
    def run(name: str) -> Response | tuple[Response, int]:
        arguments: dict[str, Any] = request.get_json()

        def work(progress: Progress) -> Answer:
            return _answer(flask, app, name, arguments, progress)

        if request.accept_mimetypes.best == LINES:
            return _Told(work)
        answer, status = work(quiet)
        return jsonify(answer), status

    return flask


def _answer(flask: Flask, app: App, name: str, arguments: dict[str, Any], progress: Progress) -> Answer:
    command = COMMANDS.get(name)
    if command is None:
        return {"type": "NotFound", "detail": f"There is no command {name}."}, 404
    try:
        result = command(app, progress, **arguments)
    except TillstreamError as error:
        return {"type": type(error).__name__, "detail": str(error)}, 422
    except Exception as error:
        flask.logger.exception("the command %s broke", name)
        detail = f"{name} broke in the server, whose log says where: {type(error).__name__}: {error}"
        return {"type": Rejected.__name__, "detail": detail}, 500
    return {"data": plain(result.data), "code": result.code}, 200
