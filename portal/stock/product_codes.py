"""The products that a form of a store accepts: by any of their codes, or by name."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from portal.context import ports, scope, tillstream
from portal.places.places import Place
from tillstream.analytics.filters import Filters
from tillstream.analytics.queries import run_query
from tillstream.catalogue import entry_lists
from tillstream.catalogue.stored_entries import find_product
from tillstream.model.product_catalogue import EntryKind, Product

MOST = 8
"""Products that a search offers."""
SOLD = 5_000


@dataclass(frozen=True)
class NamedProduct:
    """A product of the catalogue, or of the sales of a region if the catalogue lacks it."""

    code: str
    name: str
    category: str = ""


def find(place: Place, text: str) -> NamedProduct | None:
    """The product with a code, alias, barcode, or exact name; None if there is none, or several with the name."""
    text = text.strip()
    product = find_product(ports(), place.region, text)
    if product is not None:
        return _listed(product)
    everything = _everything(place)
    if text in everything:
        return everything[text]
    named = [one for one in everything.values() if one.name.casefold() == text.casefold()]
    return named[0] if len(named) == 1 else None


def search(place: Place, text: str) -> list[NamedProduct]:
    """The first products whose code or name contains each word of a text; only the product that it names exactly."""
    exact = find(place, text)
    if exact:
        return [exact]
    words = text.casefold().split()
    matching = (
        one for one in _everything(place).values() if all(word in f"{one.code} {one.name}".casefold() for word in words)
    )
    return [one for one, _ in zip(matching, range(MOST), strict=False)] if words else []


def names(place: Place, codes: set[str]) -> dict[str, str]:
    """Code → name, for those of the codes that have one."""
    everything = _everything(place) if codes else {}
    return {code: everything[code].name for code in codes if code in everything}


def _everything(place: Place) -> dict[str, NamedProduct]:
    """Code → product: those that are sold in the region, most sold first, then the others of the catalogue."""
    listed = {one.code: _listed(one) for one in _catalogue()}
    sold = {row["product_id"]: _sold(row) for row in _sales(place)}
    return {code: listed.get(code, one) for code, one in sold.items()} | listed


def _catalogue() -> Iterator[Product]:
    entries = entry_lists.all_entries(ports(), EntryKind.PRODUCT).values()
    return (one for one in entries if isinstance(one, Product))


def _listed(product: Product) -> NamedProduct:
    return NamedProduct(product.code, product.name or product.code, product.category)


def _sold(row: dict[str, Any]) -> NamedProduct:
    return NamedProduct(row["product_id"], row["product_name"] or row["product_id"], row["category"] or "")


def _sales(place: Place) -> list[dict[str, Any]]:
    app, filters = tillstream(), Filters(region=(place.region,))
    limit = replace(scope(), stores=None, salesperson=None)  # products, not sales: all stores have the same ones
    sold = run_query(app.ports.warehouse, "sold-products", limit, filters, cache=app.queries, limit=SOLD)
    rows: list[dict[str, Any]] = sold.to_pylist()
    return rows
