"""Client of the command API: run a command in the server that owns the folder and receive its progress."""

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

from tillstream.app.local import ServerAddress, local_home_folder
from tillstream.commands.registry import COMMANDS
from tillstream.commands.result import LINES, SENT, KeptFiles, Progress, Result
from tillstream.model.errors import Conflict, NotFound, Rejected, Unavailable
from tillstream.settings import Settings

PATH = "/control/"
CALL = "Tillstream-Call"
"""Header with the number of the call in the home folder."""
COMMAND_API = "command API"
ERRORS = {error.__name__: error for error in (Conflict, NotFound, Rejected, Unavailable)}


def send_command(
    settings: Settings, server: ServerAddress, name: str, arguments: Mapping[str, Any], progress: Progress
) -> Result:
    """Run a command in the server and return its result.

    Raises what the command raises in the server; `PermissionError` if another server listens at the address or this
    user may not call it, `ConnectionRefusedError` if none listens, `Unavailable` if the server stopped during the
    command.
    """
    body = json.dumps(dict(arguments)).encode()
    try:
        with local_home_folder(settings).prepared_call(server, name, body) as number:
            return _send(server, name, body, number, KeptFiles(progress), arguments)
    except FileNotFoundError as error:  # the server has ended since, or it is of another version
        raise PermissionError(f"The server at {server.address} accepts no commands of this version.") from error


def _send(
    server: ServerAddress, name: str, body: bytes, number: str, kept: KeptFiles, arguments: Mapping[str, Any]
) -> Result:
    address = server.address
    headers = {"Authorization": f"Bearer {server.token}", "Content-Type": "application/json", "Accept": LINES}
    request = urllib.request.Request(  # noqa: S310 - our own loopback address
        f"{address}{PATH}{name}", body, headers | {CALL: number}
    )
    try:
        with urllib.request.urlopen(request) as response:  # noqa: S310
            if response.headers.get_content_type() != LINES:
                raise Unavailable(
                    f"The server at {address} does not run this version of Tillstream. Restart the server."
                )
            if not COMMANDS[name].ends_with_client:
                kept(SENT, about=address)
            for line in response:
                event = json.loads(line)
                if "answer" in event:
                    return _result(event["answer"])
                kept(event["what"], event["count"], event["about"])
    except urllib.error.HTTPError as error:
        error.close()
        if error.code in (401, 403):
            raise PermissionError(f"The server at {address} refuses commands of this user.") from error
        raise Unavailable(f"The server at {address} does not run this version of Tillstream: {error}.") from error
    except urllib.error.URLError as error:
        if isinstance(error.reason, ConnectionRefusedError):
            raise error.reason from error
        raise _server_lost(address, arguments, kept) from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _server_lost(address, arguments, kept) from error
    raise _server_lost(address, arguments, kept)


def _result(answer: Mapping[str, Any]) -> Result:
    """Return the result, or raise what the command raised in the server."""
    if "type" in answer:
        raise ERRORS.get(answer["type"], Rejected)(answer["detail"])
    return Result(answer["data"], answer["code"])


def _server_lost(address: str, arguments: Mapping[str, Any], kept: KeptFiles) -> Unavailable:
    return Unavailable(f"The server at {address} stopped during the command. {kept.advice(arguments)}")
