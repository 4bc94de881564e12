"""A store of an account with several regions is that of the region in which the catalogue has it."""

from collections.abc import Callable
from typing import Any

from tillstream.catalogue.entry_lists import is_store_assigned
from tillstream.model.people import Scope
from tillstream.model.permissions import Role
from tillstream.model.product_catalogue import Salesperson, Store
from tillstream.ports import Ports

SELLER = Scope(Role.SALESPERSON, ("IN", "UK"), ("S1", "S2"), "E1")
PLACE: dict[str, Any] = {"country": "IN", "time_zone": "UTC", "currency": "INR"}
Save = Callable[..., Any]


def regions_of(ports: Ports, scope: Scope, store: str) -> list[str]:
    return [region for region in ("IN", "UK", "US") if is_store_assigned(ports, scope, region, store)]


def test_without_a_catalogue_each_region_of_the_account_counts(ports: Ports) -> None:
    assert regions_of(ports, SELLER, "S1") == ["IN", "UK"]
    assert regions_of(ports, SELLER, "S3") == []
    assert regions_of(ports, Scope(Role.MANAGER, ("IN",)), "S3") == ["IN"]


def test_the_region_of_a_store_is_that_of_the_catalogue(ports: Ports, save: Save) -> None:
    save(Store("IN", "S1", "Fort", **PLACE))
    assert regions_of(ports, SELLER, "S1") == ["IN"]
    assert regions_of(ports, SELLER, "S2") == ["IN", "UK"]


def test_a_salesperson_sells_in_the_region_and_stores_of_their_entry(ports: Ports, save: Save) -> None:
    for region in ("IN", "UK"):
        for store in ("S1", "S2"):
            save(Store(region, store, store, **PLACE))
    save(Salesperson("IN", "E1", "Asha", stores=("S1",)))
    assert regions_of(ports, SELLER, "S1") == ["IN"]
    assert regions_of(ports, SELLER, "S2") == []
    assert regions_of(ports, Scope(Role.MANAGER, ("IN", "UK"), ("S1",)), "S1") == ["IN", "UK"]
