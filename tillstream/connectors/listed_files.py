"""Items of a source that lists files: which of its files are complete, and their bytes, unchanged since the listing."""

import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from functools import partial
from typing import BinaryIO, cast

from tillstream.connectors.setting_values import whole_number
from tillstream.connectors.source import Access, Cursor, Item, Setting
from tillstream.domain.errors import Rejected, Unavailable
from tillstream.domain.file_names import is_ignored

MAX_FILES = 500_000
"""Most files of a listing; they are held in memory, about 300 bytes each, to be read in the order of their times."""
MEMORY_BYTES = 8 << 20
"""Larger files are written to the disk while they are read."""
FUTURE = timedelta(days=1)
"""A modification time further ahead is wrong, not new; such a file would otherwise never be read."""

SETTINGS = (
    Setting(
        "pattern",
        "File names",
        "Patterns separated by commas, for example *.csv, IN/*.xlsx. With a slash: of the path below the folder.",
        default="*",
    ),
    Setting("subfolders", "Subfolders", "Whether files in subfolders are read.", default="yes", choices=("yes", "no")),
    Setting(
        "quiet",
        "Quiet time",
        "Seconds for which a file must not have been modified; it may be incomplete before.",
        default="60",
    ),
    Setting("since", "Modified since", "A date such as 2026-11-01: files modified before it are not read."),
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
class Examples:
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
class Selection:
    """Which files of a listing are read."""

    patterns: tuple[str, ...]
    has_subfolders: bool
    quiet: timedelta
    since: datetime | None

    @classmethod
    def of(cls, settings: Mapping[str, str]) -> "Selection":
        """Raises `Rejected` for a quiet time that is no number of seconds, and for a date that is none."""
        quiet = timedelta(seconds=whole_number(settings, "quiet", at_most=86_400))
        return cls(
            patterns(settings["pattern"]), settings["subfolders"] != "no", quiet, date_setting(settings, "since")
        )

    def has(self, listed: ListedFile) -> bool:
        """Whether path and date are among those to read."""
        if not self.has_subfolders and "/" in listed.path:
            return False
        if self.since and listed.modified_at and listed.modified_at < self.since:
            return False
        return matches(listed.path, self.patterns)


class FileSource(ABC):
    """A source of files. place: URL of its folder, with a slash at the end; part of the keys.

    Each complete file is an item of each `pull`; the caller has the keys that are stored.
    """

    def __init__(self, place: str, settings: Mapping[str, str], access: Access):
        """Raises `Rejected` as `Selection.of`."""
        self.place = place
        self.settings = settings
        self.access = access
        self.selection = Selection.of(settings)
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

    def test(self) -> str:
        files = self._select()
        if not files:
            return " ".join([f"Connected to {self.place}. It has no file to read.", *self._notes])
        count = "1 file" if len(files) == 1 else f"{len(files):,} files"
        return f"Connected to {self.place}. It has {count} to read; the newest is {encodable(files[-1].path)}."

    def pull(self, cursor: Cursor) -> Iterator[Item]:  # noqa: ARG002 - files have none
        for place, listed in enumerate(files := self._select(), start=1):
            item = Item(
                key=encodable(f"{self.place}{listed.path}\n{listed.version}"),
                file=encodable(listed.path),
                open=partial(self._open, listed),
            )
            self._behind = self._young + len(files) - place
            yield item

    def acknowledge(self, cursor: Cursor) -> None:  # noqa: B027 - the same for every source of files
        """Nothing: files stay as they are."""

    def behind(self) -> int | None:
        return self._behind

    def notes(self) -> list[str]:
        return self._notes

    def _select(self) -> list[ListedFile]:
        """The complete files of the listing, oldest first. Raises `Rejected` for more than MAX_FILES."""
        quiet = f"{self.selection.quiet.total_seconds():.0f} seconds"
        young = Examples(f"Modified less than {quiet} ago and may be incomplete; a later run reads")
        hidden = Examples("Skipped, because the name is that of a temporary or hidden file:")
        files = []
        now = self.access.clock.now()
        for listed in self.listing():
            if not self.selection.has(listed):
                continue
            if any(map(is_ignored, listed.path.split("/"))):
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
                raise changed(listed)
            file.seek(0)
            stack.pop_all()
        return cast("BinaryIO", file)


def changed(listed: ListedFile) -> Unavailable:
    """The error for a file that is not as it was listed."""
    return Unavailable(f"{encodable(listed.path)} was modified or deleted while it was read. A later run reads it.")


def patterns(text: str) -> tuple[str, ...]:
    """The patterns of a setting, which commas separate; one for every name if there is none."""
    return tuple(part.strip().casefold() for part in text.split(",") if part.strip()) or ("*",)


def matches(path: str, patterns: tuple[str, ...]) -> bool:
    """Whether the name, or for a pattern with a slash the whole path, matches one of them. Letter case is ignored."""
    folded = path.casefold()
    name = folded.rsplit("/", 1)[-1]
    return any(fnmatchcase(folded if "/" in pattern else name, pattern) for pattern in patterns)


def version_of(size: int, modified_at: datetime | None) -> str:
    """The version of a file at a source without ETags."""
    return f"{size} {modified_at.timestamp():.6f}" if modified_at else str(size)


def encodable(text: str) -> str:
    r"""The text with bytes that are not UTF-8 written as \udcXX, so that it can be stored."""
    return text.encode("utf-8", "backslashreplace").decode()


def date_setting(settings: Mapping[str, str], name: str) -> datetime | None:
    """The start of a day in UTC; None if the setting is empty. Raises `Rejected` for another text than a date."""
    if not settings[name]:
        return None
    try:
        return datetime.fromisoformat(settings[name]).replace(tzinfo=UTC)
    except ValueError as error:
        raise Rejected(f"{name} must be a date such as 2026-11-01, not “{settings[name][:50]}”.") from error
