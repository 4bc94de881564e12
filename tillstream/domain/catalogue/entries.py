"""The kinds of catalogue entries, as stored."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from tillstream.domain.catalogue.aliases import Alias
from tillstream.domain.catalogue.dated_amounts import EVERYWHERE, DatedAmount
from tillstream.domain.catalogue.dated_versions import Version


class EntryKind(StrEnum):
    PRODUCT = "product"
    STORE = "store"
    SALESPERSON = "salesperson"
    PROMOTION = "promotion"
    SUPPLIER = "supplier"


@dataclass(frozen=True)
class Product:
    """A product of the company. Its code, aliases and barcodes are what sources write."""

    code: str
    name: str = ""
    category: str = ""
    pack_size: Decimal | None = None
    supplier: str = ""
    minimum_order: Decimal | None = None
    shelf_life_days: Decimal | None = None
    minimum_stock: Decimal | None = None
    active: bool = True
    barcodes: tuple[str, ...] = ()
    aliases: tuple[Alias, ...] = ()
    costs: tuple[DatedAmount, ...] = ()
    prices: tuple[DatedAmount, ...] = ()
    versions: tuple[Version, ...] = ()

    @property
    def key(self) -> tuple[str, ...]:
        return (self.code,)


@dataclass(frozen=True)
class OpeningHours:
    """The hours of a weekday: `day` is `Mon` to `Sun`, `hours` such as 09:00-12:00,13:00-18:00."""

    day: str
    hours: str


@dataclass(frozen=True)
class Store:
    """A store of a region. A weekday without opening hours is not recorded, or the store is closed then."""

    region: str
    store_id: str
    name: str = ""
    country: str = ""
    time_zone: str = ""
    currency: str = ""
    latitude: Decimal | None = None
    longitude: Decimal | None = None
    opening_hours: tuple[OpeningHours, ...] = ()
    active: bool = True
    versions: tuple[Version, ...] = ()

    @property
    def key(self) -> tuple[str, ...]:
        return (self.region, self.store_id)


@dataclass(frozen=True)
class Salesperson:
    """A salesperson of a region, with the stores in which they sell; none: all stores of the region."""

    region: str
    salesperson_id: str
    name: str = ""
    stores: tuple[str, ...] = ()
    active: bool = True
    versions: tuple[Version, ...] = ()

    @property
    def key(self) -> tuple[str, ...]:
        return (self.region, self.salesperson_id)


@dataclass(frozen=True)
class Promotion:
    """A reduced price of a product or a category, in a store, a region or everywhere, from a day to a day, inclusive.

    `rate`: the share of the price that is deducted, such as 0.2. `store_id`: empty for all stores of the region.
    """

    promotion_id: str
    name: str = ""
    product: str = ""
    category: str = ""
    region: str = EVERYWHERE
    store_id: str = ""
    kind: str = "discount"
    rate: Decimal = Decimal(0)
    valid_from: date | None = None
    valid_to: date | None = None
    active: bool = True

    @property
    def key(self) -> tuple[str, ...]:
        return (self.promotion_id,)


@dataclass(frozen=True)
class Supplier:
    """A supplier. lead_time_days: from an order to its arrival; review_days: between two orders."""

    code: str
    name: str = ""
    email: str = ""
    phone: str = ""
    lead_time_days: Decimal | None = None
    review_days: Decimal | None = None
    active: bool = True

    @property
    def key(self) -> tuple[str, ...]:
        return (self.code,)


Entry = Product | Store | Salesperson | Promotion | Supplier
CLASSES: dict[EntryKind, type[Entry]] = {
    EntryKind.PRODUCT: Product,
    EntryKind.STORE: Store,
    EntryKind.SALESPERSON: Salesperson,
    EntryKind.PROMOTION: Promotion,
    EntryKind.SUPPLIER: Supplier,
}
DATED: dict[EntryKind, tuple[str, ...]] = {
    EntryKind.PRODUCT: ("name", "category", "pack_size", "supplier", "barcodes", "active"),
    EntryKind.STORE: (
        "name", "country", "time_zone", "currency", "latitude", "longitude", "opening_hours", "active",
    ),
    EntryKind.SALESPERSON: ("name", "stores", "active"),
}  # fmt: skip
"""Fields whose past values are kept with the days on which they counted."""


def is_withdrawn(entry: Entry) -> bool:
    """Whether the acceptance of its code was undone: only the history of the entry is left."""
    return isinstance(entry, Product | Store | Salesperson) and not entry.versions and not entry.active
