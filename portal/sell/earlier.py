"""The lines of an earlier sale of a store, for a return."""

from dataclasses import replace
from typing import Any

from portal.context import scope, tillstream
from portal.sell import texts
from portal.sell.places import Place, of_store, sale_prefix
from tillstream.analytics.filters import Filters
from tillstream.analytics.queries import run
from tillstream.domain.errors import NotFound
from tillstream.domain.people import Scope

COLUMNS = ("product_id", "product_name", "category", "currency")
AMOUNTS = ("quantity", "unit_price", "discount", "tax", "net_amount")


def lines(place: Place, number: str) -> dict[str, Any]:
    """The current lines of a sale, without its people: they can be returned. Raises `NotFound`."""
    sale_id = f"{place.sale_prefix}{number}"
    sold = [
        row
        for row in _current(of_store(scope()), place.region, sale_id)
        if row["store_id"] in (place.store_id, None)
        and row["status"] in ("completed", "pending")
        and (row["quantity"] or 0) > 0
    ]
    if not sold:
        raise NotFound(texts.no_sale(number, place.store_id))
    return {"sale_id": sale_id, "sale_date": sold[0]["sale_date"].isoformat(), "lines": [_line(row) for row in sold]}


def is_counted(sale: dict[str, Any]) -> bool:
    """Whether the ledger has lines of a sale with this number, also one of another store or cancelled."""
    contract = tillstream().contracts.for_region(sale["region"])
    if contract is None:
        return False
    sale_id = f"{sale_prefix(contract.identity, sale['store_id'])}{sale['number']}"
    return bool(_current(replace(of_store(scope()), stores=None), sale["region"], sale_id))


def _current(limit: Scope, region: str, sale_id: str) -> list[dict[str, Any]]:
    app = tillstream()
    rows = run(
        app.ports.warehouse,
        "sale-versions",
        limit,
        Filters(region=(region,)),
        cache=app.queries,
        region=region,
        sale_id=sale_id,
    ).to_pylist()
    return [row for row in rows if row["is_current"]]


def _line(row: dict[str, Any]) -> dict[str, str | None]:
    amounts = {name: None if row[name] is None else f"{row[name].normalize():f}" for name in AMOUNTS}
    return {name: row[name] for name in COLUMNS} | amounts
