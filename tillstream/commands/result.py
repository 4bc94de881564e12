"""Results of commands and the protocol by which they report progress."""

from dataclasses import dataclass
from typing import Any, Protocol

DONE, FAILED, WRONG, QUARANTINED, HELD = range(5)
KEPT, SENT = "kept", "sent"
LINES = "application/x-ndjson"
"""Content type of streamed progress: one JSON value per line."""


class Progress(Protocol):
    """Progress callback of a command.

    what: `bytes`, `rows`, `settling`, `files`, `settlements`, `exported` (rows) or `fits`, of which `count` more are
    done; or `kept`: the file is stored and need not be sent again, and `about` is "BATCH_ID FILE_NAME"; or `sent`: the
    server at the address `about` executes the command, also if the client ends.
    """

    def __call__(self, what: str, count: int = 1, about: str = "") -> None: ...


def quiet(what: str, count: int = 1, about: str = "") -> None:
    """Ignore progress."""


@dataclass(frozen=True)
class Result:
    """Result of a command. code: exit code, 0 done, 1 rejected or failed, 3 quarantined rows, 4 held."""

    data: Any
    code: int = DONE
