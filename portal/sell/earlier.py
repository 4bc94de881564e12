"""Earlier sales of a store and their returns, as the ledger has them."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from portal.context import ports, scope, tillstream
from portal.places.places import Place, of_store
from portal.sell import texts
from tillstream.analytics.filters import Filters
from tillstream.analytics.queries import run_query
from tillstream.intake import sale_form
from tillstream.intake.sale_form import ProductQuantities
from tillstream.model.contract import Contract
from tillstream.model.errors import NotFound
from tillstream.model.people import Scope

COLUMNS = ("product_id", "product_name", "category", "currency")
AMOUNTS = ("quantity", "unit_price", "discount", "tax", "net_amount")


class WholeLedger:
    """`Ledger` over the regions of the user: all their stores and salespeople."""

    def contract(self, region: str) -> Contract | None:
        return tillstream().contracts.for_region(region)

    def has_sale(self, region: str, sale_id: str) -> bool:
        return bool(_current(self._scope, region, sale_id))

    def sold(self, region: str, sale_id: str) -> ProductQuantities:
        return sale_form.add_up_quantities(filter(_is_sold, _current(self._scope, region, sale_id)))

    def returned(self, region: str, sale_id: str) -> dict[str, ProductQuantities]:
        lines: dict[str, list[dict[str, Any]]] = {}
        for row in _run("returns-of-a-sale", self._scope, region, sale_id):
            lines.setdefault(row["sale_id"], []).append(row)
        return {name: sale_form.add_up_quantities(rows) for name, rows in lines.items()}

    @property
    def _scope(self) -> Scope:
        return replace(of_store(scope()), stores=None)


def lines(place: Place, number: str) -> dict[str, Any]:
    """The current lines of a sale, without its people, and what each of its returns returns. Raises `NotFound`."""
    sale_id = f"{place.sale_prefix}{number}"
    rows = _current(of_store(scope()), place.region, sale_id)
    sold = [row for row in rows if row["store_id"] in {place.store_id, None} and _is_sold(row)]
    if not sold:
        raise NotFound(texts.no_sale(number, place.store_id))
    returned = sale_form.returns_of_sale(ports(), place.region, sale_id, WholeLedger())
    return {
        "sale_id": sale_id,
        "sale_date": sold[0]["sale_date"].isoformat(),
        "lines": [_line(row) for row in sold],
        "returns": {own_id: _texts(quantities) for own_id, quantities in returned.items()},
    }


def _is_sold(row: Mapping[str, Any]) -> bool:
    return row["status"] in sale_form.SOLD_STATUSES and (row["quantity"] or 0) > 0


def _current(limit: Scope, region: str, sale_id: str) -> list[dict[str, Any]]:
    return [row for row in _run("sale-versions", limit, region, sale_id) if row["is_current"]]


def _run(query: str, limit: Scope, region: str, sale_id: str) -> Iterable[dict[str, Any]]:
    app, filters = tillstream(), Filters(region=(region,))
    values = {"region": region, "sale_id": sale_id}
    rows: list[dict[str, Any]] = run_query(
        app.ports.warehouse, query, limit, filters, cache=app.queries, **values
    ).to_pylist()
    return rows


def _line(row: dict[str, Any]) -> dict[str, str | None]:
    amounts = {name: None if row[name] is None else _text(row[name]) for name in AMOUNTS}
    return {name: row[name] for name in COLUMNS} | amounts


def _text(value: Decimal) -> str:
    return f"{value.normalize():f}"


def _texts(quantities: ProductQuantities) -> dict[str, str]:
    return {product: _text(quantity) for product, quantity in quantities.items()}
