"""What the sale form has of a store: products with prices and promotions, and earlier sales."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any, NotRequired, TypedDict

from portal.context import ports, scope, tillstream
from portal.translation import _
from portal.user_stores import UserStore, scope_of_store
from tillstream.analytics.filters import Filters
from tillstream.analytics.queries import run_query
from tillstream.catalogue import entry_lists
from tillstream.catalogue.stored_entries import codes_of_product
from tillstream.intake import sale_form
from tillstream.intake.sale_form import ProductQuantities
from tillstream.model.contract import Contract
from tillstream.model.errors import NotFound
from tillstream.model.people import Scope
from tillstream.model.product_catalogue import EVERYWHERE, Product, Promotion, price_on, resolve_code
from tillstream.ports.warehouse import Row

MAX_PRODUCTS = 5_000
COLUMNS = ("product_id", "product_name", "category", "currency")
AMOUNTS = ("quantity", "unit_price", "discount", "tax", "net_amount")


class ListedProduct(TypedDict):
    """A product of the form. prices: pairs of the first day and the amount in the currency of the place, as text.

    A price without a first day has no beginning. usual: it is that of the latest sale, as the catalogue has none.
    uncatalogued: the catalogue does not have the product.
    """

    code: str
    name: str
    category: str
    barcodes: list[str]
    prices: list[list[str]]
    usual: NotRequired[bool]
    uncatalogued: NotRequired[bool]


class EarlierSale(TypedDict):
    """The current lines of a sale, and what each of its returns returns: own ID → product → quantity."""

    sale_id: str
    sale_date: str
    lines: list[dict[str, str | None]]
    returns: dict[str, dict[str, str]]


def listed_products(place: UserStore) -> list[ListedProduct]:
    """Products, most sold first. Retired products are left out."""
    catalogue = {one.code: one for one in entry_lists.catalogue_entries(ports(), Product).values()}
    owners = {key: one.code for one in catalogue.values() for key in codes_of_product(one)}
    aliases = {code for region, code in owners if region in {place.region, EVERYWHERE}}
    codes: dict[str, list[str]] = {}
    for alias in aliases:
        codes.setdefault(resolve_code(owners, place.region, alias), []).append(alias)
    offered: dict[str, ListedProduct] = {}
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


def retired_codes(place: UserStore) -> dict[str, str]:
    """All codes of retired products, each with the name of its product."""
    products = [one for one in entry_lists.catalogue_entries(ports(), Product).values() if not one.active]
    codes = {
        code: one for one in products for region, code in codes_of_product(one) if region in {place.region, EVERYWHERE}
    }
    return {code: one.name or one.code for code, one in (codes | {one.code: one for one in products}).items()}


def promotions(place: UserStore) -> list[dict[str, str]]:
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
        for one in entry_lists.catalogue_entries(ports(), Promotion).values()
        if one.active and _is_here(one, place)
    ]


def _is_here(one: Promotion, place: UserStore) -> bool:
    return one.region == EVERYWHERE or (one.region == place.region and one.store_id in {"", place.store_id})


def _listed(product: Product, codes: list[str], place: UserStore) -> ListedProduct:
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


def _uncatalogued(row: Row) -> ListedProduct:
    code, category = row["product_id"], row["category"] or ""
    name = row["product_name"] or code
    return {"code": code, "name": name, "category": category, "barcodes": [], "prices": [], "uncatalogued": True}


def _usual(row: Row, place: UserStore) -> list[list[str]]:
    return [["", f"{row['unit_price'].normalize():f}"]] if row["currency"] == place.currency else []


def _sold(place: UserStore) -> list[Row]:
    app, filters = tillstream(), Filters(region=(place.region,))
    sold = run_query(
        app.ports.warehouse, "sold-products", scope_of_store(scope()), filters, cache=app.queries, limit=MAX_PRODUCTS
    )
    return list(sold.to_pylist())


class WholeLedger:
    """`sale_form.SaleLedger` over the regions of the user: all their stores and salespeople."""

    def contract(self, region: str) -> Contract | None:
        return tillstream().contracts.for_region(region)

    def has_sale(self, region: str, sale_id: str) -> bool:
        return bool(_current(self._scope, region, sale_id))

    def sold(self, region: str, sale_id: str) -> ProductQuantities:
        return sale_form.add_up_quantities(filter(_is_sold, _current(self._scope, region, sale_id)))

    def returned(self, region: str, sale_id: str) -> dict[str, ProductQuantities]:
        lines: dict[str, list[Row]] = {}
        for row in _run("returns-of-a-sale", self._scope, region, sale_id):
            lines.setdefault(row["sale_id"], []).append(row)
        return {name: sale_form.add_up_quantities(rows) for name, rows in lines.items()}

    @property
    def _scope(self) -> Scope:
        return replace(scope_of_store(scope()), stores=None)


def earlier_lines(place: UserStore, number: str) -> EarlierSale:
    """The current lines of a sale, without its people, and what each of its returns returns. Raises `NotFound`."""
    sale_id = f"{place.sale_prefix}{number}"
    rows = _current(scope_of_store(scope()), place.region, sale_id)
    sold = [row for row in rows if row["store_id"] in {place.store_id, None} and _is_sold(row)]
    if not sold:
        raise NotFound(
            _(
                "{store_id} has no sale {number} with lines that can be returned.",
                store_id=place.store_id,
                number=number,
            )
        )
    returned = sale_form.returns_of_sale(ports(), place.region, sale_id, WholeLedger())
    return {
        "sale_id": sale_id,
        "sale_date": sold[0]["sale_date"].isoformat(),
        "lines": [_line(row) for row in sold],
        "returns": {own_id: _texts(quantities) for own_id, quantities in returned.items()},
    }


def _is_sold(row: Mapping[str, Any]) -> bool:
    return row["status"] in sale_form.SOLD_STATUSES and (row["quantity"] or 0) > 0


def _current(limit: Scope, region: str, sale_id: str) -> list[Row]:
    return [row for row in _run("sale-versions", limit, region, sale_id) if row["is_current"]]


def _run(query: str, limit: Scope, region: str, sale_id: str) -> Iterable[Row]:
    app, filters = tillstream(), Filters(region=(region,))
    values = {"region": region, "sale_id": sale_id}
    rows: list[Row] = run_query(app.ports.warehouse, query, limit, filters, cache=app.queries, **values).to_pylist()
    return rows


def _line(row: Row) -> dict[str, str | None]:
    amounts = {name: None if row[name] is None else _text(row[name]) for name in AMOUNTS}
    return {name: row[name] for name in COLUMNS} | amounts


def _text(value: Decimal) -> str:
    return f"{value.normalize():f}"


def _texts(quantities: ProductQuantities) -> dict[str, str]:
    return {product: _text(quantity) for product, quantity in quantities.items()}
