"""DropFolder: a place where users and programs leave files, such as a watched folder."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import BinaryIO, Protocol


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
