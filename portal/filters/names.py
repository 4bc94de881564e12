"""Names that readers see in place of filter values."""

from collections.abc import Mapping

from flask import g

from portal import metrics
from portal.context import ports, scope
from portal.filters import countries
from tillstream.analytics.filters import Filters
from tillstream.people import accounts

PRODUCTS = 50
"""Products whose ID contains a text, among which the one with this ID is looked up."""


def name_of(filter_name: str, value: str) -> str:
    """The name of a value; the value itself if it has no name."""
    if filter_name == "country":
        return countries.name_of(value)
    if filter_name == "salesperson":
        return salespeople().get(value) or value
    if filter_name == "product":
        return _product(value)
    return value


def _product(product_id: str) -> str:
    """The name of a product in the sales of the reader."""
    rows = metrics.ask("product-search", Filters(), text=product_id.casefold(), limit=PRODUCTS).to_pylist()
    return next((row["product_name"] for row in rows if row["product_id"] == product_id), None) or product_id


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
