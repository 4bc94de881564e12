"""The page of an order: its lines, document and history, its steps, and the goods received for it."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from flask import render_template, request
from flask.typing import ResponseReturnValue

from portal import formats
from portal.access import allow
from portal.context import me, ports, tillstream
from portal.file_responses import attachment
from portal.managed import Change
from portal.operations.audit import ACTION_LABELS
from portal.stock import order_form, stores, visible_orders
from portal.stock.order_form import NOTHING_SCANNED, FormRow, Scanned
from portal.translation import N_, _
from portal.urls import go_to
from tillstream.app import mail_job, outgoing_deliveries
from tillstream.model.document_json import decimal_text
from tillstream.model.errors import Conflict, NotFound, Rejected
from tillstream.model.permissions import Action
from tillstream.ports import Ports
from tillstream.records import mail
from tillstream.stock import order_arrivals, order_documents, purchase_orders, stored_movements
from tillstream.stock.movement_import import zone_of_store
from tillstream.stock.movements import MovementKind
from tillstream.stock.order_arrivals import OrderReceipt
from tillstream.stock.order_documents import order_mail
from tillstream.stock.purchase_orders import OrderState, PurchaseOrder, TrackedOrder
from tillstream.stock.stored_movements import StoredMovement

STEPS = N_(
    {
        OrderState.CLOSED: "The order is closed. Nothing more is expected.",
        OrderState.SENT: "The order is open again. The rest is expected.",
        OrderState.CANCELLED: "The order is cancelled.",
    }
)
FIELDS = N_(
    {
        "state": "State",
        "lines": "Products",
        "expected_on": "Expected",
        "sent_on": "Sent",
        "closed_on": "Closed",
        "note": "Note",
    }
)
"""Field of an order in its history → its label."""


@allow(Action.SEE_NUMBERS)
def show_order(order_number: str) -> ResponseReturnValue:
    order = visible_orders.order_of(order_number)
    (tracked,) = purchase_orders.track_orders(ports(), [order])
    supplier = visible_orders.suppliers().get(order.supplier)
    learned = order_arrivals.stored_lead_times(ports()).get(order.supplier)
    today = ports().clock.now().date()
    suggested = order.expected_on or today + timedelta(days=visible_orders.lead_days(supplier, learned))
    names = {line.product: line.name for line in order.lines}
    return render_template(
        "orders/show.html",
        order=order,
        tracked=tracked,
        status=tracked.status(today),
        tones=visible_orders.TONES,
        states=visible_orders.STATES,
        supplier=(supplier.name if supplier else "") or order.supplier,
        lead_time=visible_orders.lead_time_text(supplier, learned),
        store=visible_orders.store_label(order),
        extra={product: units for product, units in tracked.received.items() if product not in names},
        names=names,
        receipts=receipts_of(order.order_id),
        history=purchase_orders.order_history(ports(), order.number),
        labels={action.value: label for action, label in ACTION_LABELS.items()},
        fields=FIELDS,
        today=today,
        suggested=suggested,
        email=supplier.email if supplier and tillstream().settings.sends_mail else "",
        has_costs=visible_orders.shows_costs(),
    )


@allow(Action.SEE_NUMBERS)
def order_document(order_number: str, form: str) -> ResponseReturnValue:
    """The order as PDF or CSV."""
    if form not in order_documents.DOCUMENT_FORMS:
        raise NotFound(_("An order is available as {forms}.", forms=" or ".join(order_documents.DOCUMENT_FORMS)))
    order = visible_orders.order_of(order_number)
    content = order_documents.order_document(ports(), order, costs=visible_orders.shows_costs()).render(form)
    return attachment(content, f"{order.number}.{form}", order_documents.DOCUMENT_FORMS[form])


def receipts_of(order_id: str) -> list[StoredMovement]:
    """The receipts of an order that are not cancelled, oldest first."""
    return [
        one
        for one in stored_movements.movements_with_reference(ports(), order_id)
        if one.movement.kind is MovementKind.RECEIPT
    ]


@allow(Action.MANAGE_STOCK)
def send_order(order_number: str) -> ResponseReturnValue:
    """Mark a draft as sent, and e-mail it to the supplier if that was chosen."""
    order = visible_orders.order_of(order_number)
    supplier = visible_orders.suppliers().get(order.supplier)
    address = supplier.email if supplier and request.form.get("email") and tillstream().settings.sends_mail else ""
    if request.form.get("email") and not address:
        no_address = _("The supplier has no e-mail address. Enter it in the catalogue, or send the document yourself.")
        raise Rejected(no_address)
    days = visible_orders.lead_days(supplier, order_arrivals.stored_lead_times(ports()).get(order.supplier))
    sent_on = formats.day_in(request.form.get("sent_on", "")) or ports().clock.now().date()
    expected_on = formats.day_in(request.form.get("expected_on", "")) or order.expected_on
    expected_on = expected_on or sent_on + timedelta(days=days)
    order = purchase_orders.send_order(ports(), order.order_id, by=me().login, sent_on=sent_on, expected_on=expected_on)
    tillstream().queries.clear()
    if address:
        _mail(order, address)
    sent = _("{number} is marked as sent. Download the document and send it to the supplier.")
    mailed = _("{number} is marked as sent, and is e-mailed to {address} within a few minutes.")
    message = (mailed if address else sent).format(number=order.number, address=address)
    return go_to("orders.show", message, order_number=order.number)


def step_of(step: Callable[..., PurchaseOrder]) -> Change:
    """What a button does that leads an order to another state."""

    def change(ports: Ports, number: str, by: str) -> str:
        order = step(ports, visible_orders.order_of(number).order_id, by=by)
        tillstream().queries.clear()
        return STEPS[order.state]

    return change


def _mail(order: PurchaseOrder, address: str) -> None:
    """Put the document of an order into the outbox, once."""
    document = order_documents.order_document(ports(), order, costs=visible_orders.shows_costs())
    mail.add_mail(ports(), order_mail(document, address), outgoing_deliveries.mail_sender(tillstream().settings))
    mail_job.request_mail_job(tillstream())


@dataclass(frozen=True)
class ReceiptForm:
    """movement_id: of the receipt, chosen before it is recorded, so that it is recorded once."""

    movement_id: str
    rows: Sequence[FormRow]
    error: str = ""
    scanned: Scanned = NOTHING_SCANNED


@allow(Action.MANAGE_STOCK)
def show_receipt(order_number: str) -> ResponseReturnValue:
    """The form with what is missing; with `empty=1`, with no units, to be counted by a scanner."""
    tracked = _tracked(order_number)
    return _page(tracked, ReceiptForm(secrets.token_hex(16), _missing(tracked, empty="empty" in request.args)))


@allow(Action.MANAGE_STOCK)
def record_receipt(order_number: str) -> ResponseReturnValue:
    """Record what arrived, or add a unit of the product that was scanned to the form."""
    tracked = _tracked(order_number)
    order, rows, scan = tracked.order, order_form.posted_rows(), order_form.scanned_product(tracked.order.region)
    movement_id = request.form.get("movement", "")[:100]
    if scan.product:
        rows = order_form.with_product(rows, scan.product, order_form.row_of(scan.product, "1"), Decimal(1))
        return _page(tracked, ReceiptForm(movement_id, rows))
    if scan.matches or scan.error:
        return _page(tracked, ReceiptForm(movement_id, rows, scanned=scan))
    try:
        units = {row.product: order_form.entered_number(row.name, row.units) for row in rows if row.units}
        receipt = OrderReceipt(movement_id, order.order_id, units, *_when(order), _note())
        after = order_arrivals.receive_goods(ports(), receipt, by=me().login)
    except NotFound:
        raise
    except (Rejected, Conflict) as error:
        return _page(tracked, ReceiptForm(movement_id, rows, str(error))), 422
    complete = _("The goods are recorded. {number} is complete.", number=order.number)
    message = _("The goods are recorded.") if after.missing_units else complete
    return go_to("orders.show", message, order_number=order.number)


@allow(Action.MANAGE_STOCK)
def cancel_receipt(order_number: str) -> ResponseReturnValue:
    """Cancel a receipt of the order."""
    order, movement_id = visible_orders.order_of(order_number), request.form.get("movement", "")
    if movement_id not in {one.movement.movement_id for one in receipts_of(order.order_id)}:
        raise NotFound(_("The order has no such receipt."))
    order_arrivals.cancel_receipt(ports(), movement_id, by=me().login)
    cancelled = _("The receipt is cancelled. Its goods are expected again, and the stock follows.")
    return go_to("orders.show", cancelled, order_number=order.number)


def _tracked(number: str) -> TrackedOrder:
    """Raises `NotFound`, and `Rejected` for an order that was not sent."""
    order = visible_orders.order_of(number)
    if order.state not in {OrderState.SENT, OrderState.CLOSED}:
        not_sent = _("{number} is {state}. Goods can be received for an order that was sent.")
        raise Rejected(not_sent.format(number=order.number, state=order.state))
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
    now, today = ports().clock.now(), stores.business_day(order.region, order.store_id)
    day, text = formats.day_in(request.form.get("day", "")) or today, request.form.get("time", "")
    try:
        local = time.fromisoformat(text) if text else None
    except ValueError as error:
        raise Rejected(_("“{text}” is not a time. Write it like 14:30.", text=text)) from error
    if local is None:
        at = now if day == today else None
    else:
        at = datetime.combine(day, local.replace(tzinfo=None), _zone(order)).astimezone(UTC)
    if day > today or (at and at > now):
        raise Rejected(_("The goods cannot arrive in the future. Enter a day and time that have passed."))
    return day, at


def _zone(order: PurchaseOrder) -> ZoneInfo:
    """The time zone of the store."""
    return ZoneInfo(zone_of_store(ports(), tillstream().contracts)(order.region, order.store_id))


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
        store=visible_orders.store_label(order),
        zone=str(_zone(order)),
        today=stores.business_day(order.region, order.store_id).isoformat(),
        values=request.form,
    )
