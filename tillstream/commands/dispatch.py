"""Commands beside a running server: they go through it, because one process owns the folder."""

import threading
import time
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from tillstream.app import open_app
from tillstream.commands.registry import COMMANDS
from tillstream.commands.result import Progress, Result
from tillstream.domain.errors import Occupied
from tillstream.settings import Settings

TRIES = 50
TURN = 2.0
"""Seconds to wait for the folder before looking for a server again."""


def execute(settings: Settings, name: str, arguments: Mapping[str, Any], progress: Progress) -> Result:
    """Run a command through the live server, else in this process under the folder's lock, waiting for its turn.

    Who holds the folder may be a server that has not said yet where it listens: so we look again while we wait. On a
    project of Google's nobody owns anything, and each command works by itself. Raises what the command raises;
    `Unavailable` when the server went away while it worked.
    """
    if settings.project:
        return _with_app(settings, name, arguments, progress)
    while True:
        result = _by_the_server(settings, name, arguments, progress)
        if result:
            return result
        try:
            return _here(settings, name, arguments, progress)
        except Occupied:
            continue


def _by_the_server(settings: Settings, name: str, arguments: Mapping[str, Any], progress: Progress) -> Result | None:
    """None where no server listens."""
    from tillstream.app.local import folder

    for _ in range(TRIES):
        server = folder(settings).find_server()
        if server is None:
            return None
        from tillstream.commands.client import ask  # what it needs is of no use where no server runs

        try:
            return ask(server.address, server.token, name, arguments, progress)
        except PermissionError:  # another server by now: its address file is being replaced
            time.sleep(0.1)
        except ConnectionRefusedError:  # nobody listens: the file was left by a server that died
            return None
    return None


def _here(settings: Settings, name: str, arguments: Mapping[str, Any], progress: Progress) -> Result:
    if name == "rebuild" and arguments.get("originals"):
        from tillstream.app.local import renew

        # the one command that must not need a warehouse of our schema: it makes one
        report = renew(settings, lambda step: progress("settlements", step), TURN)
        if report:
            return Result(report)
    return _with_app(settings, name, arguments, progress)


def _with_app(settings: Settings, name: str, arguments: Mapping[str, Any], progress: Progress) -> Result:
    takes = name == "ingest"
    if takes:
        # the frame libraries load while the folder is opened and the bytes are kept
        threading.Thread(target=import_module, args=("tillstream.pipeline.validating.validate",), daemon=True).start()
    with open_app(settings, TURN, rates=not takes) as app:
        return COMMANDS[name](app, progress, **arguments)
