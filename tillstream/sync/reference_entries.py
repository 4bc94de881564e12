"""Entries of reference data in one form, and what both sides last agreed about each of them.

Entries are in groups, so that two sides compare few digests and exchange only groups that differ.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from tillstream.ports import Ports
from tillstream.ports.documents import Document, Update, update_document
from tillstream.sync import sync_status

ABSENT_DIGEST = ""
"""The digest of an entry that a side does not have."""
ENTRIES_AT_ONCE = 200
"""Entries that are sent together."""
RATES_AT_ONCE = 5_000
"""Exchange rates that are sent together."""
NOT_OF_A_REGION = "It is not of a region of which the home has sales."

AGREED_ENTRIES = "sync_agreed"


@dataclass(frozen=True)
class ReferenceEntry:
    """An entry. content: as JSON; None if there is no such entry. version: grows with each change on its side."""

    group: str
    key: str
    content: Mapping[str, Any] | None
    version: int = 0

    @cached_property
    def digest(self) -> str:
        """Of what the entry contains. An empty field is as one that a program of another version does not have."""
        if self.content is None:
            return ABSENT_DIGEST
        text = json.dumps(_without_empty_fields(self.content), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:32]


@dataclass(frozen=True)
class ReferenceGroup:
    """Entries by key. version: of an entry that is not there."""

    name: str
    entries: Mapping[str, ReferenceEntry] = field(default_factory=dict)
    version: int = 0

    def get(self, key: str) -> ReferenceEntry:
        return self.entries.get(key) or ReferenceEntry(self.name, key, None, self.version)

    @property
    def digest(self) -> str:
        lines = [f"{key} {one.digest}" for key, one in sorted(self.entries.items())]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:32] if lines else ABSENT_DIGEST


@dataclass(frozen=True)
class ReferencePage:
    """Entries of some groups. after: where the next page begins; empty: this is the last one.

    versions: group → version of an entry that is not there, if it is not 0.
    """

    entries: tuple[ReferenceEntry, ...] = ()
    after: str = ""
    versions: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class ReferenceChange:
    """An entry to save on the other side. expected: the digest that it had there when the change was decided."""

    entry: ReferenceEntry
    expected: str


@dataclass(frozen=True)
class SavedChange:
    """The outcome of a change. version: of the entry now; 0 if it was not saved. why: it is refused, in words.

    Without a version and a reason, the entry was changed meanwhile: the next sync decides again.
    """

    version: int = 0
    why: str = ""


def group_digests(groups: Mapping[str, ReferenceGroup]) -> dict[str, str]:
    """Group → digest, of groups that have entries."""
    return {name: group.digest for name, group in groups.items() if group.entries}


def _without_empty_fields(value: Any) -> Any:
    """The value without empty fields."""
    if isinstance(value, Mapping):
        return {name: _without_empty_fields(one) for name, one in value.items() if one not in ("", None) and one != []}
    return [_without_empty_fields(one) for one in value] if isinstance(value, list) else value


class AgreedEntry(NamedTuple):
    """version: of the entry at the head office. An older version there shows that its backup was restored."""

    digest: str
    version: int


def agreed_of_group(ports: Ports, group: str) -> dict[str, AgreedEntry]:
    """Key → what was agreed."""
    return _agreed_with_office(ports.documents.get(AGREED_ENTRIES, group), sync_status.get_status(ports).to)


def note_agreed(ports: Ports, group: str, agreed: Mapping[str, AgreedEntry]) -> None:
    """Note agreements about entries of a group, with the head office of today."""
    to = sync_status.get_status(ports).to

    def changed(document: Document | None) -> Update | Document | None:
        old = _agreed_with_office(document, to)
        new = {**old, **agreed}
        entries = {key: list(one) for key, one in sorted(new.items())}
        return document if new == old else Update({"to": to, "entries": entries})

    update_document(ports.documents, AGREED_ENTRIES, group, changed)


def _agreed_with_office(document: Document | None, to: str) -> dict[str, AgreedEntry]:
    """What was agreed with the head office at this address; nothing with any other."""
    if document is None or document.data["to"] != to:
        return {}
    return {key: AgreedEntry(*one) for key, one in document.data["entries"].items()}
