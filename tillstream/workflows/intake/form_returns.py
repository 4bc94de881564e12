"""Returns of the sale form: how much of a sale was returned, so that a second return of the same goods needs review.

The record of a returned sale has its returns by the form, because the ledger contains a return only once it is settled.
A return of more than is left is published as doubtful: it counts only after a person has accepted it.
"""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Protocol

from tillstream.model.contract import Contract
from tillstream.ports import Ports
from tillstream.ports.documents import Document, Update, update_document

COLLECTION = "form_returns"
SETTLING = timedelta(hours=1)
"""Time after which the ledger, and no longer the record, decides whether a return counts."""
SOLD, RETURNED = frozenset({"completed", "pending"}), "returned"
Quantities = dict[str, Decimal]
"""Product → quantity, above 0."""


class Ledger(Protocol):
    """What is read of the ledger and its contracts when a sale is entered, whatever rows the user may see."""

    def contract(self, region: str, /) -> Contract | None: ...

    def has_sale(self, region: str, sale_id: str, /) -> bool:
        """Whether a sale has current lines, also cancelled ones."""

    def sold(self, region: str, sale_id: str, /) -> Quantities:
        """What is sold by the current lines of a sale; empty without any."""

    def returned(self, region: str, sale_id: str, /) -> Mapping[str, Quantities]:
        """Sale ID of each return of a sale → what it returns."""


class NoLedger:
    """A ledger of which nothing is known."""

    def contract(self, _region: str, /) -> Contract | None:
        return None

    def has_sale(self, _region: str, _sale_id: str, /) -> bool:
        return False

    def sold(self, _region: str, _sale_id: str, /) -> Quantities:
        return {}

    def returned(self, _region: str, _sale_id: str, /) -> Mapping[str, Quantities]:
        return {}


def product_of(line: Mapping[str, Any]) -> str:
    """What identifies the product of a line."""
    return line.get("product_id") or line.get("product_name") or ""


def add_up(lines: Iterable[Mapping[str, Any]]) -> Quantities:
    """The quantity of each product, without signs."""
    quantities: Quantities = {}
    for line in lines:
        product = product_of(line)
        quantities[product] = quantities.get(product, Decimal(0)) + abs(Decimal(line.get("quantity") or 0))
    return quantities


def record(ports: Ports, sale: dict[str, Any], own_id: str, digest: str, sold: Quantities, ledger: Ledger) -> str:
    """Record a return, also a cancelled one; return what it has beyond what is left, empty if it has no more.

    own_id: its sale ID. sold: what the returned sale sold; empty if that is not known. The same content again has the
    same answer.
    """
    region, sale_id = sale["region"], sale["returns_sale_id"]
    settled = ledger.returned(region, sale_id)
    now = ports.clock.now()
    quantities = add_up(sale["lines"]) if sale.get("status") == RETURNED else {}

    def recorded(document: Document | None) -> Update | Document:
        returns: dict[str, Any] = document.data["returns"] if document else {}
        if document and returns.get(own_id, {}).get("digest") == digest:
            return document
        others = {name: one for name, one in returns.items() if name != own_id}
        counted = _counted(returns, settled, now)
        before = _total(one for name, one in counted.items() if name != own_id)
        entry = {
            "digest": digest,
            "at": now.isoformat(),
            "quantities": {product: f"{quantity:f}" for product, quantity in quantities.items()},
            "excess": _excess(sale_id, quantities, sold, before),
        }
        return Update({"region": region, "sale_id": sale_id, "returns": others | {own_id: entry}})

    document = update_document(ports.documents, COLLECTION, _id(region, sale_id), recorded)
    excess: str = document.data["returns"][own_id]["excess"]
    return excess


def returned(ports: Ports, region: str, sale_id: str, ledger: Ledger) -> dict[str, Quantities]:
    """Sale ID of each return of a sale → what it returns, also of returns that are not settled yet."""
    document = ports.documents.get(COLLECTION, _id(region, sale_id))
    returns = document.data["returns"] if document else {}
    return _counted(returns, ledger.returned(region, sale_id), ports.clock.now())


def _counted(
    returns: Mapping[str, Mapping[str, Any]], settled: Mapping[str, Quantities], now: datetime
) -> dict[str, Quantities]:
    """Sale ID of each return → its quantities: those of the ledger, unless its record is of the last moments."""
    recent = {
        name: {product: Decimal(quantity) for product, quantity in one["quantities"].items()}
        for name, one in returns.items()
        if not one["excess"] and now - datetime.fromisoformat(one["at"]) < SETTLING
    }
    return {**settled, **recent}


def _total(returns: Iterable[Quantities]) -> Quantities:
    total: Quantities = {}
    for one in returns:
        for product, quantity in one.items():
            total[product] = total.get(product, Decimal(0)) + quantity
    return total


def _excess(sale_id: str, quantities: Quantities, sold: Quantities, before: Quantities) -> str:
    if not sold:
        return ""
    zero = Decimal(0)
    return "; ".join(
        f"{_text(sold.get(product, zero))} of {product} were sold in {sale_id}, "
        f"{_text(before.get(product, zero))} were returned before, and this return has {_text(quantity)}"
        for product, quantity in quantities.items()
        if quantity > sold.get(product, zero) - before.get(product, zero)
    )[:500]


def _text(quantity: Decimal) -> str:
    return f"{quantity.normalize():f}"


def _id(region: str, sale_id: str) -> str:
    return hashlib.sha256(f"{region}/{sale_id}".encode()).hexdigest()[:32]
