"""Commands beside a running server: they go through it, because one process owns the folder."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

from tillstream.app import folder, open_app, renew
from tillstream.commands import COMMANDS
from tillstream.domain.errors import NotFound, Rejected, Unavailable
from tillstream.result import Progress, Result
from tillstream.settings import Settings

PATH = "/control/"
TRIES = 50
ERRORS = {error.__name__: error for error in (NotFound, Rejected, Unavailable)}


def execute(settings: Settings, name: str, arguments: Mapping[str, Any], progress: Progress) -> Result:
    """Run a command through the live server, else in this process under the folder's lock, waiting for its turn.

    Raises what the command raises; `Unavailable` when the server went away while it worked.
    """
    for _ in range(TRIES):
        server = folder(settings).find_server()
        if server is None:
            break
        try:
            return _ask(server.address, server.token, name, arguments)
        except PermissionError:  # another server by now: its address file is being replaced
            time.sleep(0.1)
        except ConnectionRefusedError:  # nobody listens: the file was left by a server that died
            break
    if name == "rebuild" and arguments.get("originals"):
        # the one command that must not need a warehouse of our schema: it makes one
        report = renew(settings, lambda step: progress("settlements", step))
        if report:
            return Result(report)
    with open_app(settings) as app:
        return COMMANDS[name](app, progress, **arguments)


def _ask(address: str, token: str, name: str, arguments: Mapping[str, Any]) -> Result:
    body = json.dumps(dict(arguments)).encode()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"{address}{PATH}{name}", body, headers)  # noqa: S310 - our own loopback address
    try:
        with urllib.request.urlopen(request) as response:  # noqa: S310
            answer = json.load(response)
    except urllib.error.HTTPError as error:
        if error.code in (401, 403):
            raise PermissionError from error
        problem = _problem(error)
        raise ERRORS.get(problem.get("type", ""), Unavailable)(problem.get("detail", str(error))) from error
    except urllib.error.URLError as error:
        if isinstance(error.reason, ConnectionRefusedError):
            raise error.reason from error
        raise Unavailable(f"The server at {address} went away: {error.reason}. Run the command again.") from error
    except (ConnectionError, TimeoutError) as error:
        raise Unavailable(f"The server at {address} went away while it worked. Run the command again.") from error
    return Result(answer["data"], answer["code"])


def _problem(error: urllib.error.HTTPError) -> dict[str, str]:
    """What the server says, if it is ours: something else may answer at its address by now."""
    try:
        said = json.load(error)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}
