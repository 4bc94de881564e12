"""Drop: a place where users and programs leave files, such as a watched folder."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import BinaryIO, Protocol


@dataclass(frozen=True)
class DroppedFile:
    """A claimed file, out of its sender's reach. `claim` is the unique id of the claim, in digits."""

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
        """Number of files at the last `claim` that may still be incomplete."""

    def open(self, dropped: DroppedFile) -> BinaryIO: ...

    def was_modified(self, dropped: DroppedFile) -> bool:
        """Whether it was written to after it was claimed."""

    def release(self, dropped: DroppedFile) -> None:
        """Release the claim: move the file back, to be claimed again later."""

    def archive_path(self, dropped: DroppedFile) -> str:
        """Unused path at which it will be archived. Only if `keeps_archive`."""

    def archive(self, dropped: DroppedFile, place: str) -> None:
        """Archive the file at that path. Idempotent."""

    def note(self, place: str, words: str) -> None:
        """Write a short text next to the archived file; an empty one removes it. Idempotent."""
