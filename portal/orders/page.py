"""The page of an order: its lines with what arrived, its receipts, its history, and its document."""

from datetime import timedelta

from flask import Response, render_template
from flask.typing import ResponseReturnValue

from portal.access import allow
from portal.audit.texts import ACTION_LABELS
from portal.context import ports, tillstream
from portal.orders import scoped, texts
from tillstream.model.errors import NotFound
from tillstream.model.people import Action
from tillstream.stock import order_arrivals, order_documents, purchase_orders, stored_movements
from tillstream.stock.movements import MovementKind
from tillstream.stock.stored_movements import StoredMovement


@allow(Action.SEE_NUMBERS)
def show(order_number: str) -> ResponseReturnValue:
    order = scoped.order_of(order_number)
    (tracked,) = purchase_orders.track_orders(ports(), [order])
    supplier = scoped.suppliers().get(order.supplier)
    learned = order_arrivals.stored_lead_times(ports()).get(order.supplier)
    today = ports().clock.now().date()
    suggested = order.expected_on or today + timedelta(days=scoped.lead_days(supplier, learned))
    names = {line.product: line.name for line in order.lines}
    return render_template(
        "orders/show.html",
        order=order,
        tracked=tracked,
        status=tracked.status(today),
        tones=texts.TONES,
        states=texts.STATES,
        supplier=(supplier.name if supplier else "") or order.supplier,
        lead_time=texts.lead_time(supplier, learned),
        store=texts.store(order.region, order.store_id, scoped.store_names().get((order.region, order.store_id), "")),
        extra={product: units for product, units in tracked.received.items() if product not in names},
        names=names,
        receipts=receipts_of(order.order_id),
        history=purchase_orders.order_history(ports(), order.number),
        labels={action.value: label for action, label in ACTION_LABELS.items()},
        fields=texts.FIELDS,
        today=today,
        suggested=suggested,
        email=supplier.email if supplier and tillstream().settings.sends_mail else "",
        has_costs=scoped.shows_costs(),
    )


@allow(Action.SEE_NUMBERS)
def document(order_number: str, form: str) -> ResponseReturnValue:
    """The order as PDF or CSV."""
    if form not in order_documents.DOCUMENT_FORMS:
        raise NotFound(texts.no_form(order_documents.DOCUMENT_FORMS))
    order = scoped.order_of(order_number)
    content = order_documents.order_document(ports(), order, costs=scoped.shows_costs()).render(form)
    response = Response(content, content_type=order_documents.DOCUMENT_FORMS[form])
    response.headers.set("Content-Disposition", "attachment", filename=f"{order.number}.{form}")
    return response


def receipts_of(order_id: str) -> list[StoredMovement]:
    """The receipts of an order that are not cancelled, oldest first."""
    return [
        one
        for one in stored_movements.movements_with_reference(ports(), order_id)
        if one.movement.kind is MovementKind.RECEIPT
    ]
