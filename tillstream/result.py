"""What a command gives back, and how it tells what it is doing meanwhile."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

DONE, FAILED, WRONG, QUARANTINED, HELD = range(5)
Progress = Callable[[str, int], None]


@dataclass(frozen=True)
class Result:
    """What a command did. `code` is its exit code: 0 done, 1 rejected or failed, 3 quarantined rows, 4 held."""

    data: Any
    code: int = DONE
