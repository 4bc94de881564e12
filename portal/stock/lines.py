"""The lines of a form: products by any of their codes or by name, and a quantity each."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from itertools import zip_longest
from typing import Any

from flask import jsonify, request
from flask.typing import ResponseReturnValue

from portal.access import allow
from portal.context import ports, scope, tillstream
from portal.stock import stores
from portal.translation import _
from portal.user_stores import UserStore
from tillstream.analytics.filters import Filters
from tillstream.analytics.queries import run_query
from tillstream.catalogue import entry_lists
from tillstream.catalogue.stored_entries import find_product
from tillstream.model import catalogue_columns
from tillstream.model.catalogue_columns import CellProblem
from tillstream.model.permissions import Action
from tillstream.model.product_catalogue import Product
from tillstream.stock.movements import MAX_LINES, MovementLine

MAX_MATCHES = 8
"""Products that a search offers."""
SOLD = 5_000

EMPTY = 3
"""Empty lines at the end of a form."""


@dataclass(frozen=True)
class NamedProduct:
    """A product of the catalogue, or of the sales of a region if the catalogue lacks it."""

    code: str
    name: str
    category: str = ""


def named_product(place: UserStore, text: str) -> NamedProduct | None:
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


def search_products(place: UserStore, text: str) -> list[NamedProduct]:
    """The first products whose code or name contains each word of a text; only the product that it names exactly."""
    exact = named_product(place, text)
    if exact:
        return [exact]
    words = text.casefold().split()
    matching = (
        one for one in _everything(place).values() if all(word in f"{one.code} {one.name}".casefold() for word in words)
    )
    return [one for one, _ in zip(matching, range(MAX_MATCHES), strict=False)] if words else []


def product_names(place: UserStore, codes: set[str]) -> dict[str, str]:
    """Code → name, for those of the codes that have one."""
    everything = _everything(place) if codes else {}
    return {code: everything[code].name for code in codes if code in everything}


def _everything(place: UserStore) -> dict[str, NamedProduct]:
    """Code → product: those that are sold in the region, most sold first, then the others of the catalogue."""
    listed = {one.code: _listed(one) for one in entry_lists.catalogue_entries(ports(), Product).values()}
    sold = {row["product_id"]: _sold(row) for row in _sales(place)}
    return {code: listed.get(code, one) for code, one in sold.items()} | listed


def _listed(product: Product) -> NamedProduct:
    return NamedProduct(product.code, product.name or product.code, product.category)


def _sold(row: dict[str, Any]) -> NamedProduct:
    return NamedProduct(row["product_id"], row["product_name"] or row["product_id"], row["category"] or "")


def _sales(place: UserStore) -> list[dict[str, Any]]:
    app, filters = tillstream(), Filters(region=(place.region,))
    limit = replace(scope(), stores=None, salesperson=None)  # products, not sales: all stores have the same ones
    sold = run_query(app.ports.warehouse, "sold-products", limit, filters, cache=app.queries, limit=SOLD)
    rows: list[dict[str, Any]] = sold.to_pylist()
    return rows


@dataclass(frozen=True)
class FormLine:
    """product, quantity: as entered. problem: why the line cannot be recorded; empty if it can."""

    product: str = ""
    quantity: str = ""
    name: str = ""
    problem: str = ""
    code: str = ""
    units: Decimal = Decimal(0)


def posted_lines(place: UserStore) -> list[FormLine]:
    """The lines of the request, of its form or its address, that are not empty, checked."""
    cells = zip_longest(request.values.getlist("product"), request.values.getlist("quantity"), fillvalue="")
    entered = [
        (product.strip(), quantity.strip()) for product, quantity in cells if product.strip() or quantity.strip()
    ]
    return [_checked(place, product, quantity) for product, quantity in entered[: MAX_LINES + 1]]


def to_movement(lines: Iterable[FormLine]) -> tuple[MovementLine, ...]:
    """The lines of a movement; those of one product are added up."""
    units: dict[str, Decimal] = {}
    for line in lines:
        units[line.code] = units.get(line.code, Decimal(0)) + line.units
    return tuple(MovementLine(code, quantity) for code, quantity in units.items())


def padded_lines(lines: Sequence[FormLine]) -> list[FormLine]:
    """The lines of a form with empty ones at their end."""
    return [*lines, *[FormLine()] * EMPTY]


def quantity_of(text: str) -> Decimal | str:
    """The number in a field, or what is wrong with it."""
    try:
        return catalogue_columns.parse_number(text)
    except CellProblem:
        return _("“{text}” is not a number.", text=text)


def _checked(place: UserStore, product: str, quantity: str) -> FormLine:
    if not product:
        return FormLine(product, quantity, problem=_("Enter a product."))
    named = named_product(place, product)
    if named is None:
        return FormLine(product, quantity, problem=unknown_product(product))
    units = quantity_of(quantity or "1")
    if isinstance(units, str):
        return FormLine(product, quantity, named.name, units)
    return FormLine(product, quantity or "1", named.name, code=named.code, units=units)


@allow(Action.MANAGE_STOCK)
def products_json() -> ResponseReturnValue:
    """The products that a scanned code or a typed text names, in the store of the form."""
    place, text = stores.chosen_store(), request.args.get("q", "").strip()
    return jsonify({"products": [asdict(one) for one in search_products(place, text)] if place else []})


def unknown_product(text: str) -> str:
    unknown = _("There is no product “{text}”: no code, barcode or name. Add it to the catalogue, or correct it.")
    return unknown.format(text=text)
