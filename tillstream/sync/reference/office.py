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
from tillstream.sync.reference.entries import Change, Group, Page, Saved, digests


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

    def reference(self, kind: str, groups: Sequence[str], after: str) -> Page:
        """Entries of groups of one kind. after: of the page before; empty: from the beginning."""

    def save_reference(self, changes: Sequence[Change]) -> Sequence[Saved]:
        """Send at most 200 changes; returns the outcome of each. The next `reference_state` makes them effective."""


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


def page(ports: Ports, regions: Collection[str], kind: str, groups: Collection[str], after: str) -> Page:
    """Entries of groups of a kind; without entries, if there is no such kind. after: see `Page`."""
    names = set(groups)
    if kind == goals.KIND:
        return goals.page(ports, regions, names, after)
    kinds = [one for one in catalogue.KINDS if one.value == kind]
    return catalogue.page(ports, regions, kinds[0], names, after) if kinds else Page()


def save(ports: Ports, changes: Sequence[Change], by: str, regions: Collection[str]) -> list[Saved]:
    """Save changes of another side, each if the entry is as that side expects. Idempotent.

    Raises `KeyError`, `TypeError`, `ValueError` and `ArithmeticError` for content of another form, and `ImportRunning`.
    """
    results: dict[int, Saved] = {}
    for is_goal, save_all in ((True, goals.save), (False, catalogue.save)):
        places = [at for at, one in enumerate(changes) if one.entry.group.startswith(f"{goals.KIND}:") == is_goal]
        saved = save_all(ports, [changes[at] for at in places], by, regions) if places else []
        results |= dict(zip(places, saved, strict=True))
    return [results[place] for place in range(len(changes))]


def follow(ports: Ports) -> None:
    """Let figures follow what was saved."""
    mirror.follow(ports)
