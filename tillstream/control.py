"""The server's door for commands of the same machine: the token of `server.json` opens it, nothing else does."""

import hmac
from typing import Any

from flask import Flask, Response, jsonify, request

from tillstream.app import App
from tillstream.commands import COMMANDS
from tillstream.domain.errors import Rejected, TillstreamError
from tillstream.jsons import plain


def _no_progress(_: str, __: int) -> None:
    """The command line beside the server shows that it waits."""


def create_control(app: App, token: str) -> Flask:
    """A WSGI app of one address: POST /NAME with a command's arguments as JSON answers {"data", "code"}."""
    flask = Flask("tillstream.control")
    flask.json.sort_keys = False  # type: ignore[attr-defined]  # an answer reads the same with a server and without

    @flask.before_request
    def only_with_token() -> tuple[str, int] | None:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        return None if hmac.compare_digest(given.encode(), token.encode()) else ("", 403)

    @flask.post("/<name>")
    def run(name: str) -> Response | tuple[Response, int]:
        command = COMMANDS.get(name)
        if command is None:
            return jsonify({"type": "NotFound", "detail": f"There is no command {name}."}), 404
        arguments: dict[str, Any] = request.get_json()
        try:
            result = command(app, _no_progress, **arguments)
        except TillstreamError as error:
            return jsonify({"type": type(error).__name__, "detail": str(error)}), 422
        except Exception as error:
            flask.logger.exception("the command %s broke", name)
            detail = f"{name} broke in the server, whose log says where: {type(error).__name__}: {error}"
            return jsonify({"type": Rejected.__name__, "detail": detail}), 500
        return jsonify({"data": plain(result.data), "code": result.code})

    return flask
