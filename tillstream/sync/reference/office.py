"""Reference data at a head office, for one home: what it has, and the changes that the home sends."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from tillstream.analytics import reference
from tillstream.analytics.fx import rate_files
from tillstream.catalogue import stored_entries as catalogue_records
from tillstream.catalogue import warehouse_mirror
from tillstream.goals import stored_goals as goal_records
from tillstream.ports import Ports
from tillstream.sync import agreement
from tillstream.sync.reference import catalogue, goals, rates
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
        """Send at most 5,000 exchange rates or 200 other changes; returns the outcome of each.

        The next `reference_state` makes them effective.
        """


def token(ports: Ports) -> str:
    """A text that is another one after each change of the catalogue, a goal or an exchange rate."""
    loads = rate_files.count_loads(ports)
    return f"{catalogue_records.catalogue_revision(ports)}.{ports.documents.count(goal_records.VERSIONS_COLLECTION)}.{loads}"


def groups(ports: Ports, regions: Collection[str]) -> dict[str, Group]:
    """The catalogue and goals that concern a home with these regions, by name of the group."""
    every = [*catalogue.groups(ports, regions), *goals.groups(ports, regions)]
    return {group.name: group for group in every}


def all_digests(ports: Ports, groups: Mapping[str, Group]) -> dict[str, str]:
    """Group → digest, with those of exchange rates. groups: of the catalogue and goals."""
    return {**digests(groups), **rates.digests(ports)}


def differing(ports: Ports, regions: Collection[str], theirs: Mapping[str, str]) -> list[str]:
    """The groups whose digests differ, in order."""
    return agreement.differing(all_digests(ports, groups(ports, regions)), theirs)


def page(ports: Ports, regions: Collection[str], kind: str, groups: Collection[str], after: str) -> Page:
    """Entries of groups of a kind; without entries, if there is no such kind. after: see `Page`."""
    names = set(groups)
    if kind == goals.KIND:
        return goals.page(ports, regions, names, after)
    if kind == rates.KIND:
        return rates.page(ports, names, after)
    kinds = [one for one in catalogue.KINDS if one.value == kind]
    return catalogue.page(ports, regions, kinds[0], names, after) if kinds else Page()


def save(ports: Ports, changes: Sequence[Change], by: str, regions: Collection[str]) -> list[Saved]:
    """Save changes of another side, each if the entry is as that side expects. Idempotent.

    Raises `KeyError`, `TypeError`, `ValueError` and `ArithmeticError` for content of another form, and `ImportRunning`.
    """
    places: defaultdict[str, list[int]] = defaultdict(list)
    for place, change in enumerate(changes):
        kind = change.entry.group.partition(":")[0]
        places[kind if kind in (goals.KIND, rates.KIND) else ""].append(place)
    results: dict[int, Saved] = {}
    for kind, of_kind in places.items():
        chosen = [changes[place] for place in of_kind]
        if kind == rates.KIND:
            saved = rates.save(ports, chosen, by)
        else:
            saved = (goals if kind else catalogue).save(ports, chosen, by, regions)
        results |= dict(zip(of_kind, saved, strict=True))
    return [results[place] for place in range(len(changes))]


def follow(ports: Ports) -> None:
    """Let figures follow what was saved."""
    warehouse_mirror.follow_change(ports)
    reference.follow_rates(ports)
