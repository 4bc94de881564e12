"""Lists of entries: searched, sorted and limited to a scope, and the stores in which a user may sell.

An account has one list of stores for all its regions, so the catalogue decides in which of them an assigned store is.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar, cast
from weakref import WeakKeyDictionary

from tillstream.catalogue import stored_entries
from tillstream.model.catalogue_columns import value_text
from tillstream.model.people import Scope
from tillstream.model.product_catalogue import (
    ENTRY_CLASSES,
    EVERYWHERE,
    Entry,
    EntryKind,
    Promotion,
    Salesperson,
    Store,
    is_withdrawn,
    values_on,
)
from tillstream.model.text import fold_case
from tillstream.ports import DocumentStore, Ports

SEARCHED_FIELDS = (
    "code", "store_id", "salesperson_id", "promotion_id", "name", "category", "supplier", "barcodes", "aliases",
    "product", "country", "email", "stores", "region",
)  # fmt: skip
"""Fields in which the search text may be."""
OneKind = TypeVar("OneKind", bound=Entry)
ACTIVE, RETIRED, ALL = "active", "retired", "all"

STATE_LISTED, STATE_UNKNOWN, STATE_RETIRED = "listed", "unknown", "retired"


@dataclass
class _CachedEntries:
    revision: int = -1
    entries: Mapping[tuple[str, ...], Entry] = field(default_factory=dict)


_cached: WeakKeyDictionary[DocumentStore, dict[EntryKind, _CachedEntries]] = WeakKeyDictionary()


@dataclass(frozen=True)
class EntryFilter:
    """`text`: part of a code, name or another text of the entry. `state`: active, retired or all."""

    text: str = ""
    state: str = ACTIVE
    region: str = ""
    sort: str = ""
    """A field, with `-` before it for the reverse order; empty: by key."""


def list_entries(ports: Ports, kind: EntryKind, scope: Scope, filters: EntryFilter) -> list[Entry]:
    """The matching entries in the scope, sorted; those with an empty value last."""
    words = filters.text.casefold().split()
    matching = [
        one
        for one in all_entries(ports, kind).values()
        if entry_in_scope(scope, one)
        and (filters.state == ALL or one.active == (filters.state != RETIRED))
        and (not filters.region or getattr(one, "region", "") in {filters.region, EVERYWHERE})
        and (not words or _contains(one, words))
    ]
    matching.sort(key=lambda one: one.key)
    name = filters.sort.removeprefix("-")
    if name:
        empty = [one for one in matching if not value_text(getattr(one, name))]
        filled = [one for one in matching if value_text(getattr(one, name))]
        filled.sort(key=lambda entry: fold_case(getattr(entry, name)), reverse=filters.sort.startswith("-"))
        matching = filled + empty
    return matching


def entry_in_scope(scope: Scope, entry: Entry) -> bool:
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


def all_entries(ports: Ports, kind: EntryKind) -> Mapping[tuple[str, ...], Entry]:
    """All entries of a kind by key, as of the current revision."""
    kept = _cached.setdefault(ports.documents, {}).setdefault(kind, _CachedEntries())
    state = stored_entries.catalogue_state(ports)
    revision = int(state.data["revision"]) - bool(state.data["import"])  # an import is not complete yet
    if kept.revision != revision:
        changed = {
            one.entry.key: one.entry for one in stored_entries.entries_changed_since(ports, kind, max(kept.revision, 0))
        }
        merged = {**kept.entries, **changed}
        kept.entries = {key: one for key, one in merged.items() if not is_withdrawn(one)}
        kept.revision = revision
    return kept.entries


def catalogue_entries(ports: Ports, kind: type[OneKind]) -> Mapping[tuple[str, ...], OneKind]:
    """As `all_entries`, of a kind by its class."""
    name = next(name for name, each in ENTRY_CLASSES.items() if each is kind)
    return cast("Mapping[tuple[str, ...], OneKind]", all_entries(ports, name))


def _contains(entry: Entry, words: list[str]) -> bool:
    text = " ".join(value_text(getattr(entry, name)) for name in SEARCHED_FIELDS if hasattr(entry, name)).casefold()
    return all(word in text for word in words)


def entry_state_on(ports: Ports, kind: EntryKind, region: str, code: str, day: date) -> str:
    """The state of a store or salesperson on a day: `STATE_LISTED`, `STATE_UNKNOWN` or `RETIRED`.

    Each code is listed in a region of which the catalogue has no such entry: a company can sell without a catalogue.
    """
    entries = all_entries(ports, kind)
    entry = entries.get((region, code))
    if isinstance(entry, Store | Salesperson):
        was_active = bool((values_on(entry.versions, day) or {}).get("active"))
        return STATE_LISTED if entry.active or was_active else STATE_RETIRED
    return STATE_UNKNOWN if any(name == region for name, *_ in entries) else STATE_LISTED


def stores_of_salesperson(ports: Ports, region: str, salesperson: str | None) -> tuple[str, ...]:
    """The stores in which a salesperson sells according to the catalogue; empty if it names none."""
    entry = catalogue_entries(ports, Salesperson).get((region, salesperson or ""))
    return entry.stores if entry else ()


def is_store_assigned(ports: Ports, scope: Scope, region: str, store_id: str) -> bool:
    """Whether the scope covers a store of a region.

    If several regions of the scope may have a store with this ID, only those count in which the catalogue has the
    store, and in which it has the salesperson in this store. Without these entries, each region of the scope counts.
    """
    if not scope.covers_region(region) or (scope.stores is not None and store_id not in scope.stores):
        return False
    if scope.stores is None or scope.regions is None or len(scope.regions) == 1:
        return True
    with_store = [
        one for one in scope.regions if stored_entries.get_current_entry(ports, EntryKind.STORE, one, store_id)
    ]
    if with_store and region not in with_store:
        return False
    return not scope.salesperson or _sells(ports, scope.regions, scope.salesperson, region, store_id)


def _sells(ports: Ports, regions: Iterable[str], salesperson: str, region: str, store_id: str) -> bool:
    entries = {one: stored_entries.get_current_entry(ports, EntryKind.SALESPERSON, one, salesperson) for one in regions}
    sellers = {one: entry for one, entry in entries.items() if entry}
    own = sellers.get(region)
    if own is None:
        return not sellers
    return isinstance(own, Salesperson) and (not own.stores or store_id in own.stores)
