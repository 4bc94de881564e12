"""The products of a store with their prices and promotions, for the sale form: the one place that decides on them."""

from datetime import date
from typing import Any

from portal.context import ports, scope, tillstream
from portal.places.places import Place, of_store
from tillstream.analytics.filters import Filters
from tillstream.analytics.queries import run_query
from tillstream.catalogue import entry_lists
from tillstream.catalogue.stored_entries import codes_of_product
from tillstream.model.product_catalogue import EVERYWHERE, EntryKind, Product, Promotion, price_on, resolve_code

MAX_PRODUCTS = 5_000


def products(place: Place) -> list[dict[str, Any]]:
    """Products, most sold first: code, name, category, barcodes, and prices as pairs of the first day and the amount.

    A price without a first day has no beginning. Prices are decimals as text in the currency of the place. `usual`: the
    price is that of the latest sale, as the catalogue has none. `uncatalogued`: the catalogue does not have the
    product. Retired products are left out.
    """
    entries = entry_lists.all_entries(ports(), EntryKind.PRODUCT).values()
    catalogue = {one.code: one for one in entries if isinstance(one, Product)}
    owners = {key: one.code for one in catalogue.values() for key in codes_of_product(one)}
    aliases = {code for region, code in owners if region in {place.region, EVERYWHERE}}
    codes: dict[str, list[str]] = {}
    for alias in aliases:
        codes.setdefault(resolve_code(owners, place.region, alias), []).append(alias)
    offered: dict[str, dict[str, Any]] = {}
    for row in _sold(place):
        code = resolve_code(owners, place.region, row["product_id"])
        product = catalogue.get(code)
        if code not in offered and (product is None or product.active):
            listed = _listed(product, codes.get(code, []), place) if product else _uncatalogued(row)
            usual = _usual(row, place)
            offered[code] = listed if listed["prices"] or not usual else listed | {"prices": usual, "usual": True}
    for code, product in catalogue.items():
        if product.active and code not in offered and code not in aliases:
            offered[code] = _listed(product, codes.get(code, []), place)
    return list(offered.values())


def retired(place: Place) -> dict[str, str]:
    """All codes of retired products, each with the name of its product."""
    entries = entry_lists.all_entries(ports(), EntryKind.PRODUCT).values()
    products = [one for one in entries if isinstance(one, Product) and not one.active]
    codes = {
        code: one for one in products for region, code in codes_of_product(one) if region in {place.region, EVERYWHERE}
    }
    return {code: one.name or one.code for code, one in (codes | {one.code: one for one in products}).items()}


def promotions(place: Place) -> list[dict[str, str]]:
    """The promotions of a store; their days are ISO dates, empty without a bound. rate: in percent."""
    return [
        {
            "name": one.name or one.promotion_id,
            "product": one.product,
            "category": one.category,
            "rate": f"{(one.rate * 100).normalize():f}",
            "from": one.valid_from.isoformat() if one.valid_from else "",
            "to": one.valid_to.isoformat() if one.valid_to else "",
        }
        for one in entry_lists.all_entries(ports(), EntryKind.PROMOTION).values()
        if isinstance(one, Promotion) and one.active and _is_here(one, place)
    ]


def _is_here(one: Promotion, place: Place) -> bool:
    return one.region == EVERYWHERE or (one.region == place.region and one.store_id in {"", place.store_id})


def _listed(product: Product, codes: list[str], place: Place) -> dict[str, Any]:
    days = {row.valid_from for row in product.prices if row.region in {place.region, EVERYWHERE}}
    prices: list[list[str]] = []
    for day in sorted(days, key=lambda one: one or date.min):
        amount = price_on(product, place.region, place.currency, day or date.min)
        if amount is not None:
            prices.append([day.isoformat() if day else "", f"{amount.normalize():f}"])
    return {
        "code": product.code,
        "name": product.name or product.code,
        "category": product.category,
        "barcodes": sorted(codes),
        "prices": prices,
    }


def _uncatalogued(row: dict[str, Any]) -> dict[str, Any]:
    code, category = row["product_id"], row["category"] or ""
    name = row["product_name"] or code
    return {"code": code, "name": name, "category": category, "barcodes": [], "prices": [], "uncatalogued": True}


def _usual(row: dict[str, Any], place: Place) -> list[list[str]]:
    return [["", f"{row['unit_price'].normalize():f}"]] if row["currency"] == place.currency else []


def _sold(place: Place) -> list[dict[str, Any]]:
    app, filters = tillstream(), Filters(region=(place.region,))
    sold = run_query(
        app.ports.warehouse, "sold-products", of_store(scope()), filters, cache=app.queries, limit=MAX_PRODUCTS
    )
    rows: list[dict[str, Any]] = sold.to_pylist()
    return rows
