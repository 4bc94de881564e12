"""What a step needs of the machine that it runs on: the clock, secrets, and processes of queries."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from tillstream.model.document_json import JsonObject

if TYPE_CHECKING:
    import pyarrow as pa

SECRET_PREFIX = "tillstream-source-"  # noqa: S105 - a part of a name
"""Start of the names of secrets in Secret Manager that can be read, so that no other secret of a project can be."""
StopReason = Callable[[], str]
"""Why to stop a statement; empty: it continues."""


class Clock(Protocol):
    """Raises nothing; may be called from any thread and process."""

    def now(self) -> datetime:
        """The current instant, timezone-aware, in UTC."""

    def tick(self) -> int:
        """Microseconds since 1970, strictly greater than every earlier tick of this clock."""

    def sleep(self, seconds: float) -> None:
        """Wait; a test clock advances its time instead."""


class Secrets(Protocol):
    """Values are in no log, error or `repr`. Safe in threads."""

    def get(self, name: str) -> str:
        """The value, without a line break at its end. Raises `Rejected` for a name that is not allowed or has no value,
        `Unavailable`."""


class BrokenFrame(Exception):
    """The process sent something else than an answer."""


class QueryProcess(Protocol):
    """All raise `Rejected` if the process ended, or with the reason to stop, and `BrokenFrame`."""

    def send(self, value: Mapping[str, Any]) -> None:
        """Give the process a task, as JSON."""

    def reply(self, stop: StopReason) -> JsonObject:
        """What the process answers, as JSON. Nothing in it is to be trusted."""

    def table(self, stop: StopReason) -> "pa.Table | JsonObject":
        """The rows that it answers; what `reply` returns if it answers something else."""


class QueryProcesses(Protocol):
    def start(self) -> AbstractContextManager[QueryProcess]:
        """A process, which ends with the block."""

    def prepare(self) -> None:
        """A statement is about to be run: load libraries, if that can be done before."""
