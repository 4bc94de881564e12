"""Checks of an entry against the rest of the catalogue."""

from collections.abc import Collection, Iterator

from tillstream.catalogue.products import codes_of
from tillstream.catalogue.world import World
from tillstream.domain.catalogue.aliases import check_cycles
from tillstream.domain.catalogue.dated_amounts import EVERYWHERE, DatedAmount
from tillstream.domain.catalogue.entries import Entry, Product, Promotion, Salesperson, Store, is_withdrawn
from tillstream.domain.catalogue.json_codec import decimal_text
from tillstream.domain.catalogue.problems import EntryProblem
from tillstream.domain.catalogue.promotions import first_overlap


def check(entry: Entry, before: Entry | None, world: World, regions: Collection[str]) -> list[EntryProblem]:
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
    product: Product, before: Product | None, world: World, regions: Collection[str]
) -> Iterator[EntryProblem]:
    yield from _codes(product, before, world, regions)
    yield from _own_code(product, before, world, regions)
    if before is None or before.aliases != product.aliases or before.barcodes != product.barcodes:
        starts = [key for key in codes_of(product) if key[1] != product.code]
        cycle = check_cycles(world.codes(), starts, regions) if starts else None
        if cycle:
            yield EntryProblem("alias-cycle", "aliases", product.code, " → ".join(cycle.codes))
    for field, rows, old in (
        ("costs", product.costs, before.costs if before else ()),
        ("prices", product.prices, before.prices if before else ()),
    ):
        yield from _amounts(product.code, field, [one for one in rows if one not in old], regions)
    if before is not None and before.category != product.category:
        yield from _promotions_of(product, world)


def _codes(product: Product, before: Product | None, world: World, regions: Collection[str]) -> Iterator[EntryProblem]:
    """Codes that name another product already; what the stored product has, it may keep.

    The code of a retired product is free, so that its sales can count for the product that replaces it.
    """
    earlier = codes_of(before) if before else {}
    for (region, code), kind in codes_of(product).items():
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
    product: Product, before: Product | None, world: World, regions: Collection[str]
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


def _promotions_of(product: Product, world: World) -> Iterator[EntryProblem]:
    promotions = world.promotions()
    for promotion in promotions:
        if promotion.product == product.code:
            other = first_overlap(promotion, promotions, {product.code: product.category})
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


def _salesperson(one: Salesperson, world: World, regions: Collection[str]) -> Iterator[EntryProblem]:
    yield from check_region(one.region, regions)
    if world.has_stores(one.region):
        for store in one.stores:
            if not world.has_store(one.region, store):
                yield EntryProblem("unknown-store", "stores", store, one.region)


def _promotion(one: Promotion, world: World, regions: Collection[str]) -> Iterator[EntryProblem]:
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
    overlapping = first_overlap(one, promotions, {product.code: product.category for product in products if product})
    if overlapping:
        yield EntryProblem("overlapping-promotions", "", one.promotion_id, overlapping.promotion_id)


def check_region(
    region: str, regions: Collection[str], field: str = "region", *, everywhere: bool = False
) -> Iterator[EntryProblem]:
    """The problem of a region that does not exist."""
    if region not in regions and not (everywhere and region == EVERYWHERE):
        yield EntryProblem("unknown-region", field, region, ", ".join(sorted(regions)))
