"""Store sales in a currency, or of a country, that their region never had. They count once a person has accepted one,
which is decided when they are received: a rebuild decides as before.

The sales of the region are the memory, as of the files (`pipeline/staging/foreign_sales.py`).
"""

from collections.abc import Iterable
from weakref import WeakKeyDictionary

from tillstream.catalogue import listing
from tillstream.domain.catalogue.entries import EntryKind, Store
from tillstream.model import json_text
from tillstream.model.contract import Contract
from tillstream.model.countries import country_code, country_name
from tillstream.model.money import CURRENCIES
from tillstream.pipeline.validating.sold_before import (
    MAX_USUAL_COUNTRIES,
    SoldBefore,
    UsualSales,
    list_names,
    sold_before,
)
from tillstream.ports import Ports
from tillstream.ports.bus import Delivery
from tillstream.ports.documents import DocumentStore

ACCEPTED = "accepted_new_to_region"
"""Attribute of a message whose currency or country a person has accepted."""
COLUMNS = ("currency", "country")
_had: WeakKeyDictionary[DocumentStore, dict[str, SoldBefore]] = WeakKeyDictionary()
"""What regions had, so that the ledger is not asked for every micro-batch."""
Named = tuple[str, str]
"""The currency and the country of a message; each is empty if it is none."""


def reasons(ports: Ports, contract: Contract, deliveries: Iterable[Delivery]) -> dict[str, str]:
    """ID of the delivery → what is new to its region, for the sales of which a part is. contract: that of their region.

    A region without sales, and without a currency or country of its own, has nothing to compare with. Raises
    `Unavailable`.
    """
    named = {delivery.id: _named(delivery) for delivery in deliveries if ACCEPTED not in delivery.message.attributes}
    had = _had.setdefault(ports.documents, {})
    usual = UsualSales(contract, had.get(contract.region, frozenset()), COLUMNS)
    if not any(_has_new_currency(one, usual) or _has_new_country(one, usual) for one in named.values()):
        return {}
    had[contract.region] = _of_stores(ports, contract.region) | sold_before(ports.warehouse, contract.region)
    usual = UsualSales(contract, had[contract.region], COLUMNS)
    return {name: why for name, one in named.items() if (why := "; ".join(_parts(contract.region, one, usual)))}


def _parts(region: str, one: Named, usual: UsualSales) -> Iterable[str]:
    if usual.currencies and _has_new_currency(one, usual):
        yield f"it is in {one[0]}, and {region} has sales in {list_names(sorted(usual.currencies))}"
    if usual.countries and _has_new_country(one, usual):
        yield f"it is of {country_name(one[1])}, and {region} has sales of {list_names(sorted(usual.countries.values()))}"


def _has_new_currency(one: Named, usual: UsualSales) -> bool:
    return bool(one[0]) and one[0] not in usual.currencies


def _has_new_country(one: Named, usual: UsualSales) -> bool:
    return bool(one[1]) and usual.is_new_country(one[1]) and len(usual.countries) <= MAX_USUAL_COUNTRIES


def _of_stores(ports: Ports, region: str) -> SoldBefore:
    """The currencies and countries of the stores of a region, as the catalogue has them."""
    stores = listing.entries(ports, EntryKind.STORE).values()
    of_region = (one for one in stores if isinstance(one, Store) and one.region == region)
    return frozenset((one.store_id, one.currency, one.country) for one in of_region)


def _named(delivery: Delivery) -> Named:
    try:
        sale = json_text.decode_json(delivery.message.body)
        currency, country = str(sale["currency"]), str(sale.get("country", ""))
    except (ValueError, TypeError, KeyError, AttributeError):
        return "", ""
    return currency if currency in CURRENCIES else "", country if country_code(country) else ""
