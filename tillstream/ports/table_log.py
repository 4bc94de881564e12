"""TableLog: makes the files of an export tables of a format with a log of versions, such as Delta."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class LoggedFile:
    """path: in the folder of the table. partition: its value of the partition column; empty without one."""

    path: str
    bytes: int
    rows: int
    partition: str = ""


@dataclass(frozen=True)
class LoggedTable:
    """columns: those of the files; descriptions: column → text. partitioned_by: a further column of texts, which the
    files do not have; empty: none."""

    name: str
    description: str
    columns: "pa.Schema"
    descriptions: dict[str, str]
    partitioned_by: str = ""


class TableLog(Protocol):
    """Raises `Rejected` for what the user can change; `Unavailable` otherwise."""

    @property
    def format(self) -> str:
        """The name of the format."""

    def commit(self, table: LoggedTable, files: Sequence[LoggedFile], settlement_no: int) -> None:
        """Add a version in which the table has exactly these files; nothing if the last version has them.

        Readers have the version before or this one. settlement_no: stored with the version."""
