"""The stores for which a user enters sales, and the salespeople there."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from flask import g

from portal import figures
from portal.context import ports, scope, tillstream
from portal.translation import _
from tillstream.analytics.filters import Filters
from tillstream.analytics.queries import run_query
from tillstream.catalogue import entry_lists
from tillstream.catalogue.entry_lists import STATE_LISTED, entry_state_on, is_store_assigned, stores_of_salesperson
from tillstream.intake.sale_form import currency_of_store
from tillstream.model.contract import Contract
from tillstream.model.errors import NotFound
from tillstream.model.money import minor_digits
from tillstream.model.people import Scope
from tillstream.model.product_catalogue import EntryKind, Salesperson, Store
from tillstream.people import accounts, store_credentials

MAX_PEOPLE = 500
EVERYWHERE = Filters()


def no_such_store(store_id: str, region: str) -> str:
    return _(
        "You cannot enter sales for the store “{store_id}” of the region “{region}”.", store_id=store_id, region=region
    )


@dataclass(frozen=True)
class UserStore:
    """A store. digits: decimal digits of its currency. numbered: the files of its region number the lines of a sale.

    sale_prefix: what precedes the number of a sale in its ID. name: in the catalogue, else empty.
    """

    region: str
    store_id: str
    currency: str
    digits: int
    numbered: bool
    sale_prefix: str
    name: str = ""


def user_stores() -> list[UserStore]:
    """The stores of the user: from the catalogue, contracts in use, store tokens, and sales, or those of the account.

    In a region of which the catalogue has stores, only its active ones. Those of the salesperson come first, then those
    with a name, by region and name.
    """
    limit = scope()
    regions, sold = _regions_in_use(limit), set(_sold("region", limit))
    stores = [one for region in regions for one in user_stores_in_region(region, limit, has_sales=region in sold)]
    own = {(region, store) for region in regions for store in stores_of_salesperson(ports(), region, limit.salesperson)}

    def order(one: UserStore) -> tuple[object, ...]:
        return (one.region, one.store_id) not in own, not one.name, one.region, one.name, one.store_id

    return sorted(stores, key=order)


def user_store(region: str, store_id: str) -> UserStore:
    """One store of the user. Raises `NotFound`."""
    limit = scope()
    if region in _regions(limit):
        for one in user_stores_in_region(region, limit):
            if one.store_id == store_id:
                return one
    raise NotFound(no_such_store(store_id, region))


def scope_of_store(limit: Scope) -> Scope:
    """The scope of everybody in a store: prices and earlier sales are not those of one salesperson alone."""
    return replace(limit, salesperson=None)


def salespeople_in_region(region: str) -> list[dict[str, str]]:
    """Whom the user may enter as the salesperson in a region: ID and name; only their own ID for a salesperson."""
    limit = scope()
    listed = _catalogue_salespeople(region)
    accounted = accounts.salespeople_of_region(ports(), region)
    retired = {code for code, one in listed.items() if not one.active}
    if limit.salesperson is not None:
        ids: Iterable[str] = {limit.salesperson} - retired - {""}
    elif listed:
        current = {code for code, one in listed.items() if entry_lists.entry_in_scope(limit, one)}
        ids = sorted((current | set(accounted)) - retired)
    else:
        sold = figures.rows("salespeople", Filters(region=(region,)), limit=MAX_PEOPLE)
        ids = sorted({row["salesperson_id"] for row in sold} | set(accounted))
    names = accounted | {code: one.name for code, one in listed.items() if one.name}
    return [{"id": one, "name": names.get(one, "")} for one in ids]


def _catalogue_salespeople(region: str) -> dict[str, Salesperson]:
    people = entry_lists.catalogue_entries(ports(), Salesperson).values()
    return {one.salesperson_id: one for one in people if one.region == region}


def _regions(limit: Scope) -> list[str]:
    return [region for region in tillstream().contracts.regions() if limit.covers_region(region)]


def _regions_in_use(limit: Scope) -> list[str]:
    """Regions with a contract in use, with stores in the catalogue, or with a till."""
    contracts, used = tillstream().contracts.all(), _contracts_in_use()
    regions = {contracts[name].region for name in used}
    regions |= {one.region for one in entry_lists.catalogue_entries(ports(), Store).values()}
    regions |= {one.region for one in store_credentials.find_store_tokens(ports()) if not one.revoked}
    return [region for region in _regions(limit) if region in regions]


def _contracts_in_use() -> set[str]:
    if "contracts_in_use" not in g:
        g.contracts_in_use = tillstream().contracts.names_to_choose()
    used: set[str] = g.contracts_in_use
    return used


def user_stores_in_region(region: str, limit: Scope, *, has_sales: bool = True) -> list[UserStore]:
    """The stores of a region within a scope. has_sales: false if it is certain that there are none to look through."""
    contract = tillstream().contracts.for_region(region)
    if contract is None:
        return []
    stores, today = _catalogue_stores(region), ports().clock.now().date()
    return [
        _place(contract, store_id, stores.get(store_id))
        for store_id in dict.fromkeys(_assigned(region, limit, has_sales=has_sales))
        if entry_state_on(ports(), EntryKind.STORE, region, store_id, today) == STATE_LISTED
    ]


def _place(contract: Contract, store_id: str, store: Store | None) -> UserStore:
    currency = _currency(contract, store)
    return UserStore(
        contract.region,
        store_id,
        currency,
        minor_digits(currency),
        contract.has_line_numbers,
        contract.identity.sale_prefix(store_id),
        store.name if store else "",
    )


def store_currency(region: str, store_id: str) -> str:
    """The currency of a store, whether it is active or not."""
    return _currency(tillstream().contracts.for_region(region), _catalogue_stores(region).get(store_id))


def _currency(contract: Contract | None, store: Store | None) -> str:
    return currency_of_store(store, contract) or tillstream().settings.reporting_currency


def _catalogue_stores(region: str) -> dict[str, Store]:
    stores = entry_lists.catalogue_entries(ports(), Store).values()
    return {one.store_id: one for one in stores if one.region == region}


def _assigned(region: str, limit: Scope, *, has_sales: bool) -> list[str]:
    """The stores of the account in a region; an account has a list of stores for all its regions."""
    if limit.stores is None:
        return _stores_of(region, limit, has_sales=has_sales)
    own = [store for store in limit.stores if is_store_assigned(ports(), limit, region, store)]
    if limit.regions is not None and len(limit.regions) == 1:
        return own
    of_region = set(_stores_of(region, limit, has_sales=has_sales))
    return [store for store in own if store in of_region]


def _stores_of(region: str, limit: Scope, *, has_sales: bool) -> list[str]:
    app = tillstream()
    contracts = [app.contracts.current(name) for name in app.contracts.names()]
    here = [contract for contract in contracts if contract.region == region]
    used = [contract for contract in here if contract.name in _contracts_in_use()] or here
    listed = [store for contract in used for store in contract.stores]
    tokens = [
        one.store_id
        for one in store_credentials.find_store_tokens(app.ports)
        if one.region == region and not one.revoked
    ]
    sold = _sold("store", limit, Filters(region=(region,))) if has_sales else []
    return [*_catalogue_stores(region), *listed, *tokens, *sold]


def _sold(name: str, limit: Scope, filters: Filters = EVERYWHERE) -> list[str]:
    """The regions or stores that have sales."""
    app = tillstream()
    rows = run_query(
        app.ports.warehouse, "filter-values", scope_of_store(limit), filters, cache=app.queries, filter=name
    )
    values: list[str] = rows.column("value").to_pylist()
    return values


def is_row_of_user(row: Mapping[str, Any]) -> bool:
    """Whether a row is of a store of the user, or the user is limited to none."""
    stores = scope().stores
    return stores is None or row["store_id"] in stores
