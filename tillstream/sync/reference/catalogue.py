"""Entries of the catalogue as reference data. None is ever deleted: a withdrawn one is an entry without content."""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from tillstream.catalogue import records, saving
from tillstream.catalogue.products import codes_of
from tillstream.domain.catalogue.entries import CLASSES, Entry, EntryKind, Product, Promotion, Salesperson, Store
from tillstream.domain.catalogue.json_codec import check_types, from_json, to_json
from tillstream.domain.catalogue.problems import InvalidEntry
from tillstream.ports import Ports
from tillstream.sync.reference.entries import NOT_OF_A_REGION, Change, Group, Reference, Saved

KINDS = (EntryKind.SUPPLIER, EntryKind.STORE, EntryKind.PRODUCT, EntryKind.SALESPERSON, EntryKind.PROMOTION)
"""In an order in which an entry comes after those that it names."""


def groups(ports: Ports, regions: Collection[str], kinds: Sequence[EntryKind] = KINDS) -> Iterator[Group]:
    """Yield the groups of the entries of these kinds that concern a home with these regions."""
    for kind in kinds:
        entries: defaultdict[str, dict[str, Reference]] = defaultdict(dict)
        for stored in records.find(ports, kind):
            if concerns(stored.entry, regions):
                key = records.document_id(*stored.entry.key)
                name = _group_of(kind, key)
                entries[name][key] = Reference(name, key, to_json(stored.entry), stored.version)
        for name, one in entries.items():
            yield Group(name, one)


def concerns(entry: Entry, regions: Collection[str]) -> bool:
    """Whether an entry concerns a home with these regions. One that can change its region always does."""
    return entry.region in regions if isinstance(entry, Store | Salesperson) else True


def entry_of(reference: Reference) -> Entry:
    """The entry of the catalogue. Raises `KeyError`, `TypeError`, `ValueError`, `ArithmeticError` for other content."""
    kind = EntryKind(reference.group.partition(":")[0])
    entry = from_json(CLASSES[kind], dict(reference.content or {}))
    check_types(entry)
    if records.document_id(*entry.key) != reference.key or _group_of(kind, reference.key) != reference.group:
        raise ValueError(reference.key)
    return entry


def save(ports: Ports, change: Change, by: str, regions: Collection[str]) -> Saved:
    """Save an entry exactly as the other side has it, with its times. regions: of the home.

    Raises as `entry_of`, and `ImportRunning`.
    """
    if change.entry.content is None:
        return Saved(why="The other side has no such entry, although none is ever deleted.")
    entry = entry_of(change.entry)
    if why := _refusal(change.entry, entry, regions):
        return Saved(why=why)
    kind = EntryKind(change.entry.group.partition(":")[0])
    stored = records.get(ports, kind, *entry.key)
    version = stored.version if stored else 0
    current = Reference(change.entry.group, change.entry.key, to_json(stored.entry) if stored else None, version)
    if current.digest == change.entry.digest:
        return Saved(version)
    if current.digest != change.expected:
        return Saved()
    return _save(ports, kind, entry, version, by, {*regions, *_named(entry)})


def _refusal(reference: Reference, entry: Entry, regions: Collection[str]) -> str:
    """Why an entry is not saved whatever is stored; empty if it can be."""
    if replace(reference, content=to_json(entry)).digest != reference.digest:
        return "It has fields that this version of Tillstream does not know. Upgrade this side."
    return "" if concerns(entry, regions) else NOT_OF_A_REGION


def _save(ports: Ports, kind: EntryKind, entry: Entry, version: int, by: str, regions: Collection[str]) -> Saved:
    try:
        return Saved(saving.save_as_sent(ports, kind, entry, if_version=version, by=by, regions=regions).version)
    except InvalidEntry as invalid:
        return Saved(why=str(invalid))
    except saving.EditConflict:
        return Saved()


def _named(entry: Entry) -> Iterator[str]:
    """The regions that an entry names, which the side that sends it has."""
    if isinstance(entry, Product):
        yield from (row.region for row in (*entry.costs, *entry.prices))
        yield from (region for region, _ in codes_of(entry))
    elif isinstance(entry, Store | Salesperson | Promotion):
        yield entry.region


def _group_of(kind: EntryKind, key: str) -> str:
    return f"{kind.value}:{hashlib.sha256(key.encode()).hexdigest()[:2]}"
