"""Entries of reference data in one form: the catalogue, goals, and exchange rates.

Entries are in groups, so that two sides compare few digests and exchange only groups that differ.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

ABSENT = ""
"""The digest of an entry that a side does not have."""
PAGE = 200
"""Entries that are sent together."""
RATES_PAGE = 5_000
"""Exchange rates that are sent together."""
NOT_OF_A_REGION = "It is not of a region of which the home has sales."


@dataclass(frozen=True)
class Reference:
    """An entry. content: as JSON; None if there is no such entry. version: grows with each change on its side."""

    group: str
    key: str
    content: Mapping[str, Any] | None
    version: int = 0

    @cached_property
    def digest(self) -> str:
        """Of what the entry contains. An empty field is as one that a program of another version does not have."""
        if self.content is None:
            return ABSENT
        text = json.dumps(_filled(self.content), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:32]


@dataclass(frozen=True)
class Group:
    """Entries by key. version: of an entry that is not there."""

    name: str
    entries: Mapping[str, Reference] = field(default_factory=dict)
    version: int = 0

    def get(self, key: str) -> Reference:
        return self.entries.get(key) or Reference(self.name, key, None, self.version)

    @property
    def digest(self) -> str:
        lines = [f"{key} {one.digest}" for key, one in sorted(self.entries.items())]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:32] if lines else ABSENT


@dataclass(frozen=True)
class Page:
    """Entries of some groups. after: where the next page begins; empty: this is the last one.

    versions: group → version of an entry that is not there, if it is not 0.
    """

    entries: tuple[Reference, ...] = ()
    after: str = ""
    versions: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Change:
    """An entry to save on the other side. expected: the digest that it had there when the change was decided."""

    entry: Reference
    expected: str


@dataclass(frozen=True)
class Saved:
    """The outcome of a change. version: of the entry now; 0 if it was not saved. why: it is refused, in words.

    Without a version and a reason, the entry was changed meanwhile: the next sync decides again.
    """

    version: int = 0
    why: str = ""


def digests(groups: Mapping[str, Group]) -> dict[str, str]:
    """Group → digest, of groups that have entries."""
    return {name: group.digest for name, group in groups.items() if group.entries}


def _filled(value: Any) -> Any:
    """The value without empty fields."""
    if isinstance(value, Mapping):
        return {name: _filled(one) for name, one in value.items() if one not in ("", None) and one != []}
    return [_filled(one) for one in value] if isinstance(value, list) else value
