"""Orders for programs."""

from typing import Any

from flask import Response, jsonify, request
from flask.typing import ResponseReturnValue

from portal.access import allow
from portal.api import cursors, pagination
from portal.api.operations.orders import FILTERS, MAX_ORDERS
from portal.context import ports, scope
from portal.orders import scoped, texts
from portal.orders.page import receipts_of
from tillstream.model.document_json import decimal_text
from tillstream.model.errors import Rejected
from tillstream.model.people import Action
from tillstream.stock import purchase_orders
from tillstream.stock.order_lists import OPEN, STORED_STATES, OrderFilter, list_orders, order_row
from tillstream.stock.stored_movements import StoredMovement


@allow(Action.SEE_NUMBERS)
def listing() -> ResponseReturnValue:
    """Orders, newest first; parameters: `limit` (up to 500), `cursor`, `state`, `supplier`, `region`, `store`."""
    args = pagination.only(request.args, "limit", "cursor", "state", *FILTERS)
    page = pagination.pop_page(args, 50, MAX_ORDERS)
    state = args.get("state") or OPEN
    if state not in STORED_STATES:
        raise Rejected(texts.no_state(state, STORED_STATES))
    filters = OrderFilter(state, *(args.get(name, "") for name in FILTERS))
    rows = list_orders(ports(), scope(), filters)
    if page.cursor:
        (last,) = cursors.decode("orders", page.cursor, str)
        rows = [one for one in rows if one.order.number < last]
    shown, today = rows[: page.limit], ports().clock.now().date()
    more = len(rows) > page.limit > 0
    following = cursors.encode("orders", shown[-1].order.number) if more else None
    listed = [order_row(one, today, costs=scoped.shows_costs()) for one in shown]
    answer: Response = jsonify({"orders": listed, "next_cursor": following})
    return page.linked(answer, following)


@allow(Action.SEE_NUMBERS)
def one(order_number: str) -> ResponseReturnValue:
    """One order with its receipts."""
    order = scoped.order_of(order_number)
    (tracked,) = purchase_orders.track_orders(ports(), [order])
    row = order_row(tracked, ports().clock.now().date(), costs=scoped.shows_costs())
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
