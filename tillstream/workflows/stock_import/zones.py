"""The time zones of stores."""

from collections.abc import Callable

from tillstream.catalogue import listing
from tillstream.contracts.registry import ContractRegistry
from tillstream.domain.catalogue.entries import EntryKind, Store
from tillstream.ports import Ports


def zone_of(ports: Ports, contracts: ContractRegistry) -> Callable[[str, str], str]:
    """The time zone of a region and store: that of the catalogue, else of the region's contract, else UTC."""
    stores = {
        (one.region, one.store_id): one.time_zone
        for one in listing.entries(ports, EntryKind.STORE).values()
        if isinstance(one, Store)
    }

    def zone(region: str, store_id: str) -> str:
        contract = contracts.for_region(region)
        return stores.get((region, store_id)) or (contract.dates.zone_of(store_id) if contract else "") or "UTC"

    return zone
