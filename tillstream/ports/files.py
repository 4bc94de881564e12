"""Folders of files: the watched folder, exports and their logs of versions, and what a check of stored files found."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, BinaryIO, Protocol

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class DroppedFile:
    """A claimed file, moved out of the watched folder. `claim` is the unique id of the claim, in digits."""

    claim: str
    path: str
    """Relative path as stored, with `/` between folders."""
    name: str
    """The path for display."""
    size: int
    modified: int
    """Modification time in the storage's unit; a different value means that the file was written to since."""


class DropFolder(Protocol):
    """Raises `Unavailable`. Call every method within `lock`, which admits one process at a time."""

    @property
    def keeps_archive(self) -> bool:
        """Whether files are archived after they are ingested."""

    def lock(self) -> AbstractContextManager[object]:
        """Acquire the exclusive right to claim files; waits until it is free."""

    def claim(self) -> list[DroppedFile]:
        """Claim each complete file once; earlier claims that are not archived yet are returned first, again.

        A file is complete when its size and modification time are unchanged for the quiet period.
        """

    def incomplete_count(self) -> int:
        """Number of files that the last `claim` did not claim because they may still be incomplete."""

    def open(self, dropped: DroppedFile) -> BinaryIO: ...

    def was_modified(self, dropped: DroppedFile) -> bool:
        """Whether the file was written to after it was claimed, by a program that still has it open."""

    def release(self, dropped: DroppedFile) -> None:
        """Release the claim: move the file back, to be claimed again later."""

    def archive_path(self, dropped: DroppedFile) -> str:
        """Unused path for the file in the archive. Only if `keeps_archive`."""

    def archive(self, dropped: DroppedFile, place: str) -> None:
        """Archive the file. place: the result of `archive_path`. Idempotent."""

    def note(self, place: str, words: str) -> None:
        """Write a short text next to the archived file; an empty one removes it. Idempotent."""


@dataclass(frozen=True)
class ExportDraft:
    """A file that is written but not published yet. name: where it is in the meantime."""

    name: str
    bytes: int
    sha256: str


class ExportFolder(Protocol):
    """Raises `Rejected` for what the user can change, such as a folder without permission; `Unavailable` otherwise."""

    @property
    def path(self) -> str:
        """The absolute path."""

    def locked(self) -> AbstractContextManager[None]:
        """Keep other exports out of the folder within the block, and remove what an interrupted one left behind.

        Creates the folder. Raises `Rejected` if another export writes it, or if it has files but no manifest."""

    def read(self, name: str) -> bytes | None:
        """The content of a file; None if there is none."""

    def size(self, name: str) -> int | None:
        """The bytes of a file; None if there is none."""

    def draft(self) -> AbstractContextManager["OpenExportDraft"]:
        """A new file, removed if the block raises."""

    def discard(self, draft: ExportDraft) -> None: ...

    def publish(
        self,
        drafts: Mapping[str, ExportDraft],
        texts: Mapping[str, bytes],
        manifest: bytes,
        commit: Callable[[], None] = lambda: None,
    ) -> int:
        """Move drafts to their names, call `commit`, replace `texts`, then the manifest, and remove the data files that
        it does not list; return how many were removed. If it is interrupted, the manifest before is whole, and so are
        its files.

        drafts: name → file. texts: name → content."""


class OpenExportDraft(Protocol):
    @property
    def file(self) -> BinaryIO: ...

    def finished(self) -> ExportDraft:
        """The file, after its last byte was written. Closes it."""


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


class LostContent(StrEnum):
    """What may be missing."""

    NOTHING = ""
    """It is repaired from what is kept."""
    STATE = "state"
    """Content of the file itself."""
    CLOCK = "clock"
    """Nothing; the clock of the machine is wrong for as long as this is found."""
    ORDER = "order"
    """The order in which something was received."""
    SALES = "sales"
    """Sales that were accepted from tills."""


@dataclass(frozen=True)
class FileFinding:
    """A damaged, missing or older file, and what was done about it.

    name: of the file, stable. message: sentences on what was found and repaired. remedy: sentences on what to do, empty
    if nothing is to be done.
    """

    name: str
    message: str
    remedy: str = ""
    lost: LostContent = LostContent.NOTHING

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()
