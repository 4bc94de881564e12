"""ExportFolder: the folder of an export, whose files are replaced as a whole."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import BinaryIO, Protocol


@dataclass(frozen=True)
class Draft:
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

    def draft(self) -> AbstractContextManager["OpenDraft"]:
        """A new file, removed if the block raises."""

    def discard(self, draft: Draft) -> None: ...

    def publish(
        self,
        drafts: Mapping[str, Draft],
        texts: Mapping[str, bytes],
        manifest: bytes,
        commit: Callable[[], None] = lambda: None,
    ) -> int:
        """Move drafts to their names, call `commit`, replace `texts`, then the manifest, and remove the data files that
        it does not list; return how many were removed. If it is interrupted, the manifest before is whole, and so are
        its files.

        drafts: name → file. texts: name → content."""


class OpenDraft(Protocol):
    @property
    def file(self) -> BinaryIO: ...

    def finished(self) -> Draft:
        """The file, after its last byte was written. Closes it."""
