"""Steps of an order: send, close, reopen, cancel."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal import formats
from portal.access import allow
from portal.context import me, ports, tillstream
from portal.orders import scoped, texts
from tillstream.app import mail_job, messages
from tillstream.model.errors import Rejected, Unavailable
from tillstream.model.people import Action
from tillstream.records import mail
from tillstream.stock import order_arrivals, order_documents, purchase_orders
from tillstream.stock.order_documents import order_mail
from tillstream.stock.purchase_orders import PurchaseOrder


@allow(Action.MANAGE_STOCK)
def send(order_number: str) -> ResponseReturnValue:
    """Mark a draft as sent, and e-mail it to the supplier if that was chosen."""
    order = scoped.order_of(order_number)
    supplier = scoped.suppliers().get(order.supplier)
    address = supplier.email if supplier and request.form.get("email") and tillstream().settings.sends_mail else ""
    if request.form.get("email") and not address:
        raise Rejected(texts.NO_ADDRESS)
    days = scoped.lead_days(supplier, order_arrivals.stored_lead_times(ports()).get(order.supplier))
    sent_on = formats.day_in(request.form.get("sent_on", "")) or ports().clock.now().date()
    expected_on = formats.day_in(request.form.get("expected_on", "")) or order.expected_on
    expected_on = expected_on or sent_on + timedelta(days=days)
    order = purchase_orders.send_order(ports(), order.order_id, by=me().login, sent_on=sent_on, expected_on=expected_on)
    tillstream().queries.clear()
    if address:
        _mail(order, address)
    flash(texts.sent(order.number, address), "done")
    return redirect(url_for("orders.show", order_number=order.number), 303)


@allow(Action.MANAGE_STOCK)
def close(order_number: str) -> ResponseReturnValue:
    return _step(order_number, purchase_orders.close_order)


@allow(Action.MANAGE_STOCK)
def reopen(order_number: str) -> ResponseReturnValue:
    return _step(order_number, purchase_orders.reopen_order)


@allow(Action.MANAGE_STOCK)
def cancel(order_number: str) -> ResponseReturnValue:
    return _step(order_number, purchase_orders.cancel_order)


def _step(number: str, step: Callable[..., PurchaseOrder]) -> ResponseReturnValue:
    order = step(ports(), scoped.order_of(number).order_id, by=me().login)
    tillstream().queries.clear()
    flash(texts.STEPS[order.state], "done")
    return redirect(url_for("orders.show", order_number=order.number), 303)


def _mail(order: PurchaseOrder, address: str) -> None:
    """Put the document of an order into the outbox, once."""
    document = order_documents.order_document(ports(), order, costs=scoped.shows_costs())
    mail.add_mail(ports(), order_mail(document, address), messages.mail_sender(tillstream().settings))
    with suppress(Unavailable):  # the next sweep starts it
        mail_job.start_mail_job(ports(), sends_mail=tillstream().settings.sends_mail)
