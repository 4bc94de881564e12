"""Sync of reference data, at the head office and in the home: each side takes what only the other one changed.

What both sides changed is a question that a person decides in the home; everything else continues meanwhile.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from tillstream.analytics import reference
from tillstream.analytics.fx import rate_files
from tillstream.catalogue import warehouse_mirror
from tillstream.catalogue.stored_entries import catalogue_revision
from tillstream.goals.stored_goals import VERSIONS_COLLECTION
from tillstream.model.errors import Rejected
from tillstream.ports import Ports
from tillstream.sync import agreement, reference_entries, reference_kinds, reference_questions, sync_status
from tillstream.sync.reference_entries import (
    ABSENT_DIGEST,
    ENTRIES_AT_ONCE,
    RATES_AT_ONCE,
    AgreedEntry,
    ReferenceChange,
    ReferenceEntry,
    ReferenceGroup,
    ReferencePage,
    SavedChange,
    group_digests,
)
from tillstream.sync.reference_questions import ReferenceQuestion

REFERENCE_USER = "sync"
_MALFORMED = (KeyError, TypeError, ValueError, ArithmeticError)


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

    def reference(self, kind: str, groups: Sequence[str], after: str) -> ReferencePage:
        """Entries of groups of one kind. after: of the page before; empty: from the beginning."""

    def save_reference(self, changes: Sequence[ReferenceChange]) -> Sequence[SavedChange]:
        """Send at most 5,000 exchange rates or 200 other changes; returns the outcome of each.

        The next `reference_state` makes them effective.
        """


def reference_token(ports: Ports) -> str:
    """A text that is another one after each change of the catalogue, a goal or an exchange rate."""
    loads = rate_files.count_loads(ports)
    goals = ports.documents.count(VERSIONS_COLLECTION)
    return f"{catalogue_revision(ports)}.{goals}.{loads}"


def groups_of_home(ports: Ports, regions: Collection[str]) -> dict[str, ReferenceGroup]:
    """The catalogue and goals that concern a home with these regions, by name of the group."""
    every = [*reference_kinds.catalogue_groups(ports, regions), *reference_kinds.goal_groups(ports, regions)]
    return {group.name: group for group in every}


def all_group_digests(ports: Ports, groups: Mapping[str, ReferenceGroup]) -> dict[str, str]:
    """Group → digest, with those of exchange rates. groups: of the catalogue and goals."""
    return {**group_digests(groups), **reference_kinds.rate_digests(ports)}


def differing_groups(ports: Ports, regions: Collection[str], theirs: Mapping[str, str]) -> list[str]:
    """The groups whose digests differ, in order."""
    return agreement.differing_digests(all_group_digests(ports, groups_of_home(ports, regions)), theirs)


def page_of_groups(
    ports: Ports, regions: Collection[str], kind: str, groups: Collection[str], after: str
) -> ReferencePage:
    """Entries of groups of a kind; without entries, if there is no such kind. after: see `ReferencePage`."""
    names = set(groups)
    if kind == reference_kinds.GOALS_KIND:
        return reference_kinds.goals_page(ports, regions, names, after)
    if kind == reference_kinds.RATES_KIND:
        return reference_kinds.rates_page(ports, names, after)
    kinds = [one for one in reference_kinds.CATALOGUE_KINDS if one.value == kind]
    return reference_kinds.catalogue_page(ports, regions, kinds[0], names, after) if kinds else ReferencePage()


def save_changes(
    ports: Ports, changes: Sequence[ReferenceChange], by: str, regions: Collection[str]
) -> list[SavedChange]:
    """Save changes of another side, each if the entry is as that side expects. Idempotent.

    Raises `KeyError`, `TypeError`, `ValueError` and `ArithmeticError` for content of another form, and `ImportRunning`.
    """
    places: defaultdict[str, list[int]] = defaultdict(list)
    for place, change in enumerate(changes):
        kind = change.entry.group.partition(":")[0]
        places[kind if kind in (reference_kinds.GOALS_KIND, reference_kinds.RATES_KIND) else ""].append(place)
    results: dict[int, SavedChange] = {}
    for kind, of_kind in places.items():
        chosen = [changes[place] for place in of_kind]
        if kind == reference_kinds.RATES_KIND:
            saved = reference_kinds.save_rates(ports, chosen, by)
        else:
            saved = (
                reference_kinds.save_goals(ports, chosen, by, regions)
                if kind
                else reference_kinds.save_catalogue(ports, chosen, by, regions)
            )
        results |= dict(zip(of_kind, saved, strict=True))
    return [results[place] for place in range(len(changes))]


def follow_saved(ports: Ports) -> None:
    """Let figures follow what was saved."""
    warehouse_mirror.follow_change(ports)
    reference.follow_rates(ports)


@dataclass(frozen=True)
class ReferenceResult:
    """What a sync did. sent, taken: entries that the head office or this home did not have. questions: open ones."""

    sent: int
    taken: int
    questions: int


@dataclass
class _Plan:
    """What is to do with the entries that differ. A change comes with the entry that it replaces."""

    send: list[tuple[ReferenceChange, ReferenceEntry]] = field(default_factory=list)
    take: list[tuple[ReferenceChange, ReferenceEntry]] = field(default_factory=list)
    ask: list[ReferenceQuestion] = field(default_factory=list)
    same: dict[str, dict[str, AgreedEntry]] = field(default_factory=dict)
    """Group → key → what both sides have."""
    waits: bool = False
    """Whether rates are left to the next sync."""


def sync_reference(ports: Ports, head_office: ReferenceOffice) -> ReferenceResult:
    """Exchange what changed since the last sync. Idempotent. Raises as the head office, and `ImportRunning`."""
    open_before = reference_questions.count_questions(ports)
    state = head_office.reference_state(open_before)
    day = ports.clock.now().date().isoformat()
    token = f"{reference_token(ports)} {state.token} {','.join(state.regions)} {day}"
    before = sync_status.get_status(ports).reference
    if before == token:
        return ReferenceResult(0, 0, open_before)
    ours = groups_of_home(ports, state.regions)
    digests, plan = all_group_digests(ports, ours), _Plan()
    differing = head_office.compare_reference(digests)
    for kind, names in _groups_by_kind({*differing, *_unnoted_groups(ports, ours, digests, differing)}):
        theirs = _office_groups(head_office, kind, names)
        is_rates = kind == reference_kinds.RATES_KIND
        if is_rates and _office_has_no_rates(theirs, digests):
            plan.waits = True
            continue
        here = reference_kinds.rate_groups(ports, names) if is_rates else ours
        shipped = reference_kinds.shipped_rates(names) if is_rates else {}
        for name in names:
            base = {**shipped.get(name, {}), **reference_entries.agreed_of_group(ports, name)}
            _plan_exchange(ports, here.get(name, ReferenceGroup(name)), theirs[name], base, plan)
    for name, entries in plan.same.items():
        reference_entries.note_agreed(ports, name, entries)
    sent = _send_changes(ports, head_office, plan)
    taken = _take_changes(ports, state.regions, plan)
    reference_questions.replace_questions(ports, plan.ask)
    if sent or len(plan.ask) != open_before:
        head_office.reference_state(len(plan.ask))
    if not sent and not taken and not plan.waits:
        sync_status.note_reference(ports, token, before=before)
    return ReferenceResult(sent, taken, len(plan.ask))


def _unnoted_groups(
    ports: Ports, ours: Mapping[str, ReferenceGroup], digests: Mapping[str, str], differing: Sequence[str]
) -> list[str]:
    """The groups that are equal on both sides although what is noted of an entry is another digest, or nothing, as of
    entries that were equal from the start: without a note, a later change on one side would be a question."""
    shipped = reference_kinds.shipped_rate_digests()
    loaded = [name for name, digest in digests.items() if name not in ours and shipped.get(name) != digest]
    groups = {**ours, **reference_kinds.rate_groups(ports, set(loaded) - set(differing))}
    return [name for name, group in groups.items() if name not in differing and not _is_group_noted(ports, group)]


def _is_group_noted(ports: Ports, group: ReferenceGroup) -> bool:
    noted = reference_entries.agreed_of_group(ports, group.name)
    return all(key in noted and noted[key].digest == group.get(key).digest for key in {*group.entries, *noted})


def _groups_by_kind(names: Collection[str]) -> Iterator[tuple[str, list[str]]]:
    """Kind → groups, in an order in which an entry comes after those that it names."""
    for kind in (
        *(kind.value for kind in reference_kinds.CATALOGUE_KINDS),
        reference_kinds.GOALS_KIND,
        reference_kinds.RATES_KIND,
    ):
        if ours := sorted(name for name in names if name.partition(":")[0] == kind):
            yield kind, ours


def _office_has_no_rates(theirs: Mapping[str, ReferenceGroup], ours: Mapping[str, str]) -> bool:
    """Whether the head office has no exchange rates: its first sweep loads those of the program, if there are none.

    theirs: the groups that differ. ours: all groups of this home.
    """
    ours_of_rates = {name for name in ours if name.startswith(f"{reference_kinds.RATES_KIND}:")}
    return ours_of_rates <= theirs.keys() and not any(group.entries for group in theirs.values())


def _office_groups(head_office: ReferenceOffice, kind: str, names: Sequence[str]) -> dict[str, ReferenceGroup]:
    """These groups of the head office, by name."""
    entries: dict[str, dict[str, ReferenceEntry]] = {name: {} for name in names}
    versions: dict[str, int] = {}
    after, is_first = "", True
    while after or is_first:
        page = head_office.reference(kind, names, after)
        for one in page.entries:
            entries.setdefault(one.group, {})[one.key] = one
        versions |= page.versions
        if page.after and page.after <= after:
            raise Rejected("The head office sent a page of entries twice. Run the sync again.")
        after, is_first = page.after, False
    return {name: ReferenceGroup(name, entries[name], versions.get(name, 0)) for name in names}


def _plan_exchange(
    ports: Ports, ours: ReferenceGroup, theirs: ReferenceGroup, before: Mapping[str, AgreedEntry], plan: _Plan
) -> None:
    for key in sorted({*ours.entries, *theirs.entries, *before}):
        here, there, base = ours.get(key), theirs.get(key), before.get(key)
        if ours.name.startswith(f"{reference_kinds.RATES_KIND}:") and ABSENT_DIGEST in (here.digest, there.digest):
            base = None  # rates are never removed: the side without this one lacks it
        if here.digest == there.digest:
            plan.same.setdefault(ours.name, {})[key] = AgreedEntry(there.digest, there.version)
        elif _is_change_of_home(there, base):
            plan.send.append((ReferenceChange(here, there.digest), there))
        elif here.digest == (base.digest if base else ABSENT_DIGEST):
            plan.take.append((ReferenceChange(there, here.digest), here))
        else:
            plan.ask.append(_question_of_entry(ports, here, there))


def _is_change_of_home(there: ReferenceEntry, base: AgreedEntry | None) -> bool:
    """Whether only this home changed an entry, or the head office lost the change as its backup was restored."""
    if base is None:
        return there.digest == ABSENT_DIGEST
    return there.digest == base.digest or there.version < base.version


def _send_changes(ports: Ports, head_office: ReferenceOffice, plan: _Plan) -> int:
    saved: list[SavedChange] = []
    changes = [change for change, _ in plan.send]
    for page in _change_pages(changes):
        saved += head_office.save_reference(page)
    for (change, there), result in zip(plan.send, saved, strict=True):
        if result.why:
            why = f"The head office refuses it: {result.why}"
            plan.ask.append(replace(_question_of_entry(ports, change.entry, there), why=why))
    _note_saved(ports, [change for change, _ in plan.send], saved)
    return sum(bool(one.version) for one in saved)


def _change_pages(changes: Sequence[ReferenceChange]) -> Iterator[Sequence[ReferenceChange]]:
    """The changes in pages; exchange rates are small."""
    of_rates = [one for one in changes if one.entry.group.startswith(f"{reference_kinds.RATES_KIND}:")]
    others = changes[: len(changes) - len(of_rates)]  # rates are the last kind
    for every, size in ((others, ENTRIES_AT_ONCE), (of_rates, RATES_AT_ONCE)):
        for first in range(0, len(every), size):
            yield every[first : first + size]


def _take_changes(ports: Ports, regions: Sequence[str], plan: _Plan) -> int:
    changes = [change for change, _ in plan.take]
    try:
        saved = save_changes(ports, changes, REFERENCE_USER, regions)
    except _MALFORMED as error:
        raise Rejected(f"The head office sent an entry that this version cannot read: {error}.") from error
    for (change, here), result in zip(plan.take, saved, strict=True):
        if result.why:
            why = f"This home refuses it: {result.why}"
            plan.ask.append(replace(_question_of_entry(ports, here, change.entry), why=why))
    if changes:
        follow_saved(ports)
    there = [change.entry.version for change in changes]
    _note_saved(
        ports, changes, [replace(one, version=one.version and at) for one, at in zip(saved, there, strict=True)]
    )
    return sum(bool(one.version) for one in saved)


def _note_saved(ports: Ports, changes: Sequence[ReferenceChange], saved: Sequence[SavedChange]) -> None:
    """Note what both sides agree about after changes that were saved."""
    groups: dict[str, dict[str, AgreedEntry]] = {}
    for change, result in zip(changes, saved, strict=True):
        if result.version:
            entry = change.entry
            groups.setdefault(entry.group, {})[entry.key] = AgreedEntry(entry.digest, result.version)
    for name, entries in groups.items():
        reference_entries.note_agreed(ports, name, entries)


def _question_of_entry(ports: Ports, here: ReferenceEntry, there: ReferenceEntry) -> ReferenceQuestion:
    at = ports.clock.now().isoformat(timespec="seconds")
    return ReferenceQuestion(here.group, here.key, here.content, there.content, there.version, at)
