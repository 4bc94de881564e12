"""Search and sort all entries of a kind. Entries are kept in memory, and only changed ones are read again."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from tillstream.catalogue import records
from tillstream.domain.catalogue.cell_values import show
from tillstream.domain.catalogue.dated_amounts import EVERYWHERE
from tillstream.domain.catalogue.entries import Entry, EntryKind, Promotion, Salesperson, Store, is_withdrawn
from tillstream.model.people import Scope
from tillstream.ports import DocumentStore, Ports

SEARCHED = (
    "code", "store_id", "salesperson_id", "promotion_id", "name", "category", "supplier", "barcodes", "aliases",
    "product", "country", "email", "stores", "region",
)  # fmt: skip
"""Fields in which the search text may be."""
ACTIVE, RETIRED, ALL = "active", "retired", "all"


@dataclass
class _Kept:
    revision: int = -1
    entries: Mapping[tuple[str, ...], Entry] = field(default_factory=dict)


_kept: WeakKeyDictionary[DocumentStore, dict[EntryKind, _Kept]] = WeakKeyDictionary()


@dataclass(frozen=True)
class EntryFilter:
    """`text`: part of a code, name or another text of the entry. `state`: active, retired or all."""

    text: str = ""
    state: str = ACTIVE
    region: str = ""
    sort: str = ""
    """A field, with `-` before it for the reverse order; empty: by key."""


def find(ports: Ports, kind: EntryKind, scope: Scope, filters: EntryFilter) -> list[Entry]:
    """The matching entries in the scope, sorted; those with an empty value last."""
    words = filters.text.casefold().split()
    matching = [
        one
        for one in entries(ports, kind).values()
        if in_scope(scope, one)
        and (filters.state == ALL or one.active == (filters.state != RETIRED))
        and (not filters.region or getattr(one, "region", "") in {filters.region, EVERYWHERE})
        and (not words or _contains(one, words))
    ]
    matching.sort(key=lambda one: one.key)
    name = filters.sort.removeprefix("-")
    if name:
        empty = [one for one in matching if not show(getattr(one, name))]
        filled = [one for one in matching if show(getattr(one, name))]
        filled.sort(key=_sort_key(name), reverse=filters.sort.startswith("-"))
        matching = filled + empty
    return matching


def in_scope(scope: Scope, entry: Entry) -> bool:
    """Whether the entry is shown: products, suppliers and promotions of all regions to everybody."""
    match entry:
        case Store():
            return scope.covers_region(entry.region) and scope.covers_stores([entry.store_id])
        case Salesperson():
            in_stores = scope.stores is None or any(store in scope.stores for store in entry.stores)
            return scope.covers_region(entry.region) and in_stores
        case Promotion():
            return entry.region == EVERYWHERE or scope.covers_region(entry.region)
        case _:
            return True


def entries(ports: Ports, kind: EntryKind) -> Mapping[tuple[str, ...], Entry]:
    """All entries of a kind by key, as of the current revision."""
    kept = _kept.setdefault(ports.documents, {}).setdefault(kind, _Kept())
    state = records.state(ports)
    revision = int(state.data["revision"]) - bool(state.data["import"])  # an import is not complete yet
    if kept.revision != revision:
        changed = {one.entry.key: one.entry for one in records.changed_since(ports, kind, max(kept.revision, 0))}
        merged = {**kept.entries, **changed}
        kept.entries = {key: one for key, one in merged.items() if not is_withdrawn(one)}
        kept.revision = revision
    return kept.entries


def _contains(entry: Entry, words: list[str]) -> bool:
    text = " ".join(show(getattr(entry, name)) for name in SEARCHED if hasattr(entry, name)).casefold()
    return all(word in text for word in words)


def _sort_key(name: str) -> Callable[[Entry], Any]:
    def key(entry: Entry) -> Any:
        value = getattr(entry, name)
        return value.casefold() if isinstance(value, str) else value

    return key
