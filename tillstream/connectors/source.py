"""What a kind of connector implements: a source that is tested and read from a cursor on, and its settings."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any, BinaryIO, Protocol

from tillstream.model.errors import Rejected
from tillstream.ports.machine import Clock
from tillstream.ports.objects import ObjectStore, StoredObject

Cursor = Mapping[str, Any]
"""Where reading continues, as JSON of at most 100 kB. Empty before the first run."""


def whole_number(settings: Mapping[str, str], name: str, *, at_least: int = 0, at_most: int) -> int:
    """Raises `Rejected` for another text than a whole number in the range."""
    text = settings[name]
    if not (text.isascii() and text.isdecimal() and len(text) < 20 and at_least <= int(text) <= at_most):
        raise Rejected(f"{name} must be a whole number from {at_least} to {at_most:,}, not “{text[:50]}”.")
    return int(text)


def file_patterns(text: str) -> tuple[str, ...]:
    """The patterns of a setting, which commas separate; one for every name if there is none."""
    return tuple(part.strip().casefold() for part in text.split(",") if part.strip()) or ("*",)


def matches_pattern(path: str, patterns: tuple[str, ...]) -> bool:
    """Whether the name, or for a pattern with a slash the whole path, matches one of them. Letter case is ignored."""
    folded = path.casefold()
    name = folded.rsplit("/", 1)[-1]
    return any(fnmatchcase(folded if "/" in pattern else name, pattern) for pattern in patterns)


def date_setting(settings: Mapping[str, str], name: str) -> datetime | None:
    """The start of a day in UTC; None if the setting is empty. Raises `Rejected` for another text than a date."""
    if not settings[name]:
        return None
    try:
        return datetime.fromisoformat(settings[name]).replace(tzinfo=UTC)
    except ValueError as error:
        raise Rejected(f"{name} must be a date such as 2026-11-01, not “{settings[name][:50]}”.") from error


@dataclass(frozen=True)
class SourceSetting:
    """A setting of a kind, an input of its form. choices: empty for free text.

    is_credential: the value is a reference to a credential, such as env:TILLSTREAM_SOURCE_ERP; never the credential.
    """

    name: str
    label: str
    hint: str = ""
    default: str = ""
    is_required: bool = False
    choices: tuple[str, ...] = ()
    is_credential: bool = False
    is_long: bool = False
    """Whether the input has several lines, as a query."""
    resets_cursor: bool = False
    """Whether a cursor is a position in what this value names, so that with another value reading starts again."""


class ConnectionAccess(Protocol):
    """What a source may use besides its settings."""

    @property
    def clock(self) -> Clock: ...

    def credential(self, reference: str) -> str:
        """The credential that a reference names; "" for an empty reference. Raises `Rejected` if there is none."""

    def check_host(self, host: str, port: int) -> str:
        """The IP address to connect to. Raises `Rejected` for a private address that is not allowed,
        `Unavailable` for a name without an address."""

    def check_file(self, path: str) -> None:
        """Raise `Rejected` for a path outside the folders of this machine that connectors may read."""

    def cloud_storage(self) -> ObjectStore:
        """A store that reads buckets `gs://NAME`. Raises `Rejected` without Google's libraries or credentials."""


@dataclass(frozen=True)
class SourceItem:
    """One file, or one page of rows as a file, to hand to intake.

    key: identifies the content at the source, for example path and version; an item is stored once for each key. For
    pages of rows it is a hash of the content.
    file: name of the file for people; its extension fits the format.
    open: opens the bytes; called only if the key is not stored yet. Raises `Unavailable` if the source changed them.
    copy: copies the bytes inside a store to an inbox object of this name, unless one exists; instead of `open`, and
    raises as it does, and `Conflict`. None: they are read.
    cursor: saved once the item is durable; None: the cursor stays, for files, of which the stored keys are remembered.
    is_sales: whether its lines are store sales (docs/store-sales.md), for the entry point of stores.
    """

    key: str
    file: str
    open: Callable[[], BinaryIO]
    cursor: Cursor | None = None
    is_sales: bool = False
    copy: Callable[[str], StoredObject] | None = None


@dataclass(frozen=True)
class PassedItem:
    """Nothing up to the cursor is left to hand over, such as messages without files. The cursor is saved."""

    cursor: Cursor


class ConnectorSource(Protocol):
    """An opened source. Each method raises `Rejected` if a person must act (a wrong password, an address that is not
    allowed, no such table) and `Unavailable` if a later try can succeed; messages name the host and what to do."""

    def test(self) -> str:
        """Connect, and return a sentence about what is there, for example the number of files and the newest one."""

    def pull(self, cursor: Cursor) -> Iterator[SourceItem | PassedItem]:
        """The items after the cursor, oldest first. Ends when the source has no more, or never for a stream; the
        caller stops between two items. An item that comes again is not ingested again."""

    def acknowledge(self, cursor: Cursor) -> None:
        """Confirm to the source that everything up to the cursor is durable. Called after the cursor is saved."""

    def behind(self) -> int | None:
        """How many files, rows or messages the source had that `pull` has not returned; None: unknown."""

    def notes(self) -> list[str]:
        """Sentences about what `pull` could not read or will read later; empty if there is nothing."""

    def close(self) -> None: ...


@dataclass(frozen=True)
class ConnectorKind:
    """A kind of connector. name: as in its module and on the command line. title: for people.

    open: a source from the values of the settings, each present and stripped. Raises `Rejected` for wrong values.
    Connects to nothing and reads no credential, which the process that adds a connector may not be able to read.
    """

    name: str
    title: str
    about: str
    """One sentence: what it pulls."""
    settings: tuple[SourceSetting, ...]
    open: Callable[[Mapping[str, str], ConnectionAccess], ConnectorSource]
