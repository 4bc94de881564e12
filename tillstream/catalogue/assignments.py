"""Where a user may sell: which of several regions an assigned store is in, as an account has one list of stores for
all its regions, and what the catalogue has of a store or salesperson."""

from collections.abc import Iterable
from datetime import date

from tillstream.catalogue import listing, records
from tillstream.domain.catalogue.dated_versions import values_on
from tillstream.domain.catalogue.entries import EntryKind, Salesperson, Store
from tillstream.model.people import Scope
from tillstream.ports import Ports

LISTED, UNKNOWN, RETIRED = "listed", "unknown", "retired"


def state_on(ports: Ports, kind: EntryKind, region: str, code: str, day: date) -> str:
    """The state of a store or salesperson on a day: `LISTED`, `UNKNOWN` or `RETIRED`.

    Each code is listed in a region of which the catalogue has no such entry: a company can sell without a catalogue.
    """
    entries = listing.entries(ports, kind)
    entry = entries.get((region, code))
    if isinstance(entry, Store | Salesperson):
        was_active = bool((values_on(entry.versions, day) or {}).get("active"))
        return LISTED if entry.active or was_active else RETIRED
    return UNKNOWN if any(name == region for name, *_ in entries) else LISTED


def own_stores(ports: Ports, region: str, salesperson: str | None) -> tuple[str, ...]:
    """The stores in which a salesperson sells according to the catalogue; empty if it names none."""
    entry = listing.entries(ports, EntryKind.SALESPERSON).get((region, salesperson or ""))
    return entry.stores if isinstance(entry, Salesperson) else ()


def is_assigned(ports: Ports, scope: Scope, region: str, store_id: str) -> bool:
    """Whether the scope covers a store of a region.

    If several regions of the scope may have a store with this ID, only those count in which the catalogue has the
    store, and in which it has the salesperson in this store. Without these entries, each region of the scope counts.
    """
    if not scope.covers_region(region) or (scope.stores is not None and store_id not in scope.stores):
        return False
    if scope.stores is None or scope.regions is None or len(scope.regions) == 1:
        return True
    with_store = [one for one in scope.regions if records.current(ports, EntryKind.STORE, one, store_id)]
    if with_store and region not in with_store:
        return False
    return not scope.salesperson or _sells(ports, scope.regions, scope.salesperson, region, store_id)


def _sells(ports: Ports, regions: Iterable[str], salesperson: str, region: str, store_id: str) -> bool:
    entries = {one: records.current(ports, EntryKind.SALESPERSON, one, salesperson) for one in regions}
    sellers = {one: entry for one, entry in entries.items() if entry}
    own = sellers.get(region)
    if own is None:
        return not sellers
    return isinstance(own, Salesperson) and (not own.stores or store_id in own.stores)
