"""Decisions of people about the restock queue: order, snooze, dismiss, and take back."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa

import sql
from tillstream.batches import freshness
from tillstream.catalogue import products
from tillstream.domain.errors import Rejected
from tillstream.domain.purchasing.order import OrderLine, OrderState, PurchaseOrder
from tillstream.ports import Ports
from tillstream.purchasing import orders
from tillstream.workflows.restocking import decisions
from tillstream.workflows.restocking.decisions import Decision, Pair
from tillstream.workflows.restocking.rows import SCHEMA
from tillstream.workflows.restocking.run import TABLE

KEY = ("region", "store_id", "product", "from_store")


def order(ports: Ports, units: Mapping[Pair, Decimal | None], *, currency: str, by: str) -> list[PurchaseOrder]:
    """Put open lines into draft orders, one for each supplier and store; return these orders.

    A draft that the queue created for them before gets the lines. units: of each line; None: as suggested. Lines that
    are ordered already are left out, so that a repeated request orders nothing twice. currency: the reporting currency,
    in which costs are. Raises `Rejected` if a product has no supplier.
    """
    lines = [row for row in _lines(ports, units) if not row["from_store"] and row["state"] != decisions.ORDERED]
    if without := [row["product"] for row in lines if not row["supplier"]]:
        raise Rejected(f"Enter a supplier in the catalogue first: {', '.join(without[:10])}.")
    groups: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for row in lines:
        groups.setdefault((row["supplier"], row["region"], row["store_id"]), []).append(row)
    drafts = orders.find(ports, OrderState.DRAFT)
    created = []
    for (supplier, region, store_id), rows in sorted(groups.items()):
        wanted = [_order_line(ports, row, units[decisions.pair_of(row)]) for row in rows]
        draft = next(
            (one for one in drafts if (one.supplier, one.region, one.store_id) == (supplier, region, store_id)), None
        )
        if draft:
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
        freshness.bump(ports.documents)


def _lines(ports: Ports, pairs: Iterable[Pair]) -> list[dict[str, Any]]:
    wanted = set(pairs)
    params = {"products": sorted({product for _, _, product in wanted})}
    rows = ports.warehouse.query(sql.text("restock/lines"), params).to_pylist()
    return [row for row in rows if decisions.pair_of(row) in wanted]


def _order_line(ports: Ports, row: Mapping[str, Any], units: Decimal | None) -> OrderLine:
    product = products.get(ports, row["product"])
    name = product.name if product else row["product"]
    return OrderLine(row["product"], name, row["units"] if units is None else units, row["unit_cost"])
