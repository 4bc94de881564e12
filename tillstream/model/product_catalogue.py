"""Entries of the catalogue: products, stores, salespeople, promotions and suppliers, with dated amounts and aliases.

Of the amounts for a day, that of the most specific region counts, then the latest `valid_from` that is not after the
day, then the latest `recorded_at`.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, Protocol

EVERYWHERE = "*"
"""Region of a row that counts where a region has none of its own."""


@dataclass(frozen=True)
class DatedAmount:
    """An amount of a region from a day on. `valid_from` None: from the beginning. `recorded_at`: ISO 8601 UTC text."""

    region: str
    currency: str
    amount: Decimal
    valid_from: date | None = None
    recorded_at: str = ""


@dataclass(frozen=True)
class AmountRange:
    """An amount that counts on the days from `valid_from` to before `valid_to`; None: no bound."""

    region: str
    currency: str
    amount: Decimal
    valid_from: date | None
    valid_to: date | None


class HasAmounts(Protocol):
    @property
    def costs(self) -> tuple[DatedAmount, ...]: ...

    @property
    def prices(self) -> tuple[DatedAmount, ...]: ...


def cost_on(product: HasAmounts, region: str, day: date) -> DatedAmount | None:
    """The unit cost that counts in the region on the day, in the currency of its row."""
    return amount_on(product.costs, region, day)


def price_on(product: HasAmounts, region: str, currency: str, day: date) -> Decimal | None:
    """The list price in a currency that counts in the region on the day."""
    row = amount_on((one for one in product.prices if one.currency == currency), region, day)
    return row.amount if row else None


def amount_on(rows: Iterable[DatedAmount], region: str, day: date) -> DatedAmount | None:
    """The row that counts in the region on the day. Of rows recorded at the same time, the later in order counts."""
    best: tuple[tuple[bool, date, str, int], DatedAmount] | None = None
    for index, row in enumerate(rows):
        start = row.valid_from or date.min
        if row.region not in {region, EVERYWHERE} or start > day:
            continue
        rank = (row.region != EVERYWHERE, start, row.recorded_at, index)
        if best is None or rank > best[0]:
            best = (rank, row)
    return best[1] if best else None


def cost_ranges(rows: Iterable[DatedAmount]) -> list[AmountRange]:
    """Disjoint ranges for each region: on each day, one cost counts, whatever its currency."""
    return list(_amount_ranges(rows, by_currency=False))


def price_ranges(rows: Iterable[DatedAmount]) -> list[AmountRange]:
    """Disjoint ranges for each region and currency: a region may have price lists in several currencies."""
    return list(_amount_ranges(rows, by_currency=True))


def _amount_ranges(rows: Iterable[DatedAmount], *, by_currency: bool) -> Iterator[AmountRange]:
    listed = list(rows)
    groups = _starts(listed, by_currency=by_currency)
    for key in sorted(groups):
        starts = groups[key]
        ends = [*sorted(starts)[1:], None]
        for start, end in zip(sorted(starts), ends, strict=True):
            row = listed[starts[start]]
            yield AmountRange(row.region, row.currency, row.amount, row.valid_from, end)


def replaced_amounts(rows: Sequence[DatedAmount], *, by_currency: bool) -> set[int]:
    """Positions of the rows that count on no day, because a later one counts from their first day on."""
    groups = _starts(rows, by_currency=by_currency).values()
    return set(range(len(rows))) - {position for starts in groups for position in starts.values()}


def _starts(rows: Sequence[DatedAmount], *, by_currency: bool) -> dict[tuple[str, str], dict[date, int]]:
    """Region and currency → first day → position of the row that was recorded last."""
    groups: dict[tuple[str, str], dict[date, int]] = {}
    for position, row in enumerate(rows):
        starts = groups.setdefault((row.region, row.currency if by_currency else ""), {})
        start = row.valid_from or date.min
        if start not in starts or row.recorded_at >= rows[starts[start]].recorded_at:
            starts[start] = position
    return groups


def amount_changes_nothing(rows: Iterable[DatedAmount], row: DatedAmount, *, by_currency: bool) -> bool:
    """Whether the amount that already counts from this day on in exactly this region is the same."""
    latest = amount_of_same_day(rows, row, by_currency=by_currency)
    return latest is not None and (latest.amount, latest.currency) == (row.amount, row.currency)


def amount_of_same_day(rows: Iterable[DatedAmount], row: DatedAmount, *, by_currency: bool) -> DatedAmount | None:
    """The one that counts of the rows with the region and first day of another row, and for prices its currency."""
    starts = [
        one
        for one in rows
        if one.region == row.region
        and (not by_currency or one.currency == row.currency)
        and one.valid_from == row.valid_from
    ]
    return max(enumerate(starts), key=lambda pair: (pair[1].recorded_at, pair[0]))[1] if starts else None


@dataclass(frozen=True)
class FieldVersion:
    """Values of the dated fields from a day on. `valid_from` None: from the beginning."""

    valid_from: date | None
    values: dict[str, Any]


def add_version(versions: Sequence[FieldVersion], values: dict[str, Any], day: date) -> tuple[FieldVersion, ...]:
    """The versions with these values from the day on. A second change on one day replaces the first one.

    If no version would precede the day, the values hold from the beginning.
    """
    if not versions:
        return (FieldVersion(None, values),)
    if versions[-1].values == values:
        return tuple(versions)
    # A clock that was set back does not change what was recorded for later days: the change counts from the last one.
    last = versions[-1].valid_from
    start = day if last is None or day > last else last
    earlier = [one for one in versions if one.valid_from != start]
    if earlier and earlier[-1].values == values:
        return tuple(earlier)
    return (*earlier, FieldVersion(start, values))


def version_ranges(versions: Sequence[FieldVersion]) -> list[tuple[date | None, date | None, dict[str, Any]]]:
    """Each version with its first day and the day after its last one."""
    ends = [*(one.valid_from for one in versions[1:]), None][: len(versions)]
    return [(one.valid_from, end, one.values) for one, end in zip(versions, ends, strict=True)]


def values_on(versions: Sequence[FieldVersion], day: date) -> dict[str, Any] | None:
    """The values that count on the day."""
    counting = [one for one in versions if one.valid_from is None or one.valid_from <= day]
    return counting[-1].values if counting else None


class ProductCodes(Protocol):
    """(region or `*`, code) → the product that it names."""

    def get(self, key: tuple[str, str], /) -> str | None: ...


@dataclass(frozen=True)
class Alias:
    """A code that names the product in a region; `*`: in all regions."""

    region: str
    code: str


class AliasCycle(Exception):
    """Following the aliases returns to a code. `codes`: the codes of the cycle, the first one again at the end."""

    def __init__(self, codes: list[str]) -> None:
        super().__init__(" → ".join(codes))
        self.codes = codes


def resolve_code(codes: ProductCodes, region: str, code: str) -> str:
    """The product that a code names in a region: the alias of the region, then of all regions, repeatedly, until no
    alias applies; the code itself without an alias. Raises `AliasCycle`."""
    path = [code]
    while True:
        following = codes.get((region, path[-1])) or codes.get((EVERYWHERE, path[-1]))
        if following is None:
            return path[-1]
        if following in path:
            raise AliasCycle([*path[path.index(following) :], following])
        path.append(following)


def first_alias_cycle(
    codes: ProductCodes, starts: Iterable[tuple[str, str]], regions: Collection[str]
) -> AliasCycle | None:
    """The first cycle that one of these (region, code) is part of or leads to; None if there is none.

    An alias of all regions can form a cycle with an alias of one region, so it is followed in each of `regions`.
    """
    for region, code in starts:
        for each in sorted({*regions, region}) if region == EVERYWHERE else [region]:
            try:
                resolve_code(codes, each, code)
            except AliasCycle as cycle:
                return cycle
    return None


class EntryKind(StrEnum):
    PRODUCT = "product"
    STORE = "store"
    SALESPERSON = "salesperson"
    PROMOTION = "promotion"
    SUPPLIER = "supplier"


DATED_FIELDS: dict[EntryKind, tuple[str, ...]] = {
    EntryKind.PRODUCT: ("name", "category", "pack_size", "supplier", "barcodes", "active"),
    EntryKind.STORE: (
        "name", "country", "time_zone", "currency", "latitude", "longitude", "opening_hours", "active",
    ),
    EntryKind.SALESPERSON: ("name", "stores", "active"),
}  # fmt: skip
"""Fields whose past values are kept with the days on which they counted."""


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
    versions: tuple[FieldVersion, ...] = ()

    @property
    def key(self) -> tuple[str, ...]:
        return (self.code,)


@dataclass(frozen=True)
class WeekdayHours:
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
    opening_hours: tuple[WeekdayHours, ...] = ()
    active: bool = True
    versions: tuple[FieldVersion, ...] = ()

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
    versions: tuple[FieldVersion, ...] = ()

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
ENTRY_CLASSES: dict[EntryKind, type[Entry]] = {
    EntryKind.PRODUCT: Product,
    EntryKind.STORE: Store,
    EntryKind.SALESPERSON: Salesperson,
    EntryKind.PROMOTION: Promotion,
    EntryKind.SUPPLIER: Supplier,
}


def is_withdrawn(entry: Entry) -> bool:
    """Whether the acceptance of its code was undone: only the history of the entry is left."""
    return isinstance(entry, Product | Store | Salesperson) and not entry.versions and not entry.active
