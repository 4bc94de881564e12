"""Decisions of people about the restock queue: order, snooze, dismiss, and take back."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa

import sql
from tillstream.catalogue import listing
from tillstream.domain.catalogue.dated_amounts import DatedAmount, cost_on
from tillstream.domain.catalogue.entries import EntryKind, Product
from tillstream.domain.purchasing.order import OrderLine, OrderState, PurchaseOrder
from tillstream.model.errors import Rejected
from tillstream.ports import Ports
from tillstream.purchasing import orders
from tillstream.records import data_version
from tillstream.workflows.restocking import decisions
from tillstream.workflows.restocking.decisions import Decision, Pair
from tillstream.workflows.restocking.rows import SCHEMA
from tillstream.workflows.restocking.run import TABLE

KEY = ("region", "store_id", "product", "from_store")


def order(
    ports: Ports, units: Mapping[Pair, Decimal | None], *, currency_of: Callable[[str, str], str], by: str
) -> list[PurchaseOrder]:
    """Put open lines into draft orders, one for each supplier, store and currency; return these orders.

    A line is ordered in the currency of its cost in the catalogue. Without a cost, that is the currency of the
    supplier's other products, or of the store if these have several currencies or none. A draft of the same supplier,
    store and currency gets the lines.

    units: of each line; None: as suggested. Lines that are ordered already are left out, so that a repeated request
    orders nothing twice. currency_of: the currency of a region and store. Raises `Rejected` if a product has no
    supplier.
    """
    lines = [row for row in _lines(ports, units) if not row["from_store"] and row["state"] != decisions.ORDERED]
    if without := [row["product"] for row in lines if not row["supplier"]]:
        raise Rejected(f"Enter a supplier in the catalogue first: {', '.join(without[:10])}.")
    costs = _Costs(ports)
    groups: dict[tuple[str, str, str, str], list[dict[str, Any]]] = {}
    for row in lines:
        place = row["region"], row["store_id"]
        currency = costs.currency(row) or currency_of(*place)
        groups.setdefault((row["supplier"], *place, currency), []).append(row)
    drafts = {
        (one.supplier, one.region, one.store_id, one.currency): one
        for one in reversed(orders.find(ports, OrderState.DRAFT))
    }
    created = []
    for key, rows in sorted(groups.items()):
        supplier, region, store_id, currency = key
        wanted = [costs.order_line(row, units[decisions.pair_of(row)]) for row in rows]
        if draft := drafts.get(key):
            current, version = orders.get_version(ports, draft.order_id)
            added = orders.edit(ports, replace(current, lines=(*current.lines, *wanted)), by=by, version=version)
        else:
            texts = [supplier, *(f"{row['computed_at'].isoformat()} {decisions.pair_of(row)}" for row in rows)]
            order_id = hashlib.sha256("\n".join(texts).encode()).hexdigest()[:32]
            new = PurchaseOrder(order_id, supplier, region, store_id, currency, tuple(wanted))
            added = orders.create(ports, new, by=by)
        decide(ports, [decisions.pair_of(row) for row in rows], decisions.ORDERED, by=by, reason=added.number)
        created.append(added)
    return created


def snooze(ports: Ports, pairs: Sequence[Pair], until: date, *, by: str) -> None:
    """Hide lines until a day. Raises `Rejected` for a day that is not in the future."""
    if until <= ports.clock.now().date():
        raise Rejected("Choose a day after today.")
    decide(ports, pairs, decisions.SNOOZED, by=by, until=until)


def dismiss(ports: Ports, pairs: Sequence[Pair], reason: str, *, by: str) -> None:
    """Hide lines until their need ends. Raises `Rejected` without one of `decisions.REASONS`."""
    decide(ports, pairs, decisions.DISMISSED, by=by, reason=reason)


def reopen(ports: Ports, pairs: Sequence[Pair], *, by: str) -> None:
    """Take back what was decided about lines."""
    decisions.reopen(ports, pairs, by=by)
    _write(ports, pairs, {"state": decisions.OPEN, "until": None, "decision": None})


def decide(
    ports: Ports, pairs: Sequence[Pair], state: str, *, by: str, reason: str = "", until: date | None = None
) -> None:
    """Record one decision about several lines, and show it in the queue."""
    day = until.isoformat() if until else ""
    decisions.decide(ports, [Decision(*pair, state=state, by=by, reason=reason, until=day) for pair in pairs], by=by)
    _write(ports, pairs, {"state": state, "until": until, "decision": reason or None})


def _write(ports: Ports, pairs: Iterable[Pair], changes: Mapping[str, Any]) -> None:
    rows = [row | dict(changes) for row in _lines(ports, pairs)]
    if rows:
        ports.warehouse.upsert(TABLE, pa.Table.from_pylist(rows, schema=SCHEMA), KEY)
        data_version.bump_data_version(ports.documents)


def _lines(ports: Ports, pairs: Iterable[Pair]) -> list[dict[str, Any]]:
    wanted = set(pairs)
    params = {"products": sorted({product for _, _, product in wanted})}
    rows = ports.warehouse.query(sql.text("restock/lines"), params).to_pylist()
    return [row for row in rows if decisions.pair_of(row) in wanted]


class _Costs:
    """The costs of products in the catalogue today, in the currencies in which they are entered."""

    def __init__(self, ports: Ports) -> None:
        entries = listing.entries(ports, EntryKind.PRODUCT).values()
        self._products = {one.code: one for one in entries if isinstance(one, Product)}
        self._today = ports.clock.now().date()

    def currency(self, row: Mapping[str, Any]) -> str:
        """The currency of a line's cost, else the one of all costs of its supplier in the region; else empty."""
        if cost := self._cost(row["product"], row["region"]):
            return cost.currency
        own = (code for code, product in self._products.items() if product.supplier == row["supplier"])
        currencies = {cost.currency for code in own if (cost := self._cost(code, row["region"]))}
        return currencies.pop() if len(currencies) == 1 else ""

    def order_line(self, row: Mapping[str, Any], units: Decimal | None) -> OrderLine:
        product, cost = self._products.get(row["product"]), self._cost(row["product"], row["region"])
        name = product.name if product else row["product"]
        return OrderLine(row["product"], name, row["units"] if units is None else units, cost.amount if cost else None)

    def _cost(self, code: str, region: str) -> DatedAmount | None:
        product = self._products.get(code)
        return cost_on(product, region, self._today) if product else None
