"""What a command gives back, and how it tells what it is doing meanwhile."""

from dataclasses import dataclass
from typing import Any, Protocol

DONE, FAILED, WRONG, QUARANTINED, HELD = range(5)
KEPT = "kept"
LINES = "application/x-ndjson"
"""How a server tells what it is doing: a JSON value a line."""


class Progress(Protocol):
    """What a command tells while it works.

    what: bytes kept, rows read, settling begun, files or settlements done, so many more of them; or `kept`: about is
    the batch's id, a blank and the file's name, and from then on nothing needs to be sent again.
    """

    def __call__(self, what: str, count: int = 1, about: str = "") -> None: ...


def quiet(what: str, count: int = 1, about: str = "") -> None:
    """Progress where nobody looks."""


@dataclass(frozen=True)
class Result:
    """What a command did. `code` is its exit code: 0 done, 1 rejected or failed, 3 quarantined rows, 4 held."""

    data: Any
    code: int = DONE
