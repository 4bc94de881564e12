"""The lines of an earlier sale of a store, for a return."""

from typing import Any

from portal.context import scope, tillstream
from portal.sell import texts
from portal.sell.places import Place, of_store
from tillstream.analytics.filters import Filters
from tillstream.analytics.queries import run
from tillstream.domain.errors import NotFound

COLUMNS = ("product_id", "product_name", "category", "currency")
AMOUNTS = ("quantity", "unit_price", "discount", "tax", "net_amount")


def lines(place: Place, number: str) -> dict[str, Any]:
    """The current lines of a sale, without its people: they can be returned. Raises `NotFound`."""
    app, sale_id = tillstream(), f"{place.sale_prefix}{number}"
    rows = run(
        app.ports.warehouse,
        "sale-versions",
        of_store(scope()),
        Filters(region=(place.region,)),
        cache=app.queries,
        region=place.region,
        sale_id=sale_id,
    ).to_pylist()
    sold = [
        row
        for row in rows
        if row["is_current"]
        and row["store_id"] in (place.store_id, None)
        and row["status"] in ("completed", "pending")
        and (row["quantity"] or 0) > 0
    ]
    if not sold:
        raise NotFound(texts.no_sale(number, place.store_id))
    return {"sale_id": sale_id, "sale_date": sold[0]["sale_date"].isoformat(), "lines": [_line(row) for row in sold]}


def _line(row: dict[str, Any]) -> dict[str, str | None]:
    amounts = {name: None if row[name] is None else f"{row[name].normalize():f}" for name in AMOUNTS}
    return {name: row[name] for name in COLUMNS} | amounts
