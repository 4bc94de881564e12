"""Names that readers see in place of filters and of their values."""

from collections.abc import Collection, Mapping

from flask import Flask, g, request

from portal import figures
from portal.context import ports, scope
from portal.translation import N_
from tillstream.analytics.filters import Filters
from tillstream.model import countries
from tillstream.people import accounts

FILTER_LABELS = N_(
    {
        "region": "Region",
        "status": "Status",
        "country": "Country",
        "store": "Store",
        "category": "Category",
        "product": "Product",
        "channel": "Channel",
        "salesperson": "Salesperson",
    }
)
"""Filter → its label, in the order of the filter bar."""
UNKNOWN_VALUE = N_("Unknown")
NO_FILTER = N_("There is no such filter.")


def value_name(filter_name: str, value: str, region: str | None = None) -> str:
    """The name of a value; the value itself if it has no name. region: of a store or salesperson, if it is known."""
    if filter_name == "country":
        return countries.country_name(value)
    if filter_name == "salesperson":
        return _in_catalogue("salesperson", value, region) or salespeople_names().get(value) or value
    if filter_name == "store":
        return _in_catalogue("store", value, region) or value
    if filter_name == "product":
        return _product(value)
    return value


def store_name(region: str | None, store_id: str | None) -> str:
    """The name of a store of the reader; its code without a name, and empty without a code."""
    return value_name("store", store_id, region) if store_id else ""


def salesperson_name(region: str, salesperson_id: str) -> str:
    """The name of a salesperson whom the reader may see; their ID without a name."""
    return value_name("salesperson", salesperson_id, region)


def _in_catalogue(kind: str, code: str, region: str | None) -> str:
    """The latest name in the catalogue; empty without one, and if stores or people of several regions differ in it."""
    stored: dict[str, list[dict[str, str]]] = g.setdefault("catalogue_names", {})
    if kind not in stored:
        stored[kind] = figures.rows("catalogue-names", Filters(), kind=kind)
    names = {row["name"] for row in stored[kind] if row["code"] == code and region in {None, row["region"]}}
    return names.pop() if len(names) == 1 else ""


def _product(product: str) -> str:
    """The name of a product in the sales of the reader; one query for all products in the address."""
    if product not in g.get("product_names", {}):
        look_up_products({product, *request.args.getlist("product")})
    return str(g.product_names[product])


def look_up_products(products: Collection[str]) -> None:
    """Read the names of products with one query, for `value_name`."""
    names: dict[str, str] = g.setdefault("product_names", {})
    wanted = set(products) - set(names) - {""}
    if not wanted:
        return
    names |= {one: one for one in wanted}
    rows = figures.rows("sales-by-product", Filters(product=tuple(sorted(wanted))), limit=len(wanted))
    names |= {row["product"]: row["product_name"] for row in rows if row["product_name"]}


def salespeople_names() -> Mapping[str | None, str]:
    """Salesperson ID → name of the account in a region of the reader; empty for an ID of several accounts."""
    if "salespeople" not in g:
        names: dict[str | None, str] = {}
        for user in accounts.all_salespeople(ports()):
            if user.regions and not any(scope().covers_region(region) for region in user.regions):
                continue
            names[user.salesperson] = "" if user.salesperson in names else user.name
        g.salespeople = names
    stored: Mapping[str | None, str] = g.salespeople
    return stored


def register(app: Flask) -> None:
    """Make the names available in every template, also in macros."""
    app.add_template_global(store_name, "named_store")
    app.add_template_global(salesperson_name, "named_salesperson")
