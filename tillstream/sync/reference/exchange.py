"""Sync of reference data: each side takes what only the other one changed since they last agreed.

What both sides changed is a question that a person decides in the home; everything else continues meanwhile.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from tillstream.model.errors import Rejected
from tillstream.ports import Ports
from tillstream.sync import status
from tillstream.sync.reference import agreed, catalogue, goals, office, questions, rates
from tillstream.sync.reference.agreed import Agreed
from tillstream.sync.reference.entries import ABSENT, PAGE, RATES_PAGE, Change, Group, Reference, Saved
from tillstream.sync.reference.office import ReferenceOffice
from tillstream.sync.reference.questions import Question

BY = "sync"
_FORM = (KeyError, TypeError, ValueError, ArithmeticError)


@dataclass(frozen=True)
class ReferenceResult:
    """What a sync did. sent, taken: entries that the head office or this home did not have. questions: open ones."""

    sent: int
    taken: int
    questions: int


@dataclass
class _Plan:
    """What is to do with the entries that differ. A change comes with the entry that it replaces."""

    send: list[tuple[Change, Reference]] = field(default_factory=list)
    take: list[tuple[Change, Reference]] = field(default_factory=list)
    ask: list[Question] = field(default_factory=list)
    same: dict[str, dict[str, Agreed]] = field(default_factory=dict)
    """Group → key → what both sides have."""
    waits: bool = False
    """Whether rates are left to the next sync."""


def sync(ports: Ports, head_office: ReferenceOffice) -> ReferenceResult:
    """Exchange what changed since the last sync. Idempotent. Raises as the head office, and `ImportRunning`."""
    open_before = questions.count(ports)
    state = head_office.reference_state(open_before)
    day = ports.clock.now().date().isoformat()
    token = f"{office.token(ports)} {state.token} {','.join(state.regions)} {day}"
    before = status.get(ports).reference
    if before == token:
        return ReferenceResult(0, 0, open_before)
    ours = office.groups(ports, state.regions)
    digests, plan = office.all_digests(ports, ours), _Plan()
    differing = head_office.compare_reference(digests)
    for kind, names in _by_kind({*differing, *_unnoted(ports, ours, digests, differing)}):
        theirs = _groups(head_office, kind, names)
        is_rates = kind == rates.KIND
        if is_rates and _has_none(theirs, digests):
            plan.waits = True
            continue
        here = rates.groups(ports, names) if is_rates else ours
        shipped = rates.shipped(names) if is_rates else {}
        for name in names:
            base = {**shipped.get(name, {}), **agreed.of_group(ports, name)}
            _compare(ports, here.get(name, Group(name)), theirs[name], base, plan)
    for name, entries in plan.same.items():
        agreed.note(ports, name, entries)
    sent = _send(ports, head_office, plan)
    taken = _take(ports, state.regions, plan)
    questions.replace_all(ports, plan.ask)
    if sent or len(plan.ask) != open_before:
        head_office.reference_state(len(plan.ask))
    if not sent and not taken and not plan.waits:
        status.note_reference(ports, token, before=before)
    return ReferenceResult(sent, taken, len(plan.ask))


def _unnoted(
    ports: Ports, ours: Mapping[str, Group], digests: Mapping[str, str], differing: Sequence[str]
) -> list[str]:
    """The groups that are equal on both sides although what is noted of an entry is another digest, or nothing, as of
    entries that were equal from the start: without a note, a later change on one side would be a question."""
    shipped = rates.shipped_digests()
    loaded = [name for name, digest in digests.items() if name not in ours and shipped.get(name) != digest]
    groups = {**ours, **rates.groups(ports, set(loaded) - set(differing))}
    return [name for name, group in groups.items() if name not in differing and not _is_noted(ports, group)]


def _is_noted(ports: Ports, group: Group) -> bool:
    noted = agreed.of_group(ports, group.name)
    return all(key in noted and noted[key].digest == group.get(key).digest for key in {*group.entries, *noted})


def _by_kind(names: Collection[str]) -> Iterator[tuple[str, list[str]]]:
    """Kind → groups, in an order in which an entry comes after those that it names."""
    for kind in (*(kind.value for kind in catalogue.KINDS), goals.KIND, rates.KIND):
        if ours := sorted(name for name in names if name.partition(":")[0] == kind):
            yield kind, ours


def _has_none(theirs: Mapping[str, Group], ours: Mapping[str, str]) -> bool:
    """Whether the head office has no exchange rates: its first sweep loads those of the program, if there are none.

    theirs: the groups that differ. ours: all groups of this home.
    """
    ours_of_rates = {name for name in ours if name.startswith(f"{rates.KIND}:")}
    return ours_of_rates <= theirs.keys() and not any(group.entries for group in theirs.values())


def _groups(head_office: ReferenceOffice, kind: str, names: Sequence[str]) -> dict[str, Group]:
    """These groups of the head office, by name."""
    entries: dict[str, dict[str, Reference]] = {name: {} for name in names}
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
    return {name: Group(name, entries[name], versions.get(name, 0)) for name in names}


def _compare(ports: Ports, ours: Group, theirs: Group, before: Mapping[str, Agreed], plan: _Plan) -> None:
    for key in sorted({*ours.entries, *theirs.entries, *before}):
        here, there, base = ours.get(key), theirs.get(key), before.get(key)
        if ours.name.startswith(f"{rates.KIND}:") and ABSENT in (here.digest, there.digest):
            base = None  # rates are never removed: the side without this one lacks it
        if here.digest == there.digest:
            plan.same.setdefault(ours.name, {})[key] = Agreed(there.digest, there.version)
        elif _is_ours(there, base):
            plan.send.append((Change(here, there.digest), there))
        elif here.digest == (base.digest if base else ABSENT):
            plan.take.append((Change(there, here.digest), here))
        else:
            plan.ask.append(_question(ports, here, there))


def _is_ours(there: Reference, base: Agreed | None) -> bool:
    """Whether only this home changed an entry, or the head office lost the change as its backup was restored."""
    if base is None:
        return there.digest == ABSENT
    return there.digest == base.digest or there.version < base.version


def _send(ports: Ports, head_office: ReferenceOffice, plan: _Plan) -> int:
    saved: list[Saved] = []
    changes = [change for change, _ in plan.send]
    for page in _pages(changes):
        saved += head_office.save_reference(page)
    for (change, there), result in zip(plan.send, saved, strict=True):
        if result.why:
            why = f"The head office refuses it: {result.why}"
            plan.ask.append(replace(_question(ports, change.entry, there), why=why))
    _note(ports, [change for change, _ in plan.send], saved)
    return sum(bool(one.version) for one in saved)


def _pages(changes: Sequence[Change]) -> Iterator[Sequence[Change]]:
    """The changes in pages; exchange rates are small."""
    of_rates = [one for one in changes if one.entry.group.startswith(f"{rates.KIND}:")]
    others = changes[: len(changes) - len(of_rates)]  # rates are the last kind
    for every, size in ((others, PAGE), (of_rates, RATES_PAGE)):
        for first in range(0, len(every), size):
            yield every[first : first + size]


def _take(ports: Ports, regions: Sequence[str], plan: _Plan) -> int:
    changes = [change for change, _ in plan.take]
    try:
        saved = office.save(ports, changes, BY, regions)
    except _FORM as error:
        raise Rejected(f"The head office sent an entry that this version cannot read: {error}.") from error
    for (change, here), result in zip(plan.take, saved, strict=True):
        if result.why:
            why = f"This home refuses it: {result.why}"
            plan.ask.append(replace(_question(ports, here, change.entry), why=why))
    if changes:
        office.follow(ports)
    there = [change.entry.version for change in changes]
    _note(ports, changes, [replace(one, version=one.version and at) for one, at in zip(saved, there, strict=True)])
    return sum(bool(one.version) for one in saved)


def _note(ports: Ports, changes: Sequence[Change], saved: Sequence[Saved]) -> None:
    """Note what both sides agree about after changes that were saved."""
    groups: dict[str, dict[str, Agreed]] = {}
    for change, result in zip(changes, saved, strict=True):
        if result.version:
            entry = change.entry
            groups.setdefault(entry.group, {})[entry.key] = Agreed(entry.digest, result.version)
    for name, entries in groups.items():
        agreed.note(ports, name, entries)


def _question(ports: Ports, here: Reference, there: Reference) -> Question:
    at = ports.clock.now().isoformat(timespec="seconds")
    return Question(here.group, here.key, here.content, there.content, there.version, at)
