"""Purchase orders: what a store orders from a supplier, how they are stored, and what has arrived for them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import Any

import sql
from tillstream.catalogue.stored_entries import entry_document_id
from tillstream.model import audit
from tillstream.model.audit import AuditEntry
from tillstream.model.document_json import from_json, to_json
from tillstream.model.errors import Conflict, NotFound, Rejected
from tillstream.model.money import round_amount
from tillstream.ports import Ports
from tillstream.ports.documents import Document, Put, Update, update_document
from tillstream.records import audit_log, data_version
from tillstream.stock import stored_movements
from tillstream.stock.movements import MAX_UNITS

MAX_ORDER_LINES = 1_000
"""Lines of one order, whose document stays below the limit of a document store."""
_UNITS = f"enter a number of units above 0 and below {MAX_UNITS:,}."

COLLECTION = "purchase_orders"
COUNTERS, COUNTER = "counters", "purchase-orders"
OrderChange = dict[str, Any]
OrderPlace = tuple[str, str]
"""Region and store."""
FEW_PLACES = 5
"""Stores whose orders are read one store after the other."""


class OrderState(StrEnum):
    """What people did with an order. What arrived is counted from the receipts."""

    DRAFT = "draft"
    SENT = "sent"
    CLOSED = "closed"
    """Nothing more is expected: everything arrived, or the rest will not come."""
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class OrderLine:
    """A product of an order. unit_cost: in the currency of the order; None if it is not agreed."""

    product: str
    name: str
    units: Decimal
    unit_cost: Decimal | None = None


@dataclass(frozen=True)
class PurchaseOrder:
    """An order of one store from one supplier.

    order_id: chosen by its creator, so that a repeated request creates one order. number: for people (PO-000012).
    sent_on, expected_on, closed_on: days.
    """

    order_id: str
    supplier: str
    region: str
    store_id: str
    currency: str
    lines: tuple[OrderLine, ...]
    number: str = ""
    state: OrderState = OrderState.DRAFT
    created_by: str = ""
    created_on: date | None = None
    sent_on: date | None = None
    expected_on: date | None = None
    closed_on: date | None = None
    note: str = ""

    def cost_of(self, line: OrderLine) -> Decimal | None:
        """What a line costs, rounded to the minor unit of the currency, as an invoice has it; None without a cost."""
        return None if line.unit_cost is None else round_amount(line.units * line.unit_cost, self.currency)

    @property
    def cost(self) -> Decimal | None:
        """The cost of all lines; None if one has no cost."""
        costs = [cost for line in self.lines if (cost := self.cost_of(line)) is not None]
        return sum(costs, Decimal(0)) if len(costs) == len(self.lines) else None


@dataclass(frozen=True)
class TrackedOrder:
    """An order with the units that arrived, by product. first_arrival, last_arrival: business days of its receipts."""

    order: PurchaseOrder
    received: Mapping[str, Decimal]
    first_arrival: date | None = None
    last_arrival: date | None = None

    @cached_property
    def missing_units(self) -> dict[str, Decimal]:
        """Units that have not arrived, by product."""
        left = {line.product: line.units - self.received.get(line.product, Decimal(0)) for line in self.order.lines}
        return {product: units for product, units in left.items() if units > 0}

    @property
    def open_units(self) -> dict[str, Decimal]:
        """Units that are still expected, by product; empty unless the order was sent and not closed."""
        return self.missing_units if self.order.state is OrderState.SENT else {}

    def status(self, today: date) -> str:
        """draft, sent, late, partly received, received, closed or cancelled."""
        order = self.order
        if order.state in {OrderState.SENT, OrderState.CLOSED} and not self.missing_units:
            return "received"
        if order.state is not OrderState.SENT:
            return order.state.value
        if order.expected_on and order.expected_on < today:
            return "late"
        return "partly received" if self.received else "sent"


def merge_order_lines(lines: tuple[OrderLine, ...]) -> tuple[OrderLine, ...]:
    """One line for each product, with the units of all its lines."""
    merged: dict[str, OrderLine] = {}
    for line in lines:
        before = merged.get(line.product)
        units = line.units + (before.units if before else Decimal(0))
        merged[line.product] = OrderLine(line.product, line.name, units, line.unit_cost)
    return tuple(merged.values())


def order_problem(order: PurchaseOrder) -> str:
    """Why an order cannot be saved, in words for its creator; empty if it can."""
    checks = (
        (not order.order_id or not order.region or not order.store_id, "An order needs an ID, a region and a store."),
        (not order.supplier, "Choose a supplier."),
        (not order.lines, "An order needs at least one product."),
        (len(order.lines) > MAX_ORDER_LINES, f"An order has at most {MAX_ORDER_LINES:,} lines; create several."),
        *((_is_wrong(line.units), f"{line.name}: {_UNITS}") for line in order.lines),
    )
    return next((words for applies, words in checks if applies), "")


def _is_wrong(units: Decimal) -> bool:
    return not units.is_finite() or not 0 < units < MAX_UNITS or units != round(units, 9)


def create_order(ports: Ports, order: PurchaseOrder, *, by: str) -> PurchaseOrder:
    """Save a new draft and return it with its number. A repeated call returns the draft as stored.

    Raises `Rejected` if the order is invalid.
    """
    order = replace(order, lines=merge_order_lines(order.lines), state=OrderState.DRAFT)
    if words := order_problem(order):
        raise Rejected(words)
    key = entry_document_id(order.order_id)
    while True:
        if stored := ports.documents.get(COLLECTION, key):
            return _decoded(stored)
        counter = ports.documents.get(COUNTERS, COUNTER)
        last = int(counter.data["last"]) if counter else 0
        new = replace(order, number=f"PO-{last + 1:06}", created_by=by, created_on=ports.clock.now().date())
        puts = [
            Put(COUNTERS, COUNTER, {"last": last + 1}, if_version=counter.version if counter else 0),
            Put(COLLECTION, key, to_json(new), if_version=0),
            _entry(ports, by, audit.AuditAction.ORDER_CREATED, None, new),
        ]
        try:
            ports.documents.put_all(puts)
        except Conflict:
            continue
        return new


def edit_order(ports: Ports, order: PurchaseOrder, *, by: str, version: int) -> PurchaseOrder:
    """Save new lines, expected day and note of a draft.

    Raises `Conflict` if the order was changed since `version`, `NotFound`, `Rejected`.
    """
    order = replace(order, lines=merge_order_lines(order.lines))
    if words := order_problem(order):
        raise Rejected(words)
    before, stored_version = get_order_version(ports, order.order_id)
    if before.state is not OrderState.DRAFT:
        raise Rejected(f"{before.number} is {before.state} and can no longer be changed. Create another order.")
    if version != stored_version:
        raise Conflict(f"{before.number} was changed meanwhile.")
    after = replace(before, lines=order.lines, expected_on=order.expected_on, note=order.note)
    put = Put(COLLECTION, entry_document_id(order.order_id), to_json(after), if_version=version)
    ports.documents.put_all([put, _entry(ports, by, audit.AuditAction.ORDER_CHANGED, before, after)])
    return after


def send_order(
    ports: Ports, order_id: str, *, by: str, sent_on: date | None = None, expected_on: date | None = None
) -> PurchaseOrder:
    """Note that a draft was sent to its supplier, today by default.

    Raises `NotFound`, and `Rejected` for an order that is no draft, a future day, or goods expected before it was sent.
    """
    today = ports.clock.now().date()
    sent_on = sent_on or today
    if sent_on > today:
        raise Rejected("An order cannot have been sent in the future.")
    if expected_on and expected_on < sent_on:
        raise Rejected("An order cannot be expected before the day on which it is sent.")
    changes: OrderChange = {"state": OrderState.SENT, "sent_on": sent_on}
    if expected_on:
        changes["expected_on"] = expected_on
    return _move(ports, order_id, (OrderState.DRAFT,), changes, by)


def close_order(ports: Ports, order_id: str, *, by: str) -> PurchaseOrder:
    """Expect nothing more of a sent order. Raises `NotFound`, `Rejected`."""
    changes: OrderChange = {"state": OrderState.CLOSED, "closed_on": ports.clock.now().date()}
    return _move(ports, order_id, (OrderState.SENT,), changes, by)


def reopen_order(ports: Ports, order_id: str, *, by: str) -> PurchaseOrder:
    """Expect the rest of a closed order again. Raises `NotFound`, `Rejected`."""
    return _move(ports, order_id, (OrderState.CLOSED,), {"state": OrderState.SENT, "closed_on": None}, by)


def cancel_order(ports: Ports, order_id: str, *, by: str) -> PurchaseOrder:
    """Cancel a draft or an order of which nothing arrived. Raises `NotFound`, `Rejected`."""
    if stored_movements.movements_with_reference(ports, order_id):
        raise Rejected("Part of the order has arrived. Close it instead.")
    changes: OrderChange = {"state": OrderState.CANCELLED, "closed_on": ports.clock.now().date()}
    return _move(ports, order_id, (OrderState.DRAFT, OrderState.SENT), changes, by)


def get_order(ports: Ports, order_id: str) -> PurchaseOrder:
    """The order. Raises `NotFound`."""
    return get_order_version(ports, order_id)[0]


def get_order_version(ports: Ports, order_id: str) -> tuple[PurchaseOrder, int]:
    """The order and its version for `edit`. Raises `NotFound`."""
    document = ports.documents.get(COLLECTION, entry_document_id(order_id))
    if document is None:
        raise NotFound("There is no such order.")
    return _decoded(document), document.version


def find_orders(
    ports: Ports, state: OrderState | None = None, limit: int | None = None, *, with_lines: bool = True
) -> list[PurchaseOrder]:
    """Orders, newest first. Without lines, many are read faster."""
    where = {"state": state.value} if state else None
    documents = ports.documents.find(COLLECTION, where, order_by="number", descending=True, limit=limit)
    if with_lines:
        return [_decoded(one) for one in documents]
    return [from_json(PurchaseOrder, one.data | {"lines": []}) for one in documents]


def order_with_number(ports: Ports, number: str) -> PurchaseOrder:
    """The order of a number such as PO-000012. Raises `NotFound`."""
    documents = ports.documents.find(COLLECTION, {"number": number.strip().upper()}, limit=1)
    if not documents:
        raise NotFound(f"There is no order {number}.")
    return _decoded(documents[0])


def orders_expected_before(ports: Ports, day: date, limit: int) -> list[PurchaseOrder]:
    """Late orders: sent ones that were expected before a day, of the `limit` that were expected first."""
    where = {"state": OrderState.SENT.value}
    documents = ports.documents.find(COLLECTION, where, order_by="expected_on", limit=limit)
    return [_decoded(one) for one in documents if "" < one.data["expected_on"] < day.isoformat()]


def track_orders(ports: Ports, orders: Sequence[PurchaseOrder]) -> list[TrackedOrder]:
    """The orders with what has arrived for them, by the receipts that name them."""
    if not orders:
        return []
    ids = [one.order_id for one in orders]
    rows = ports.warehouse.query(sql.text("purchasing/receipts_of_orders"), {"orders": ids}).to_pylist()
    received: dict[str, dict[str, Decimal]] = {one: {} for one in ids}
    days: dict[str, list[date]] = {one: [] for one in ids}
    for row in rows:
        received[row["order_id"]][row["product"]] = row["units"]
        days[row["order_id"]] += [row["first_day"], row["last_day"]]
    return [
        TrackedOrder(
            one, received[one.order_id], min(days[one.order_id], default=None), max(days[one.order_id], default=None)
        )
        for one in orders
    ]


def units_on_order(ports: Ports, places: Collection[OrderPlace] | None = None) -> dict[tuple[str, str, str], Decimal]:
    """Units that are still expected from suppliers, by region, store and product.

    places: only orders of these stores. Of few stores, no other orders are read.
    """
    units: dict[tuple[str, str, str], Decimal] = {}
    for one in track_orders(ports, _sent(ports, places)):
        for product, count in one.open_units.items():
            key = one.order.region, one.order.store_id, product
            units[key] = units.get(key, Decimal(0)) + count
    return units


def _sent(ports: Ports, places: Collection[OrderPlace] | None) -> list[PurchaseOrder]:
    sent = OrderState.SENT.value
    if places is None or len(places) > FEW_PLACES:
        stored = [_decoded(one) for one in ports.documents.find(COLLECTION, {"state": sent})]
        return [one for one in stored if places is None or (one.region, one.store_id) in places]
    return [
        _decoded(one)
        for region, store_id in sorted(places)
        for one in ports.documents.find(COLLECTION, {"state": sent, "region": region, "store_id": store_id})
    ]


def order_history(ports: Ports, number: str) -> list[AuditEntry]:
    """The audit entries of an order, newest first."""
    return audit_log.find_by_subject(ports, "order", _subject(number))


def _move(ports: Ports, order_id: str, permitted: Sequence[OrderState], changes: OrderChange, by: str) -> PurchaseOrder:
    def next_state(document: Document | None) -> Update:
        if document is None:
            raise NotFound("There is no such order.")
        before = _decoded(document)
        if before.state not in permitted:
            raise Rejected(f"{before.number} is {before.state}.")
        after = replace(before, **changes)
        return Update(to_json(after), [_entry(ports, by, audit.AuditAction.ORDER_CHANGED, before, after)])

    moved = _decoded(update_document(ports.documents, COLLECTION, entry_document_id(order_id), next_state))
    data_version.bump_data_version(ports.documents)  # answers have the units on order
    return moved


def _decoded(document: Document) -> PurchaseOrder:
    return from_json(PurchaseOrder, document.data)


def _entry(ports: Ports, by: str, what: audit.AuditAction, before: PurchaseOrder | None, after: PurchaseOrder) -> Put:
    sides = [_fields(one) if one else {} for one in (before, after)]
    changed = {name for name in sides[1] if sides[0].get(name) != sides[1][name]}
    old, new = ({name: side[name] for name in sorted(changed) if name in side} for side in sides)
    return audit_log.entry(ports, by, what, _subject(after.number), old, new)


def _subject(number: str) -> str:
    return f"order {number}"


def _fields(order: PurchaseOrder) -> dict[str, Any]:
    data = dict(to_json(order))
    data["lines"] = ", ".join(f"{line.product}: {line.units.normalize():f}" for line in order.lines)
    return {name: value for name, value in data.items() if value not in ("", None)}
