"""Names in place of codes: of stores, and of the orders that receipts belong to."""

from flask import g

from portal.context import ports
from tillstream.catalogue import entry_lists
from tillstream.model.errors import NotFound
from tillstream.model.product_catalogue import EntryKind, Store
from tillstream.stock import purchase_orders


def store(region: str, store_id: str) -> str:
    """The name of a store, also of one that is not the user's but gets or sends goods; its code without a name."""
    if "catalogue_stores" not in g:
        entries = entry_lists.all_entries(ports(), EntryKind.STORE).values()
        g.catalogue_stores = {(one.region, one.store_id): one.name for one in entries if isinstance(one, Store)}
    names: dict[tuple[str, str], str] = g.catalogue_stores
    return names.get((region, store_id)) or store_id


def order_number(reference: str) -> str:
    """The number of the order with an ID; empty if there is none."""
    numbers: dict[str, str] = g.setdefault("order_numbers", {})
    if reference and reference not in numbers:
        try:
            numbers[reference] = purchase_orders.get_order(ports(), reference).number
        except NotFound:
            numbers[reference] = ""
    return numbers.get(reference, "")
