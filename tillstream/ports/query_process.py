"""QueryProcess: a process that holds only what one person may read, and runs one statement of that person."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import pyarrow as pa

Stop = Callable[[], str]
"""Why to stop a statement; empty: it continues."""


class BrokenFrame(Exception):
    """The process sent something else than an answer."""


class QueryProcess(Protocol):
    """All raise `Rejected` if the process ended, or with the reason to stop, and `BrokenFrame`."""

    def send(self, value: Mapping[str, Any]) -> None:
        """Give the process a task, as JSON."""

    def reply(self, stop: Stop) -> dict[str, Any]:
        """What the process answers, as JSON. Nothing in it is to be trusted."""

    def table(self, stop: Stop) -> "pa.Table | dict[str, Any]":
        """The rows that it answers; what `reply` returns if it answers something else."""


class QueryProcesses(Protocol):
    def start(self) -> AbstractContextManager[QueryProcess]:
        """A process, which ends with the block."""

    def prepare(self) -> None:
        """A statement is about to be run: load libraries, if that can be done before."""
