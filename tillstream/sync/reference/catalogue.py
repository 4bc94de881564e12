"""Entries of the catalogue as reference data. None is ever deleted: a withdrawn one is an entry without content."""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from functools import partial

from tillstream.catalogue import entry_saving, stored_entries
from tillstream.catalogue.entry_saving import SentEntry
from tillstream.catalogue.stored_entries import codes_of_product
from tillstream.model.document_json import check_types, from_json, to_json
from tillstream.model.product_catalogue import ENTRY_CLASSES, Entry, EntryKind, Product, Promotion, Salesperson, Store
from tillstream.ports import Ports
from tillstream.sync.reference.entries import NOT_OF_A_REGION, PAGE, Change, Group, Page, Reference, Saved

KINDS = (EntryKind.SUPPLIER, EntryKind.STORE, EntryKind.PRODUCT, EntryKind.SALESPERSON, EntryKind.PROMOTION)
"""In an order in which an entry comes after those that it names."""
MOST_READ = 10_000
"""Entries that are read for a page."""


def groups(ports: Ports, regions: Collection[str]) -> Iterator[Group]:
    """Yield the groups of the entries that concern a home with these regions."""
    for kind in KINDS:
        entries: defaultdict[str, dict[str, Reference]] = defaultdict(dict)
        for stored in stored_entries.find_entries(ports, kind):
            if concerns(stored.entry, regions):
                key = stored_entries.entry_document_id(*stored.entry.key)
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
    entry = from_json(ENTRY_CLASSES[kind], dict(reference.content or {}))
    check_types(entry)
    if (
        stored_entries.entry_document_id(*entry.key) != reference.key
        or _group_of(kind, reference.key) != reference.group
    ):
        raise ValueError(reference.key)
    return entry


def page(ports: Ports, regions: Collection[str], kind: EntryKind, groups: Collection[str], after: str) -> Page:
    """Entries of groups of a kind, by document ID. Reads each entry of the kind in one page only."""
    listed: list[Reference] = []
    read = 0
    while len(listed) < PAGE and read < MOST_READ:
        documents = ports.documents.find(stored_entries.ENTRY_COLLECTIONS[kind], above=after or None, limit=PAGE)
        for document in documents:
            name = _group_of(kind, document.id)
            stored = stored_entries.to_stored_entry(kind, document) if name in groups else None
            if stored and concerns(stored.entry, regions):
                listed.append(Reference(name, document.id, to_json(stored.entry), stored.version))
        if len(documents) < PAGE:
            return Page(tuple(listed))
        read, after = read + len(documents), documents[-1].id
    return Page(tuple(listed), after)


def save(ports: Ports, changes: Sequence[Change], by: str, regions: Collection[str]) -> list[Saved]:
    """Save entries exactly as the other side has them, with their times. regions: of the home.

    Raises as `entry_of`, and as `sent.save`.
    """
    results: dict[int, Saved] = {}
    entries: dict[int, SentEntry] = {}
    for place, change in enumerate(changes):
        if change.entry.content is None:
            results[place] = Saved(why="The other side has no such entry, although none is ever deleted.")
            continue
        entry = entry_of(change.entry)
        if why := _refusal(change.entry, entry, regions):
            results[place] = Saved(why=why)
            continue
        kind = EntryKind(change.entry.group.partition(":")[0])
        entries[place] = SentEntry(kind, entry, partial(_is_expected, change), {*regions, *_named(entry)})
    for place, outcome in zip(entries, entry_saving.save_sent_entries(ports, list(entries.values()), by), strict=True):
        results[place] = Saved(outcome.version, outcome.why)
    return [results[place] for place in range(len(changes))]


def _is_expected(change: Change, stored: Entry | None) -> bool:
    return replace(change.entry, content=to_json(stored) if stored else None).digest == change.expected


def _refusal(reference: Reference, entry: Entry, regions: Collection[str]) -> str:
    """Why an entry is not saved whatever is stored; empty if it can be."""
    if replace(reference, content=to_json(entry)).digest != reference.digest:
        return "It has fields that this version of Tillstream does not know. Upgrade this side."
    return "" if concerns(entry, regions) else NOT_OF_A_REGION


def _named(entry: Entry) -> Iterator[str]:
    """The regions that an entry names, which the side that sends it has."""
    if isinstance(entry, Product):
        yield from (row.region for row in (*entry.costs, *entry.prices))
        yield from (region for region, _ in codes_of_product(entry))
    elif isinstance(entry, Store | Salesperson | Promotion):
        yield entry.region


def _group_of(kind: EntryKind, key: str) -> str:
    return f"{kind.value}:{hashlib.sha256(key.encode()).hexdigest()[:2]}"
