"""Reference data at a head office, for one home: what it has, and the changes that the home sends."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from tillstream.catalogue import mirror
from tillstream.catalogue import records as catalogue_records
from tillstream.goals import records as goal_records
from tillstream.ports import Ports
from tillstream.sync import agreement
from tillstream.sync.reference import catalogue, goals
from tillstream.sync.reference.entries import Change, Group, Reference, Saved, digests

PAGE = 200
"""Entries that are sent together."""


@dataclass(frozen=True)
class ReferenceState:
    """token: another one after each change of reference data. regions: those of which the home has sales."""

    token: str
    regions: tuple[str, ...]


class ReferenceOffice(Protocol):
    """What of a head office is about reference data. Raises as `HeadOffice`."""

    def reference_state(self, questions: int) -> ReferenceState:
        """The state of the reference data of the head office. questions: entries that a person must decide here."""

    def compare_reference(self, digests: Mapping[str, str]) -> Sequence[str]:
        """Compare digests by group; returns the groups that differ."""

    def reference(self, group: str, offset: int) -> Group:
        """At most 200 entries of a group by key; none after the last one."""

    def save_reference(self, changes: Sequence[Change]) -> Sequence[Saved]:
        """Send at most 200 changes; returns the outcome of each."""


def token(ports: Ports) -> str:
    """A text that is another one after each change of the catalogue or a goal."""
    return f"{catalogue_records.revision(ports)}.{ports.documents.count(goal_records.VERSIONS)}"


def groups(ports: Ports, regions: Collection[str]) -> dict[str, Group]:
    """All reference data that concern a home with these regions, by name of the group."""
    every = [*catalogue.groups(ports, regions), *goals.groups(ports, regions)]
    return {group.name: group for group in every}


def differing(ports: Ports, regions: Collection[str], theirs: Mapping[str, str]) -> list[str]:
    """The groups whose digests differ, in order."""
    return agreement.differing(digests(groups(ports, regions)), theirs)


def group(ports: Ports, regions: Collection[str], name: str) -> Group:
    """A group; without entries, if there are none."""
    kinds = [kind for kind in catalogue.KINDS if kind.value == name.partition(":")[0]]
    read = catalogue.groups(ports, regions, kinds) if kinds else goals.groups(ports, regions)
    return next((one for one in read if one.name == name), Group(name))


def save(ports: Ports, changes: Sequence[Change], by: str, regions: Collection[str]) -> list[Saved]:
    """Save changes of another side, each if the entry is as that side expects. Idempotent.

    An entry that another one of the same call must precede is tried again after it. Raises `KeyError`, `TypeError`,
    `ValueError` and `ArithmeticError` for content of another form, and `ImportRunning`.
    """
    results: dict[int, Saved] = {}
    of_goals = [place for place, one in enumerate(changes) if one.entry.group.startswith(f"{goals.KIND}:")]
    saved = goals.save(ports, [changes[place] for place in of_goals], by, regions)
    results |= dict(zip(of_goals, saved, strict=True))
    left = [place for place in range(len(changes)) if place not in results]
    count = len(left) + 1
    while left and len(left) < count:
        count = len(left)
        results |= {place: catalogue.save(ports, changes[place], by, regions) for place in left}
        left = [place for place in left if results[place].why]
    if len(of_goals) < len(changes):
        mirror.follow(ports)
    return [results[place] for place in range(len(changes))]


def entries(whole: Group) -> list[Reference]:
    """The entries of a group by key."""
    return [whole.entries[key] for key in sorted(whole.entries)]
