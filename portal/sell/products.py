"""The products of a store with their prices, for the sale form: the one place that decides where they come from."""

from typing import Any

from portal.context import scope, tillstream
from portal.sell.places import Place, of_store
from tillstream.analytics.filters import Filters
from tillstream.analytics.queries import run

MAX_PRODUCTS = 5_000


def products(place: Place) -> list[dict[str, Any]]:
    """Products, most sold first: code, name, category, barcodes, and prices as pairs of the first day and the amount.

    A price without a first day has no beginning. Prices are decimals as text in the currency of the place.
    """
    app, filters = tillstream(), Filters(region=(place.region,))
    rows = run(
        app.ports.warehouse, "sold-products", of_store(scope()), filters, cache=app.queries, limit=MAX_PRODUCTS
    ).to_pylist()
    return [
        {
            "code": row["product_id"],
            "name": row["product_name"] or row["product_id"],
            "category": row["category"] or "",
            "barcodes": [],
            "prices": [["", f"{row['unit_price'].normalize():f}"]] if row["currency"] == place.currency else [],
        }
        for row in rows
    ]
