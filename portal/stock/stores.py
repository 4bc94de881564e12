"""The stores and the views of stock that the user may open, and names in place of codes."""

from dataclasses import replace
from datetime import date
from typing import Any

from flask import g, request, url_for

from portal.context import ports, scope, signed_in, tillstream
from portal.translation import N_, _
from portal.user_stores import UserStore, user_stores, user_stores_in_region
from tillstream.catalogue import entry_lists
from tillstream.model import people
from tillstream.model.errors import NotFound
from tillstream.model.people import extent_of
from tillstream.model.permissions import Action
from tillstream.model.product_catalogue import Store
from tillstream.stock import purchase_orders

TABS = N_(
    {
        "stock.show": "Levels",
        "stock.counts": "Counts",
        "stock.transfers": "Transfers",
        "stock.returns": "Returns",
        "stock.movements": "Movements",
        "stock_files.report": "Reports",
        "stock_files.form": "Import",
    }
)
"""Endpoint → label of the views of stock, in order."""

READING = {"stock.show", "stock_files.report"}
"""Views for those who may not change stock."""
ARGUMENTS: dict[str, dict[str, Any]] = {"stock_files.report": {"report": "value"}}
"""View → arguments of its address."""


def store_key(region: str, store_id: str) -> str:
    """A store in a form or an address."""
    return f"{region}/{store_id}"


def own_stores() -> list[UserStore]:
    """The stores of the user, read once for a page."""
    if "stock_stores" not in g:
        g.stock_stores = user_stores()
    stored: list[UserStore] = g.stock_stores
    return stored


def store_choices() -> list[tuple[str, str]]:
    """Key and label of each store of the user."""
    return [(store_key(one.region, one.store_id), store_label(one)) for one in own_stores()]


def store_label(place: UserStore) -> str:
    return f"{place.name} ({place.store_id}, {place.region})" if place.name else f"{place.store_id} ({place.region})"


def chosen_store() -> UserStore | None:
    """The store of the request, or the only one of the user. Raises `NotFound` for a store that is not theirs."""
    wanted = request.values.get("store", "")
    if wanted:
        return store_of_key(wanted, own_stores())
    return own_stores()[0] if len(own_stores()) == 1 else None


def store_of_key(wanted: str, among: list[UserStore]) -> UserStore:
    """The store with a key. Raises `NotFound`."""
    for one in among:
        if store_key(one.region, one.store_id) == wanted:
            return one
    raise NotFound(_("The store “{wanted}” is not one of yours.", wanted=wanted))


def receiving_stores(place: UserStore) -> list[UserStore]:
    """The other stores of the region of a store, also those that are not the user's."""
    everybody = replace(scope(), stores=None, salesperson=None)
    return [one for one in user_stores_in_region(place.region, everybody) if one.store_id != place.store_id]


def may_change(region: str, *stores: str) -> bool:
    """Whether one of these stores is the user's."""
    return any(people.may_change(scope(), extent_of(region, store)) for store in stores if store)


def business_day(region: str, store_id: str) -> date:
    """Today, in a store."""
    contract = tillstream().contracts.for_region(region)
    now = ports().clock.now()
    return contract.dates.business_day(store_id, now) if contract else now.date()


def named_store(region: str, store_id: str) -> str:
    """The name of a store, also of one that is not the user's but gets or sends goods; its code without a name."""
    if "catalogue_stores" not in g:
        g.catalogue_stores = entry_lists.catalogue_entries(ports(), Store)
    store: Store | None = g.catalogue_stores.get((region, store_id))
    return (store.name if store else "") or store_id


def order_number(reference: str) -> str:
    """The number of the order with an ID; empty if there is none."""
    numbers: dict[str, str] = g.setdefault("order_numbers", {})
    if reference and reference not in numbers:
        try:
            numbers[reference] = purchase_orders.get_order(ports(), reference).number
        except NotFound:
            numbers[reference] = ""
    return numbers.get(reference, "")


def tab_links() -> list[tuple[str, str]]:
    """Address and label of each view."""
    changes = signed_in() and scope().may(Action.MANAGE_STOCK)  # error pages have these names too
    return [
        (url_for(endpoint, **ARGUMENTS.get(endpoint, {})), label)
        for endpoint, label in TABS.items()
        if changes or endpoint in READING
    ]
