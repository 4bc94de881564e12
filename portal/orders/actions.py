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
from tillstream.app import messages
from tillstream.domain.purchasing.order import PurchaseOrder
from tillstream.mail import outbox
from tillstream.model.errors import Rejected, Unavailable
from tillstream.model.people import Action
from tillstream.purchasing import documents, lead_times, orders
from tillstream.purchasing.order_mail import mail_of
from tillstream.reports import mail_job


@allow(Action.MANAGE_STOCK)
def send(order_number: str) -> ResponseReturnValue:
    """Mark a draft as sent, and e-mail it to the supplier if that was chosen."""
    order = scoped.order_of(order_number)
    supplier = scoped.suppliers().get(order.supplier)
    address = supplier.email if supplier and request.form.get("email") and tillstream().settings.sends_mail else ""
    if request.form.get("email") and not address:
        raise Rejected(texts.NO_ADDRESS)
    days = scoped.lead_days(supplier, lead_times.of_stored(ports()).get(order.supplier))
    sent_on = formats.day_in(request.form.get("sent_on", "")) or ports().clock.now().date()
    expected_on = formats.day_in(request.form.get("expected_on", "")) or order.expected_on
    expected_on = expected_on or sent_on + timedelta(days=days)
    order = orders.send(ports(), order.order_id, by=me().login, sent_on=sent_on, expected_on=expected_on)
    tillstream().queries.clear()
    if address:
        _mail(order, address)
    flash(texts.sent(order.number, address), "done")
    return redirect(url_for("orders.show", order_number=order.number), 303)


@allow(Action.MANAGE_STOCK)
def close(order_number: str) -> ResponseReturnValue:
    return _step(order_number, orders.close)


@allow(Action.MANAGE_STOCK)
def reopen(order_number: str) -> ResponseReturnValue:
    return _step(order_number, orders.reopen)


@allow(Action.MANAGE_STOCK)
def cancel(order_number: str) -> ResponseReturnValue:
    return _step(order_number, orders.cancel)


def _step(number: str, step: Callable[..., PurchaseOrder]) -> ResponseReturnValue:
    order = step(ports(), scoped.order_of(number).order_id, by=me().login)
    tillstream().queries.clear()
    flash(texts.STEPS[order.state], "done")
    return redirect(url_for("orders.show", order_number=order.number), 303)


def _mail(order: PurchaseOrder, address: str) -> None:
    """Put the document of an order into the outbox, once."""
    document = documents.document(ports(), order, costs=scoped.shows_costs())
    outbox.add(ports(), mail_of(document, address), messages.mail_sender(tillstream().settings))
    with suppress(Unavailable):  # the next sweep starts it
        mail_job.start_if_due(ports(), sends_mail=tillstream().settings.sends_mail)
