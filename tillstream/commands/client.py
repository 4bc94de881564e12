"""Asking the server that owns the folder to run a command, and hearing what it does."""

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


def ask(address: str, token: str, name: str, arguments: Mapping[str, Any], progress: Progress) -> Result:
    """What the command gave. Raises what it raised there, `PermissionError` and `ConnectionRefusedError` where another
    or nobody listens, `Unavailable` when the server went away while it worked.
    """
    body = json.dumps(dict(arguments)).encode()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json", "Accept": LINES}
    request = urllib.request.Request(f"{address}{PATH}{name}", body, headers)  # noqa: S310 - our own loopback address
    kept: dict[str, str] = {}
    try:
        with urllib.request.urlopen(request) as response:  # noqa: S310
            if response.headers.get_content_type() != LINES:
                raise Unavailable(f"What answers at {address} is no Tillstream of this version: start the server anew.")
            for line in response:
                told = json.loads(line)
                if "answer" in told:
                    return _result(told["answer"])
                if told["what"] == KEPT:
                    batch, _, file = told["about"].partition(" ")
                    kept[batch] = file
                progress(told["what"], told["count"], told["about"])
    except urllib.error.HTTPError as error:
        error.close()
        if error.code in (401, 403):
            raise PermissionError from error
        raise Unavailable(f"What answers at {address} is no Tillstream of this version: {error}.") from error
    except urllib.error.URLError as error:
        if isinstance(error.reason, ConnectionRefusedError):
            raise error.reason from error
        raise _gone(address, arguments, kept) from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _gone(address, arguments, kept) from error
    raise _gone(address, arguments, kept)


def _result(answer: Mapping[str, Any]) -> Result:
    """Raises what the command raised in the server."""
    if "type" in answer:
        raise ERRORS.get(answer["type"], Rejected)(answer["detail"])
    return Result(answer["data"], answer["code"])


def _gone(address: str, arguments: Mapping[str, Any], kept: Mapping[str, str]) -> Unavailable:
    """What is safe already, and what is left to do."""
    words = [f"The server at {address} went away while it worked."]
    words += [
        f"{file} had been received and is kept as batch {batch}: it need not be sent again. "
        f"`tillstream sweep`, or the next server, goes on with it; `tillstream receipts {batch}` says how far it is."
        for batch, file in kept.items()
    ]
    sent = [Path(path).name for path in (*arguments.get("files", ()), *filter(None, [arguments.get("file")]))]
    left = [name for name in sent if name not in kept.values()]
    if left:
        words.append(
            f"Of {', '.join(left)} nothing is known to be kept. Run the command again for it: "
            "a file counts once, however often it is sent."
        )
    elif not kept:
        words.append("Run the command again: nothing is done twice.")
    return Unavailable(" ".join(words))
