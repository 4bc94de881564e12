"""Names that readers see in place of filter values."""

from collections.abc import Mapping

from flask import g, request

from portal import metrics
from portal.context import ports, scope
from portal.filters import countries
from tillstream.analytics.filters import Filters
from tillstream.people import accounts


def name_of(filter_name: str, value: str) -> str:
    """The name of a value; the value itself if it has no name."""
    if filter_name == "country":
        return countries.name_of(value)
    if filter_name == "salesperson":
        return salespeople().get(value) or value
    if filter_name == "product":
        return _product(value)
    return value


def _product(product: str) -> str:
    """The name of a product in the sales of the reader; one query for all products in the address."""
    names: dict[str, str] = g.setdefault("product_names", {})
    if product not in names:
        wanted = {product, *request.args.getlist("product")} - {""}
        names |= {one: one for one in wanted}
        rows = metrics.ask("sales-by-product", Filters(product=tuple(sorted(wanted))), limit=len(wanted)).to_pylist()
        names |= {row["product"]: row["product_name"] for row in rows if row["product_name"]}
    return names[product]


def salespeople() -> Mapping[str | None, str]:
    """Salesperson ID → name of the account in a region of the reader; empty for an ID of several accounts."""
    if "salespeople" not in g:
        names: dict[str | None, str] = {}
        for user in accounts.salespeople(ports()):
            if user.regions and not any(scope().covers_region(region) for region in user.regions):
                continue
            names[user.salesperson] = "" if user.salesperson in names else user.name
        g.salespeople = names
    stored: Mapping[str | None, str] = g.salespeople
    return stored
