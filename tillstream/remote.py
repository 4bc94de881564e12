"""Commands beside a running server: they go through it, because one process owns the folder."""

import threading
import time
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from tillstream.app import folder, open_app, renew
from tillstream.commands import COMMANDS
from tillstream.result import Progress, Result
from tillstream.settings import Settings

TRIES = 50


def execute(settings: Settings, name: str, arguments: Mapping[str, Any], progress: Progress) -> Result:
    """Run a command through the live server, else in this process under the folder's lock, waiting for its turn.

    Raises what the command raises; `Unavailable` when the server went away while it worked.
    """
    for _ in range(TRIES):
        server = folder(settings).find_server()
        if server is None:
            break
        from tillstream.ask import ask  # what it needs is of no use where no server runs

        try:
            return ask(server.address, server.token, name, arguments, progress)
        except PermissionError:  # another server by now: its address file is being replaced
            time.sleep(0.1)
        except ConnectionRefusedError:  # nobody listens: the file was left by a server that died
            break
    if name == "rebuild" and arguments.get("originals"):
        # the one command that must not need a warehouse of our schema: it makes one
        report = renew(settings, lambda step: progress("settlements", step))
        if report:
            return Result(report)
    takes = name == "ingest"
    if takes:
        # the frame libraries load while the folder is opened and the bytes are kept
        threading.Thread(target=import_module, args=("tillstream.pipeline.validate",), daemon=True).start()
    with open_app(settings, rates=not takes) as app:
        return COMMANDS[name](app, progress, **arguments)
