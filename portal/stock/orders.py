"""Purchase orders: the list, also for programs, and the addresses of the area."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from flask import Blueprint, Response, jsonify, render_template, request
from flask.typing import ResponseReturnValue

from portal import list_view
from portal.access import allow
from portal.api import pagination
from portal.api.operations.orders import FILTERS, MAX_ORDERS
from portal.context import ports, scope
from portal.list_view import ListQuery
from portal.managed import ManagedPages
from portal.stock import order_form, order_page, stores, visible_orders
from portal.stock.order_page import receipts_of
from portal.translation import N_, _
from tillstream.model.document_json import decimal_text
from tillstream.model.errors import Rejected
from tillstream.model.permissions import Action
from tillstream.model.text import fold_case
from tillstream.stock import order_arrivals, purchase_orders
from tillstream.stock.order_lists import OPEN, STORED_STATES, OrderFilter, list_orders, order_row
from tillstream.stock.purchase_orders import PurchaseOrder
from tillstream.stock.stored_movements import StoredMovement

COLUMNS = N_(
    {
        "number": "Order",
        "supplier": "Supplier",
        "store": "Store",
        "status": "State",
        "sent_on": "Sent",
        "expected_on": "Expected",
        "lines": "Products",
        "cost": "Cost",
    }
)
NUMBERS = frozenset({"lines", "cost"})

blueprint = Blueprint("orders", __name__, template_folder="templates")


@dataclass(frozen=True)
class ListedOrder:
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
def show_orders() -> ResponseReturnValue:
    """Orders of the user's stores; at first the open ones, newest first."""
    shown = [name for name in COLUMNS if name != "cost" or visible_orders.shows_costs()]
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
        states=visible_orders.STATES,
        tones=visible_orders.TONES,
        suppliers=sorted(names.items(), key=lambda one: one[1].casefold()),
        stores=sorted({(_place(one.order), one.store) for one in rows}, key=lambda one: one[1].casefold()),
        chosen={name: next(iter(query.chosen[name]), "") for name in ("supplier", "store")},
        columns=[{"key": name, "label": COLUMNS[name], "sort": True, "num": name in NUMBERS} for name in shown],
        has_costs="cost" in shown,
    )


def _rows(state: str) -> list[ListedOrder]:
    learned, suppliers = order_arrivals.stored_lead_times(ports()), visible_orders.suppliers()
    today, rows = ports().clock.now().date(), []
    for tracked in list_orders(ports(), scope(), OrderFilter(state)):
        order, supplier = tracked.order, suppliers.get(tracked.order.supplier)
        rows.append(
            ListedOrder(
                order,
                tracked.status(today),
                (supplier.name if supplier else "") or order.supplier,
                stores.named_store(order.region, order.store_id),
                visible_orders.lead_time_text(supplier, learned.get(order.supplier)),
                bool(tracked.received) and bool(tracked.missing_units),
                order.cost if visible_orders.shows_costs() else None,
            )
        )
    return rows


def _matches(row: ListedOrder, query: ListQuery) -> bool:
    order = row.order
    chosen = {"supplier": order.supplier, "store": _place(order)}
    if any(query.chosen[name] and value not in query.chosen[name] for name, value in chosen.items()):
        return False
    products = " ".join(f"{line.product} {line.name}" for line in order.lines)
    text = f"{order.number} {order.supplier} {row.supplier} {order.store_id} {row.store} {order.note} {products}"
    return all(word in text.casefold() for word in query.q.casefold().split())


def _sorted(rows: list[ListedOrder], query: ListQuery) -> list[ListedOrder]:
    """By the chosen column, those without a value last; else as they are."""
    if not query.column:
        return rows
    filled = [one for one in rows if getattr(one, query.column) is not None]
    empty = [one for one in rows if getattr(one, query.column) is None]
    return sorted(filled, key=lambda row: fold_case(getattr(row, query.column)), reverse=query.down) + empty


def _place(order: PurchaseOrder) -> str:
    return f"{order.region}/{order.store_id}"


