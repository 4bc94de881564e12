"""Items of a source that lists files: which of its files are complete, and their bytes, unchanged since the listing."""

import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from functools import partial
from typing import BinaryIO, cast

from tillstream.connectors.source import Item, Setting
from tillstream.domain.errors import Rejected, Unavailable
from tillstream.domain.file_names import is_ignored
from tillstream.ports.clock import Clock

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
    """path: below the folder of the connector, with slashes. version: changes with the content: an ETag, or size and
    time. modified_at: None if the source has no times."""

    path: str
    size: int
    version: str
    modified_at: datetime | None


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
        patterns = tuple(part.strip().casefold() for part in settings["pattern"].split(",") if part.strip())
        quiet = timedelta(seconds=whole_number(settings, "quiet", at_most=86_400))
        return cls(patterns or ("*",), settings["subfolders"] != "no", quiet, date_setting(settings, "since"))

    def has(self, listed: ListedFile) -> bool:
        """Whether path and date are among those to read. Letter case does not matter: SALES.CSV matches *.csv."""
        path = listed.path.casefold()
        if not self.has_subfolders and "/" in path:
            return False
        if self.since and listed.modified_at and listed.modified_at < self.since:
            return False
        name = path.rsplit("/", 1)[-1]
        return any(fnmatchcase(path if "/" in pattern else name, pattern) for pattern in self.patterns)


class ListedFiles:
    """The items of one source. place: URL of its folder, with a slash at the end; part of the keys.

    behind: files that were listed but not returned; None before a listing. notes: what was skipped, and why.
    """

    def __init__(self, place: str, selection: Selection, clock: Clock):
        self.place = place
        self.selection = selection
        self.clock = clock
        self.behind: int | None = None
        self.notes: list[str] = []

    def select(self, listing: Iterable[ListedFile]) -> list[ListedFile]:
        """The complete files of the listing, oldest first. Raises `Rejected` for more than MAX_FILES."""
        files, young, hidden = [], [], []
        now = self.clock.now()
        for listed in listing:
            if not self.selection.has(listed):
                continue
            if any(map(is_ignored, listed.path.split("/"))):
                hidden.append(listed.path)
            elif listed.modified_at and -FUTURE < now - listed.modified_at < self.selection.quiet:
                young.append(listed.path)
            else:
                files.append(listed)
            if len(files) > MAX_FILES:
                raise Rejected(
                    f"{self.place} has more than {MAX_FILES:,} files. Choose a narrower folder, pattern or date."
                )
        quiet = f"{self.selection.quiet.total_seconds():.0f} seconds"
        self.notes = [
            *_note(young, f"modified less than {quiet} ago and may be incomplete; a later run reads"),
            *_note(hidden, "skipped, because the name is that of a temporary or hidden file:"),
        ]
        self.behind = len(young) + len(files)
        return sorted(files, key=lambda file: (file.modified_at or datetime.min.replace(tzinfo=UTC), file.path))

    def items(self, listing: Iterable[ListedFile], read: Callable[[ListedFile], Iterable[bytes]]) -> Iterator[Item]:
        """An item for each complete file. read: its bytes in parts; raises `Unavailable` if the version changed."""
        for listed in self.select(listing):
            self.behind = (self.behind or 1) - 1
            yield Item(
                key=encodable(f"{self.place}{listed.path}\n{listed.version}"),
                file=encodable(listed.path),
                open=partial(_open, read, listed),
            )

    def summary(self, listing: Iterable[ListedFile]) -> str:
        """The sentence of a test: how many files there are, and the newest."""
        files = self.select(listing)
        if not files:
            return " ".join([f"Connected to {self.place}. It has no file to read.", *self.notes])
        count = "1 file" if len(files) == 1 else f"{len(files):,} files"
        return f"Connected to {self.place}. It has {count} to read; the newest is {encodable(files[-1].path)}."


def _open(read: Callable[[ListedFile], Iterable[bytes]], listed: ListedFile) -> BinaryIO:
    return spool(read(listed), listed)


def spool(parts: Iterable[bytes], listed: ListedFile) -> BinaryIO:
    """The bytes as a temporary file, at its start. Raises `Unavailable` if the size is not that of the listing."""
    file = cast(BinaryIO, tempfile.SpooledTemporaryFile(MEMORY_BYTES))  # noqa: SIM115 - the caller closes it
    try:
        for part in parts:
            file.write(part)
            if file.tell() > listed.size:
                break
        if file.tell() != listed.size:
            raise changed(listed)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file


def changed(listed: ListedFile) -> Unavailable:
    """The error for a file that is not as it was listed."""
    return Unavailable(f"{encodable(listed.path)} was modified or deleted while it was read. A later run reads it.")


def version_of(size: int, modified_at: datetime | None) -> str:
    """The version of a file at a source without ETags."""
    return f"{size} {modified_at.timestamp():.6f}" if modified_at else str(size)


def encodable(text: str) -> str:
    r"""The text with bytes that are not UTF-8 written as \udcXX, so that it can be stored."""
    return text.encode("utf-8", "backslashreplace").decode()


def whole_number(settings: Mapping[str, str], name: str, *, at_most: int) -> int:
    """Raises `Rejected` for another text than a whole number from 0 to at_most."""
    text = settings[name]
    if not (text.isascii() and text.isdecimal() and int(text) <= at_most):
        raise Rejected(f"{name} must be a whole number from 0 to {at_most:,}, not “{text[:50]}”.")
    return int(text)


def date_setting(settings: Mapping[str, str], name: str) -> datetime | None:
    """The start of a day in UTC; None if the setting is empty. Raises `Rejected` for another text than a date."""
    if not settings[name]:
        return None
    try:
        return datetime.fromisoformat(settings[name]).replace(tzinfo=UTC)
    except ValueError as error:
        raise Rejected(f"{name} must be a date such as 2026-11-01, not “{settings[name][:50]}”.") from error


def _note(paths: list[str], why: str) -> list[str]:
    if not paths:
        return []
    more = f" and {len(paths) - 1:,} more" if len(paths) > 1 else ""
    return [f"{why[0].upper()}{why[1:]} {encodable(min(paths))}{more}."]
