"""Items of a source that lists files: which of its files are complete, and their bytes, unchanged since the listing."""

import tempfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import BinaryIO, cast

from tillstream.connectors.source import (
    ConnectionAccess,
    Cursor,
    SourceItem,
    SourceSetting,
    date_setting,
    file_patterns,
    matches_pattern,
    whole_number,
)
from tillstream.model.errors import Rejected, Unavailable
from tillstream.model.file_names import is_ignored_file
from tillstream.ports.objects import StoredObject

MAX_FILES = 500_000
"""Most files of a listing; they are held in memory, about 300 bytes each, to be read in the order of their times."""
MEMORY_BYTES = 8 << 20
"""Larger files are written to the disk while they are read."""
FUTURE = timedelta(days=1)
"""A modification time further ahead is wrong, not new; such a file would otherwise never be read."""

OLDEST_FIRST, BY_NAME = "oldest first", "name"
PATTERN = SourceSetting(
    "pattern",
    "File names",
    "Patterns separated by commas, for example *.csv, IN/*.xlsx. With a slash: of the path below the folder.",
    default="*",
)
SUBFOLDERS = SourceSetting(
    "subfolders", "Subfolders", "Whether files in subfolders are read.", default="yes", choices=("yes", "no")
)
SETTINGS = (
    PATTERN,
    SUBFOLDERS,
    SourceSetting(
        "quiet",
        "Quiet time",
        "Seconds for which a file must not have been modified; it may be incomplete before.",
        default="60",
    ),
    SourceSetting("since", "Modified since", "A date such as 2026-11-01: files modified before it are not read."),
    SourceSetting(
        "order",
        "Order",
        "By name for history that was copied, whose names contain its dates.",
        default=OLDEST_FIRST,
        choices=(OLDEST_FIRST, BY_NAME),
    ),
)
"""The settings of every kind that lists files."""


@dataclass(frozen=True, slots=True)
class ListedFile:
    """path: below the folder of the connector, with slashes. size: None if the source does not state it. version:
    changes with the content: an ETag, or size and time. modified_at: None if the source has no times."""

    path: str
    size: int | None
    version: str
    modified_at: datetime | None


@dataclass
class FileExamples:
    """Files that are not read for a reason: their number, and the first path."""

    why: str
    count: int = 0
    first: str = ""

    def add(self, path: str) -> None:
        self.first = min(self.first or path, path)
        self.count += 1

    def notes(self) -> list[str]:
        """A sentence, or none without a file."""
        more = f" and {self.count - 1:,} more" if self.count > 1 else ""
        return [f"{self.why} {encodable(self.first)}{more}."] if self.count else []


@dataclass(frozen=True)
class FileSelection:
    """Which files of a listing are read."""

    patterns: tuple[str, ...]
    has_subfolders: bool
    quiet: timedelta
    since: datetime | None

    @classmethod
    def from_settings(cls, settings: Mapping[str, str]) -> "FileSelection":
        """Raises `Rejected` for a quiet time that is no number of seconds, and for a date that is none."""
        quiet = timedelta(seconds=whole_number(settings, "quiet", at_most=86_400))
        return cls(
            file_patterns(settings["pattern"]), settings["subfolders"] != "no", quiet, date_setting(settings, "since")
        )

    def has(self, listed: ListedFile) -> bool:
        """Whether path and date are among those to read."""
        if not self.has_subfolders and "/" in listed.path:
            return False
        if self.since and listed.modified_at and listed.modified_at < self.since:
            return False
        return matches_pattern(listed.path, self.patterns)


