"""Requests to the command API of a test, which runs without a server."""

import json

from tillstream.adapters.local.files import command_calls
from tillstream.app import App
from tillstream.commands.client import CALL


def headers_of_call(app: App, token: str, name: str, arguments: object) -> dict[str, str]:
    """Make the call of a command in the home of the app; returns the headers that its request needs."""
    (app.settings.home / command_calls.CALLS).mkdir(exist_ok=True)
    number = command_calls.make_call(app.settings.home, token, name, body_of(arguments))
    return {"Authorization": f"Bearer {token}", "Content-Type": "application/json", CALL: number}


def body_of(arguments: object) -> bytes:
    """The body of the request."""
    return json.dumps(arguments).encode()
