"""Receive goods for an order: by quantities or by scanner, in parts; and cancel a receipt."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal import formats
from portal.access import allow
from portal.context import me, ports, tillstream
from portal.orders import product_lines, scoped, texts
from portal.orders.page import receipts_of
from portal.orders.product_lines import NOTHING_SCANNED, FormRow, Scanned
from tillstream.catalogue import stored_entries as catalogue
from tillstream.model.document_json import decimal_text
from tillstream.model.errors import Conflict, NotFound, Rejected
from tillstream.model.people import Action
from tillstream.model.product_catalogue import EntryKind, Store
from tillstream.stock import order_arrivals, purchase_orders
from tillstream.stock.order_arrivals import OrderReceipt
from tillstream.stock.purchase_orders import OrderState, PurchaseOrder, TrackedOrder


@dataclass(frozen=True)
class ReceiptForm:
    """movement_id: of the receipt, chosen before it is recorded, so that it is recorded once."""

    movement_id: str
    rows: Sequence[FormRow]
    error: str = ""
    scanned: Scanned = NOTHING_SCANNED


@allow(Action.MANAGE_STOCK)
def show(order_number: str) -> ResponseReturnValue:
    """The form with what is missing; with `empty=1`, with no units, to be counted by a scanner."""
    tracked = _tracked(order_number)
    return _page(tracked, ReceiptForm(secrets.token_hex(16), _missing(tracked, empty="empty" in request.args)))


@allow(Action.MANAGE_STOCK)
def record(order_number: str) -> ResponseReturnValue:
    """Record what arrived, or add a unit of the product that was scanned to the form."""
    tracked = _tracked(order_number)
    order, rows, scan = tracked.order, product_lines.posted_rows(), product_lines.scanned(tracked.order.region)
    movement_id = request.form.get("movement", "")[:100]
    if scan.product:
        rows = product_lines.with_product(rows, scan.product, product_lines.row_of(scan.product, "1"), Decimal(1))
        return _page(tracked, ReceiptForm(movement_id, rows))
    if scan.matches or scan.error:
        return _page(tracked, ReceiptForm(movement_id, rows, scanned=scan))
    try:
        units = {row.product: product_lines.number(row.name, row.units) for row in rows if row.units}
        receipt = OrderReceipt(movement_id, order.order_id, units, *_when(order), _note())
        after = order_arrivals.receive_goods(ports(), receipt, by=me().login)
    except NotFound:
        raise
    except (Rejected, Conflict) as error:
        return _page(tracked, ReceiptForm(movement_id, rows, str(error))), 422
    flash(texts.received(order.number, is_complete=not after.missing_units), "done")
    return redirect(url_for("orders.show", order_number=order.number), 303)


@allow(Action.MANAGE_STOCK)
def cancel(order_number: str) -> ResponseReturnValue:
    """Cancel a receipt of the order."""
    order, movement_id = scoped.order_of(order_number), request.form.get("movement", "")
    if movement_id not in {one.movement.movement_id for one in receipts_of(order.order_id)}:
        raise NotFound(texts.NO_RECEIPT)
    order_arrivals.cancel_receipt(ports(), movement_id, by=me().login)
    flash(texts.RECEIPT_CANCELLED, "done")
    return redirect(url_for("orders.show", order_number=order.number), 303)


def _tracked(number: str) -> TrackedOrder:
    """Raises `NotFound`, and `Rejected` for an order that was not sent."""
    order = scoped.order_of(number)
    if order.state not in {OrderState.SENT, OrderState.CLOSED}:
        raise Rejected(texts.not_sent(order.number, order.state))
    return purchase_orders.track_orders(ports(), [order])[0]


def _missing(tracked: TrackedOrder, *, empty: bool) -> list[FormRow]:
    left = {} if empty else tracked.missing_units
    return [
        FormRow(line.product, line.name, decimal_text(left[line.product]) if line.product in left else "")
        for line in tracked.order.lines
    ]


def _when(order: PurchaseOrder) -> tuple[date, datetime | None]:
    """The business day of the request, and its time in UTC; that of today's goods is now if none is entered.

    Raises `Rejected`.
    """
    now, today = ports().clock.now(), scoped.business_day(order.region, order.store_id)
    day, text = formats.day_in(request.form.get("day", "")) or today, request.form.get("time", "")
    try:
        local = time.fromisoformat(text) if text else None
    except ValueError as error:
        raise Rejected(texts.not_a_time(text)) from error
    if local is None:
        at = now if day == today else None
    else:
        at = datetime.combine(day, local.replace(tzinfo=None), _zone(order)).astimezone(UTC)
    if day > today or (at and at > now):
        raise Rejected(texts.DAY_IN_FUTURE)
    return day, at


def _zone(order: PurchaseOrder) -> ZoneInfo:
    """The time zone of the store: of the catalogue, else of the region."""
    store = catalogue.get_current_entry(ports(), EntryKind.STORE, order.region, order.store_id)
    contract = tillstream().contracts.for_region(order.region)
    own = store.time_zone if isinstance(store, Store) else ""
    return ZoneInfo(own or (contract.dates.zone_of(order.store_id) if contract else "UTC"))


def _note() -> str:
    return request.form.get("note", "").strip()[:500]


def _page(tracked: TrackedOrder, form: ReceiptForm) -> str:
    order = tracked.order
    return render_template(
        "orders/receive.html",
        order=order,
        tracked=tracked,
        form=form,
        ordered={line.product: line.units for line in order.lines},
        store=texts.store(order.region, order.store_id, scoped.store_names().get((order.region, order.store_id), "")),
        zone=str(_zone(order)),
        today=scoped.business_day(order.region, order.store_id).isoformat(),
        values=request.form,
    )