class ListedFileSource(ABC):
    """A source of files. place: URL of its folder, with a slash at the end; part of the keys.

    Each complete file is an item of each `pull`; the caller has the keys that are stored.
    """

    def __init__(self, place: str, settings: Mapping[str, str], access: ConnectionAccess):
        """Raises `Rejected` as `FileSelection.from_settings`."""
        self.place = place
        self.settings = settings
        self.access = access
        self.selection = FileSelection.from_settings(settings)
        self._is_by_name = settings.get("order") == BY_NAME
        self._behind: int | None = None
        self._young = 0
        self._notes: list[str] = []

    @abstractmethod
    def listing(self) -> Iterable[ListedFile]:
        """The files below the folder, in any order."""

    @abstractmethod
    def read(self, listed: ListedFile) -> Iterable[bytes]:
        """The bytes of a file in parts. Raises `Unavailable` if it is not the listed version."""

    @abstractmethod
    def close(self) -> None: ...

    def copier(self, listed: ListedFile) -> Callable[[str], StoredObject] | None:  # noqa: ARG002 - most have none
        """The `copy` of the item of a file."""
        return None

    def test(self) -> str:
        files = self.select()
        if not files:
            return " ".join([f"Connected to {self.place}. It has no file to read.", *self._notes])
        count = "1 file" if len(files) == 1 else f"{len(files):,} files"
        last = f"the {'last' if self._is_by_name else 'newest'} is {encodable(files[-1].path)}"
        return f"Connected to {self.place}. It has {count} to read; {last}."

    def pull(self, cursor: Cursor) -> Iterator[SourceItem]:  # noqa: ARG002 - files have none
        for place, listed in enumerate(files := self.select(), start=1):
            item = SourceItem(
                key=self.key(listed),
                file=encodable(listed.path),
                open=partial(self._open, listed),
                copy=self.copier(listed),
            )
            self._behind = self._young + len(files) - place
            yield item

    def acknowledge(self, cursor: Cursor) -> None:  # noqa: B027 - the same for every source of files
        """Nothing: files stay as they are."""

    def behind(self) -> int | None:
        return self._behind

    def notes(self) -> list[str]:
        return self._notes

    def key(self, listed: ListedFile) -> str:
        """The key of the item of a file."""
        return encodable(f"{self.place}{listed.path}\n{listed.version}")

    def select(self) -> list[ListedFile]:
        """The complete files of the listing in the order of the settings. Raises `Rejected` for more than MAX_FILES."""
        quiet = f"{self.selection.quiet.total_seconds():.0f} seconds"
        young = FileExamples(f"Modified less than {quiet} ago and may be incomplete; a later run reads")
        hidden = FileExamples("Skipped, because the name is that of a temporary or hidden file:")
        files = []
        now = self.access.clock.now()
        for listed in self.listing():
            if not self.selection.has(listed):
                continue
            if any(map(is_ignored_file, listed.path.split("/"))):
                hidden.add(listed.path)
            elif listed.modified_at and -FUTURE < now - listed.modified_at < self.selection.quiet:
                young.add(listed.path)
            else:
                files.append(listed)
            if len(files) > MAX_FILES:
                raise Rejected(
                    f"{self.place} has more than {MAX_FILES:,} files. Choose a narrower folder, pattern or date."
                )
        self._notes = [*young.notes(), *hidden.notes()]
        self._young = young.count
        self._behind = young.count + len(files)
        if self._is_by_name:
            return sorted(files, key=lambda file: file.path)
        return sorted(files, key=lambda file: (file.modified_at or datetime.min.replace(tzinfo=UTC), file.path))

    def _open(self, listed: ListedFile) -> BinaryIO:
        """The bytes as a temporary file, at its start. Raises `Unavailable` if the size is not that of the listing."""
        with ExitStack() as stack:
            file = stack.enter_context(tempfile.SpooledTemporaryFile(MEMORY_BYTES))
            for part in self.read(listed):
                file.write(part)
                if listed.size is not None and file.tell() > listed.size:
                    break
            if listed.size not in (None, file.tell()):
                raise changed_file(listed)
            file.seek(0)
            stack.pop_all()
        return cast("BinaryIO", file)


def changed_file(listed: ListedFile) -> Unavailable:
    """The error for a file that is not as it was listed."""
    return Unavailable(f"{encodable(listed.path)} was modified or deleted while it was read. A later run reads it.")


def file_version(size: int, modified_at: datetime | None) -> str:
    """The version of a file at a source without ETags."""
    return f"{size} {modified_at.timestamp():.6f}" if modified_at else str(size)


def encodable(text: str) -> str:
    r"""The text with bytes that are not UTF-8 written as \udcXX, so that it can be stored."""
    return text.encode("utf-8", "backslashreplace").decode()