@allow(Action.SEE_NUMBERS)
def orders_data() -> ResponseReturnValue:
    """Orders, newest first; parameters: `limit` (up to 500), `cursor`, `state`, `supplier`, `region`, `store`."""
    args = pagination.only_arguments(request.args, "limit", "cursor", "state", *FILTERS)
    page = pagination.pop_page(args, 50, MAX_ORDERS)
    state = args.get("state") or OPEN
    if state not in STORED_STATES:
        no_state = _("There is no state “{state}” of orders. The states are: {states}.")
        raise Rejected(no_state.format(state=state, states=", ".join(STORED_STATES)))
    filters = OrderFilter(state, *(args.get(name, "") for name in FILTERS))
    rows = list_orders(ports(), scope(), filters)
    if page.cursor:
        (last,) = pagination.decode_cursor("orders", page.cursor, str)
        rows = [one for one in rows if one.order.number < last]
    shown, today = rows[: page.limit], ports().clock.now().date()
    more = len(rows) > page.limit > 0
    following = pagination.encode_cursor("orders", shown[-1].order.number) if more else None
    listed = [order_row(one, today, costs=visible_orders.shows_costs()) for one in shown]
    answer: Response = jsonify({"orders": listed, "next_cursor": following})
    return page.linked(answer, following)


@allow(Action.SEE_NUMBERS)
def order_data(order_number: str) -> ResponseReturnValue:
    """One order with its receipts."""
    order = visible_orders.order_of(order_number)
    (tracked,) = purchase_orders.track_orders(ports(), [order])
    row = order_row(tracked, ports().clock.now().date(), costs=visible_orders.shows_costs())
    return jsonify(row | {"receipts": [_receipt(each) for each in receipts_of(order.order_id)]})


def _receipt(stored: StoredMovement) -> dict[str, Any]:
    movement = stored.movement
    return {
        "movement_id": movement.movement_id,
        "stock_date": movement.stock_date.isoformat(),
        "occurred_at": movement.occurred_at.isoformat() if movement.occurred_at else None,
        "recorded_at": stored.recorded_at.isoformat(),
        "recorded_by": stored.by,
        "note": movement.note,
        "lines": [{"product": line.product_id, "units": decimal_text(line.quantity)} for line in movement.lines],
    }


blueprint.add_url_rule("/orders", "listing", show_orders)
blueprint.add_url_rule("/orders/new", "new", order_form.new_order)
blueprint.add_url_rule("/orders/new", "create", order_form.create_order, methods=["POST"])
blueprint.add_url_rule("/orders/<order_number>", "show", order_page.show_order)
blueprint.add_url_rule("/orders/<order_number>/document.<form>", "document", order_page.order_document)
blueprint.add_url_rule("/orders/<order_number>/edit", "edit", order_form.edit_order)
blueprint.add_url_rule("/orders/<order_number>/edit", "save", order_form.save_order, methods=["POST"])
blueprint.add_url_rule("/orders/<order_number>/receive", "receive", order_page.show_receipt)
blueprint.add_url_rule("/orders/<order_number>/receive", "record_receipt", order_page.record_receipt, methods=["POST"])
blueprint.add_url_rule(
    "/orders/<order_number>/receipts/cancel", "cancel_receipt", order_page.cancel_receipt, methods=["POST"]
)
blueprint.add_url_rule("/orders/<order_number>/send", "send", order_page.send_order, methods=["POST"])
PAGES = ManagedPages(blueprint, "/orders/<order_number>", access=Action.MANAGE_STOCK)
PAGES.button("close", order_page.step_of(purchase_orders.close_order))
PAGES.button("reopen", order_page.step_of(purchase_orders.reopen_order))
PAGES.button("cancel", order_page.step_of(purchase_orders.cancel_order))
for root in ("/api/v1/orders", "/api/orders"):
    blueprint.add_url_rule(root, "data", orders_data)
    blueprint.add_url_rule(f"{root}/<order_number>", "one", order_data)
