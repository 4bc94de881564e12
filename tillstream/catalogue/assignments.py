"""Which of several regions an assigned store is in: an account has one list of stores for all its regions."""

from collections.abc import Iterable

from tillstream.catalogue import records
from tillstream.domain.catalogue.entries import EntryKind, Salesperson
from tillstream.domain.people import Scope
from tillstream.ports import Ports


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
