"""The list of orders."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from flask import render_template
from flask.typing import ResponseReturnValue

from portal import list_view
from portal.access import allow
from portal.context import ports, scope
from portal.list_view import ListQuery
from portal.orders import scoped, texts
from tillstream.model.people import Action
from tillstream.stock import order_arrivals
from tillstream.stock.order_lists import OPEN, STORED_STATES, OrderFilter, list_orders
from tillstream.stock.purchase_orders import PurchaseOrder


@dataclass(frozen=True)
class Row:
    """An order with what the list shows of it. cost: None if it is unknown or hidden."""

    order: PurchaseOrder
    status: str
    supplier: str
    store: str
    lead_time: str
    is_partly_received: bool
    cost: Decimal | None

    @property
    def number(self) -> str:
        return self.order.number

    @property
    def sent_on(self) -> date | None:
        return self.order.sent_on

    @property
    def expected_on(self) -> date | None:
        return self.order.expected_on

    @property
    def lines(self) -> int:
        return len(self.order.lines)


@allow(Action.SEE_NUMBERS)
def listing() -> ResponseReturnValue:
    """Orders of the user's stores; at first the open ones, newest first."""
    shown = [name for name in texts.COLUMNS if name != "cost" or scoped.shows_costs()]
    query = list_view.list_query(sorts=shown, filters=("state", "supplier", "store"))
    state = next((one for one in query.chosen["state"] if one in STORED_STATES), OPEN)
    rows = _rows(state)
    matching = [one for one in rows if _matches(one, query)]
    names = {one.order.supplier: one.supplier for one in rows}
    return render_template(
        "orders/list.html",
        page=list_view.page_of(query, _sorted(matching, query)),
        query=query,
        state=state,
        states=texts.STATES,
        tones=texts.TONES,
        suppliers=sorted(names.items(), key=lambda one: one[1].casefold()),
        stores=sorted({(_place(one.order), one.store) for one in rows}, key=lambda one: one[1].casefold()),
        chosen={name: next(iter(query.chosen[name]), "") for name in ("supplier", "store")},
        columns=[
            {"key": name, "label": texts.COLUMNS[name], "sort": True, "num": name in texts.NUMBERS} for name in shown
        ],
        has_costs="cost" in shown,
    )


def _rows(state: str) -> list[Row]:
    learned, suppliers, stores = order_arrivals.stored_lead_times(ports()), scoped.suppliers(), scoped.store_names()
    today, rows = ports().clock.now().date(), []
    for tracked in list_orders(ports(), scope(), OrderFilter(state)):
        order, supplier = tracked.order, suppliers.get(tracked.order.supplier)
        rows.append(
            Row(
                order,
                tracked.status(today),
                (supplier.name if supplier else "") or order.supplier,
                stores.get((order.region, order.store_id), order.store_id),
                texts.lead_time(supplier, learned.get(order.supplier)),
                bool(tracked.received) and bool(tracked.missing_units),
                order.cost if scoped.shows_costs() else None,
            )
        )
    return rows


def _matches(row: Row, query: ListQuery) -> bool:
    order = row.order
    chosen = {"supplier": order.supplier, "store": _place(order)}
    if any(query.chosen[name] and value not in query.chosen[name] for name, value in chosen.items()):
        return False
    products = " ".join(f"{line.product} {line.name}" for line in order.lines)
    text = f"{order.number} {order.supplier} {row.supplier} {order.store_id} {row.store} {order.note} {products}"
    return all(word in text.casefold() for word in query.q.casefold().split())


def _sorted(rows: list[Row], query: ListQuery) -> list[Row]:
    """By the chosen column, those without a value last; else as they are."""
    if not query.column:
        return rows
    filled = [one for one in rows if getattr(one, query.column) is not None]
    empty = [one for one in rows if getattr(one, query.column) is None]
    return sorted(filled, key=_sort_key(query.column), reverse=query.down) + empty


def _sort_key(column: str) -> Callable[[Row], Any]:
    def key(row: Row) -> Any:
        value = getattr(row, column)
        return value.casefold() if isinstance(value, str) else value

    return key


def _place(order: PurchaseOrder) -> str:
    return f"{order.region}/{order.store_id}"
