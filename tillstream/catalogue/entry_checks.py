"""Checks of an entry against the rest of the catalogue as it is after the change."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import cached_property
from typing import Protocol

from tillstream.catalogue import stored_entries
from tillstream.catalogue.stored_entries import StoredCatalogue, codes_of_product
from tillstream.model.catalogue_columns import EntryProblem
from tillstream.model.document_json import decimal_text
from tillstream.model.product_catalogue import (
    EVERYWHERE,
    DatedAmount,
    Entry,
    EntryKind,
    Product,
    ProductCodes,
    Promotion,
    Salesperson,
    Store,
    first_alias_cycle,
    is_withdrawn,
)


def promotions_overlap(one: Promotion, other: Promotion, category_of: Mapping[str, str]) -> bool:
    """Whether both count for some product, store and day, and are of one kind. category_of: product → its category.

    Retired promotions overlap none.
    """
    return (
        one.active
        and other.active
        and one.kind == other.kind
        and _days_overlap(one, other)
        and _stores_overlap(one, other)
        and _targets_overlap(one, other, category_of)
    )


def first_overlapping_promotion(
    promotion: Promotion, others: Iterable[Promotion], category_of: Mapping[str, str]
) -> Promotion | None:
    """The first of the others that overlaps; the promotion with the same id is left out."""
    return next(
        (
            one
            for one in others
            if one.promotion_id != promotion.promotion_id and promotions_overlap(promotion, one, category_of)
        ),
        None,
    )


def _days_overlap(one: Promotion, other: Promotion) -> bool:
    first = max(one.valid_from or date.min, other.valid_from or date.min)
    return first <= min(one.valid_to or date.max, other.valid_to or date.max)


def _stores_overlap(one: Promotion, other: Promotion) -> bool:
    if EVERYWHERE in {one.region, other.region}:
        return True
    return one.region == other.region and (not one.store_id or not other.store_id or one.store_id == other.store_id)


def _targets_overlap(one: Promotion, other: Promotion, category_of: Mapping[str, str]) -> bool:
    if one.product and other.product:
        return one.product == other.product
    if one.category and other.category:
        return one.category == other.category
    product, category = (one.product or other.product), (one.category or other.category)
    return category_of.get(product, "") == category


class ChangedCatalogue(Protocol):
    """The catalogue after a change."""

    def owners(self, region: str, code: str) -> Sequence[str]:
        """Products with this alias or barcode in exactly this region."""

    def product(self, code: str) -> Product | None: ...

    def codes(self) -> ProductCodes:
        """All aliases and barcodes."""

    def has_store(self, region: str, store_id: str) -> bool: ...

    def has_stores(self, region: str) -> bool: ...

    def promotions(self) -> Sequence[Promotion]: ...


class CatalogueWithEntry:
    """The stored catalogue with one entry in place of its stored version. Reads only what a check needs."""

    def __init__(self, stored: StoredCatalogue, entry: Entry) -> None:
        self._stored, self._entry = stored, entry

    def owners(self, region: str, code: str) -> list[str]:
        owner = self._other_owner((region, code))
        return [*([owner] if owner else []), *([self._mine] if (region, code) in self._own_codes else [])]

    def product(self, code: str) -> Product | None:
        if self._mine and self._mine == code:
            return self._entry if isinstance(self._entry, Product) else None
        entry = self._stored.current(EntryKind.PRODUCT, (code,))
        return entry if isinstance(entry, Product) else None

    def codes(self) -> ProductCodes:
        return self

    def get(self, key: tuple[str, str], /) -> str | None:
        """The product that an alias or barcode names."""
        return self._mine if key in self._own_codes else self._other_owner(key) or None

    def has_store(self, region: str, store_id: str) -> bool:
        return self._stored.current(EntryKind.STORE, (region, store_id)) is not None

    def has_stores(self, region: str) -> bool:
        return bool(self._stored.stores(region))

    def promotions(self) -> list[Promotion]:
        return [one for one in self._stored.promotions() if one.key != self._entry.key]

    def _other_owner(self, key: tuple[str, str]) -> str:
        """The other product that an alias or barcode names; empty if there is none."""
        owner = self._stored.owner(*key)
        return "" if owner == self._mine else owner

    @cached_property
    def _mine(self) -> str:
        return self._entry.code if isinstance(self._entry, Product) else ""

    @cached_property
    def _own_codes(self) -> dict[tuple[str, str], str]:
        return stored_entries.codes_of_product(self._entry) if isinstance(self._entry, Product) else {}


class CatalogueWithImport:
    """The whole catalogue in memory, with the entries of an import in place of their stored versions."""

    def __init__(self, entries: Mapping[EntryKind, Mapping[tuple[str, ...], Entry]]) -> None:
        self._products = {
            one.code: one
            for one in entries.get(EntryKind.PRODUCT, {}).values()
            if isinstance(one, Product) and not is_withdrawn(one)
        }
        stores = entries.get(EntryKind.STORE, {})
        self._stores = {key for key, one in stores.items() if not is_withdrawn(one)}
        self._regions = {key[0] for key in self._stores}
        listed = entries.get(EntryKind.PROMOTION, {}).values()
        self._promotions = [one for one in listed if isinstance(one, Promotion)]
        self._owners: dict[tuple[str, str], list[str]] = {}
        for product in self._products.values():
            for key in stored_entries.codes_of_product(product):
                self._owners.setdefault(key, []).append(product.code)

    def owners(self, region: str, code: str) -> list[str]:
        return self._owners.get((region, code), [])

    def product(self, code: str) -> Product | None:
        return self._products.get(code)

    def codes(self) -> dict[tuple[str, str], str]:
        return self._codes

    @cached_property
    def _codes(self) -> dict[tuple[str, str], str]:
        return {key: owners[0] for key, owners in self._owners.items()}

    def has_store(self, region: str, store_id: str) -> bool:
        return (region, store_id) in self._stores

    def has_stores(self, region: str) -> bool:
        return region in self._regions

    def promotions(self) -> list[Promotion]:
        return self._promotions


def check_entry(
    entry: Entry, before: Entry | None, world: ChangedCatalogue, regions: Collection[str]
) -> list[EntryProblem]:
    """Problems of an entry. regions: the regions that exist. before: the stored entry; what it has, it may keep."""
    match entry:
        case Product():
            return list(_product(entry, before if isinstance(before, Product) else None, world, regions))
        case Store():
            return list(_store(entry, before, regions))
        case Salesperson():
            return list(_salesperson(entry, world, regions))
        case Promotion():
            return list(_promotion(entry, world, regions))
        case _:
            return []


def _product(
    product: Product, before: Product | None, world: ChangedCatalogue, regions: Collection[str]
) -> Iterator[EntryProblem]:
    yield from _codes(product, before, world, regions)
    yield from _own_code(product, before, world, regions)
    if before is None or before.aliases != product.aliases or before.barcodes != product.barcodes:
        starts = [key for key in codes_of_product(product) if key[1] != product.code]
        cycle = first_alias_cycle(world.codes(), starts, regions) if starts else None
        if cycle:
            yield EntryProblem("alias-cycle", "aliases", product.code, " → ".join(cycle.codes))
    for field, rows, old in (
        ("costs", product.costs, before.costs if before else ()),
        ("prices", product.prices, before.prices if before else ()),
    ):
        yield from _amounts(product.code, field, [one for one in rows if one not in old], regions)
    if before is not None and before.category != product.category:
        yield from _promotions_of(product, world)


def _codes(
    product: Product, before: Product | None, world: ChangedCatalogue, regions: Collection[str]
) -> Iterator[EntryProblem]:
    """Codes that name another product already; what the stored product has, it may keep.

    The code of a retired product is free, so that its sales can count for the product that replaces it.
    """
    earlier = codes_of_product(before) if before else {}
    for (region, code), kind in codes_of_product(product).items():
        others = [one for one in world.owners(region, code) if one != product.code]
        if (region, code) in earlier and not others:
            continue
        field = "barcodes" if kind == "barcode" else "aliases"
        yield from check_region(region, regions, field, everywhere=True)
        if others:
            yield EntryProblem("code-of-another", field, code, others[0])
        other = world.product(code) if code != product.code else None
        if other and other.active:
            yield EntryProblem("code-of-a-product", field, code, other.name)
        if kind == "alias" and code == product.code:
            yield EntryProblem("alias-cycle", field, code, f"{code} → {code}")


def _own_code(
    product: Product, before: Product | None, world: ChangedCatalogue, regions: Collection[str]
) -> Iterator[EntryProblem]:
    """Products that took over the code while it was free; in a region, a new product may leave its sales to another."""
    places: list[str] = []
    if before is None or is_withdrawn(before):
        places = [EVERYWHERE]
    elif product.active and not before.active:
        places = [EVERYWHERE, *sorted(regions)]
    taken = [one for place in places for one in world.owners(place, product.code) if one != product.code]
    if taken:
        yield EntryProblem("code-of-another", "code", product.code, taken[0])


def _amounts(code: str, field: str, rows: list[DatedAmount], regions: Collection[str]) -> Iterator[EntryProblem]:
    """Problems of new rows. Two of one day were entered at the same time, so none of them is the later one."""
    first: dict[tuple[object, ...], DatedAmount] = {}
    for row in rows:
        yield from check_region(row.region, regions, everywhere=True)
        currency = row.currency if field == "prices" else ""
        other = first.setdefault((row.region, currency, row.valid_from), row)
        if (other.amount, other.currency) != (row.amount, row.currency):
            both = " and ".join(f"{decimal_text(one.amount)} {one.currency}" for one in (other, row))
            start = row.valid_from.isoformat() if row.valid_from else "the beginning"
            yield EntryProblem("overlapping-amounts", field, code, f"{both} from {start}")


def _promotions_of(product: Product, world: ChangedCatalogue) -> Iterator[EntryProblem]:
    promotions = world.promotions()
    for promotion in promotions:
        if promotion.product == product.code:
            other = first_overlapping_promotion(promotion, promotions, {product.code: product.category})
            if other:
                detail = f"{other.promotion_id} for the category {product.category}"
                yield EntryProblem("overlapping-promotions", "category", promotion.promotion_id, detail)


def _store(store: Store, before: Entry | None, regions: Collection[str]) -> Iterator[EntryProblem]:
    if before is None:
        yield from check_region(store.region, regions)
    for field, value, other in (
        ("latitude", store.latitude, store.longitude),
        ("longitude", store.longitude, store.latitude),
    ):
        if value is None and other is not None:
            yield EntryProblem("half-location", field)


def _salesperson(one: Salesperson, world: ChangedCatalogue, regions: Collection[str]) -> Iterator[EntryProblem]:
    yield from check_region(one.region, regions)
    if world.has_stores(one.region):
        for store in one.stores:
            if not world.has_store(one.region, store):
                yield EntryProblem("unknown-store", "stores", store, one.region)


def _promotion(one: Promotion, world: ChangedCatalogue, regions: Collection[str]) -> Iterator[EntryProblem]:
    if bool(one.product) == bool(one.category):
        yield EntryProblem("wrong-target", "product", one.product)
    if one.product and not world.product(one.product):
        yield EntryProblem("unknown-product", "product", one.product)
    yield from check_region(one.region, regions, everywhere=True)
    if one.store_id and one.region == EVERYWHERE:
        yield EntryProblem("missing-value", "region")
    elif one.store_id and world.has_stores(one.region) and not world.has_store(one.region, one.store_id):
        yield EntryProblem("unknown-store", "store_id", one.store_id, one.region)
    if one.valid_from and one.valid_to and one.valid_to < one.valid_from:
        yield EntryProblem("dates-reversed", "valid_to", one.valid_to.isoformat(), one.valid_from.isoformat())
        return
    promotions = world.promotions()
    products = map(world.product, {promotion.product for promotion in [one, *promotions] if promotion.product})
    overlapping = first_overlapping_promotion(
        one, promotions, {product.code: product.category for product in products if product}
    )
    if overlapping:
        yield EntryProblem("overlapping-promotions", "", one.promotion_id, overlapping.promotion_id)


def check_region(
    region: str, regions: Collection[str], field: str = "region", *, everywhere: bool = False
) -> Iterator[EntryProblem]:
    """The problem of a region that does not exist."""
    if region not in regions and not (everywhere and region == EVERYWHERE):
        yield EntryProblem("unknown-region", field, region, ", ".join(sorted(regions)))
