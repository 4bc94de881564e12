"""Client of the command API: run a command in the server that owns the folder and receive its progress."""

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tillstream.commands.result import KEPT, LINES, Progress, Result
from tillstream.domain.errors import Conflict, NotFound, Rejected, Unavailable

PATH = "/control/"
ERRORS = {error.__name__: error for error in (Conflict, NotFound, Rejected, Unavailable)}


def send_command(address: str, token: str, name: str, arguments: Mapping[str, Any], progress: Progress) -> Result:
    """Run a command in the server and return its result.

    Raises what the command raises in the server; `PermissionError` if another server listens at the address,
    `ConnectionRefusedError` if none does, `Unavailable` if the server stopped during the command.
    """
    body = json.dumps(dict(arguments)).encode()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json", "Accept": LINES}
    request = urllib.request.Request(f"{address}{PATH}{name}", body, headers)  # noqa: S310 - our own loopback address
    stored: dict[str, str] = {}
    try:
        with urllib.request.urlopen(request) as response:  # noqa: S310
            if response.headers.get_content_type() != LINES:
                raise Unavailable(
                    f"The server at {address} does not run this version of Tillstream. Restart the server."
                )
            for line in response:
                event = json.loads(line)
                if "answer" in event:
                    return _result(event["answer"])
                if event["what"] == KEPT:
                    batch, _, file = event["about"].partition(" ")
                    stored[batch] = file
                progress(event["what"], event["count"], event["about"])
    except urllib.error.HTTPError as error:
        error.close()
        if error.code in (401, 403):
            raise PermissionError from error
        raise Unavailable(f"The server at {address} does not run this version of Tillstream: {error}.") from error
    except urllib.error.URLError as error:
        if isinstance(error.reason, ConnectionRefusedError):
            raise error.reason from error
        raise _server_lost(address, arguments, stored) from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _server_lost(address, arguments, stored) from error
    raise _server_lost(address, arguments, stored)


def _result(answer: Mapping[str, Any]) -> Result:
    """Return the result, or raise what the command raised in the server."""
    if "type" in answer:
        raise ERRORS.get(answer["type"], Rejected)(answer["detail"])
    return Result(answer["data"], answer["code"])


def _server_lost(address: str, arguments: Mapping[str, Any], stored: Mapping[str, str]) -> Unavailable:
    """Build an error that lists stored files and files to send again."""
    sentences = [f"The server at {address} stopped during the command."]
    sentences += [
        f"{file} was received and is kept as batch {batch}; do not send it again. `tillstream sweep` or the next "
        f"server start resumes it; `tillstream receipts {batch}` shows its state."
        for batch, file in stored.items()
    ]
    sent = [Path(path).name for path in (*arguments.get("files", ()), *filter(None, [arguments.get("file")]))]
    not_stored = [name for name in sent if name not in stored.values()]
    if not_stored:
        sentences.append(
            f"It is not known whether {', '.join(not_stored)} was stored. Run the command again: a file counts only "
            "once, even if it is sent more than once."
        )
    elif not stored:
        sentences.append("Run the command again: nothing is done twice.")
    return Unavailable(" ".join(sentences))
