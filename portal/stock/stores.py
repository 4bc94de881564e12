"""The stores whose stock the user changes, and the stores that they send to."""

from dataclasses import replace
from datetime import date

from flask import g, request

from portal.context import ports, scope, tillstream
from portal.places.places import Place, of_region, places
from portal.stock import texts
from tillstream.model import people
from tillstream.model.errors import NotFound
from tillstream.model.people import extent_of


def key(region: str, store_id: str) -> str:
    """A store in a form or an address."""
    return f"{region}/{store_id}"


def own() -> list[Place]:
    """The stores of the user, read once for a page."""
    if "stock_stores" not in g:
        g.stock_stores = places()
    stored: list[Place] = g.stock_stores
    return stored


def choices() -> list[tuple[str, str]]:
    """Key and label of each store of the user."""
    return [(key(one.region, one.store_id), label(one)) for one in own()]


def label(place: Place) -> str:
    return texts.store(place.name, place.store_id, place.region)


def chosen() -> Place | None:
    """The store of the request, or the only one of the user. Raises `NotFound` for a store that is not theirs."""
    wanted = request.values.get("store", "")
    if wanted:
        return find(wanted, own())
    return own()[0] if len(own()) == 1 else None


def find(wanted: str, among: list[Place]) -> Place:
    """The store with a key. Raises `NotFound`."""
    for one in among:
        if key(one.region, one.store_id) == wanted:
            return one
    raise NotFound(texts.no_store(wanted))


def receivers(place: Place) -> list[Place]:
    """The other stores of the region of a store, also those that are not the user's."""
    everybody = replace(scope(), stores=None, salesperson=None)
    return [one for one in of_region(place.region, everybody) if one.store_id != place.store_id]


def may_change(region: str, *stores: str) -> bool:
    """Whether one of these stores is the user's."""
    return any(people.may_change(scope(), extent_of(region, store)) for store in stores if store)


def business_day(region: str, store_id: str) -> date:
    """Today, in a store."""
    contract = tillstream().contracts.for_region(region)
    now = ports().clock.now()
    return contract.dates.business_day(store_id, now) if contract else now.date()
