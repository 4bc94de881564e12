"""Commands beside a running server: they go through it, because one process owns the folder."""

import http.client
import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from tillstream.app import folder, open_app, renew
from tillstream.commands import COMMANDS
from tillstream.domain.errors import Conflict, NotFound, Rejected, Unavailable
from tillstream.result import KEPT, LINES, Progress, Result
from tillstream.settings import Settings

PATH = "/control/"
TRIES = 50
ERRORS = {error.__name__: error for error in (Conflict, NotFound, Rejected, Unavailable)}


def execute(settings: Settings, name: str, arguments: Mapping[str, Any], progress: Progress) -> Result:
    """Run a command through the live server, else in this process under the folder's lock, waiting for its turn.

    Raises what the command raises; `Unavailable` when the server went away while it worked.
    """
    for _ in range(TRIES):
        server = folder(settings).find_server()
        if server is None:
            break
        try:
            return _ask(server.address, server.token, name, arguments, progress)
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


def _ask(address: str, token: str, name: str, arguments: Mapping[str, Any], progress: Progress) -> Result:
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
