"""Transfers between stores: those that are in transit, and the confirmation of what arrived."""

from decimal import Decimal

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal import figures, list_view
from portal.access import allow
from portal.context import ports
from portal.stock import lines, product_codes, recording, stores, texts
from tillstream.analytics.filters import Filters
from tillstream.model.document_json import decimal_text
from tillstream.model.errors import NotFound, Rejected
from tillstream.model.people import Action
from tillstream.stock import store_transfers
from tillstream.stock.store_transfers import Transfer

MOST = 500
"""Transfers that are listed, those that were sent last."""


@allow(Action.MANAGE_STOCK)
def listing() -> ResponseReturnValue:
    """Transfers from and to the user's stores; at first those of which something is in transit."""
    query = list_view.list_query(filters=("state",))
    state = "all" if query.chosen["state"] == ("all",) else "open"
    rows = figures.ask("stock-transfers", Filters(), state=state, limit=MOST).to_pylist()
    return render_template(
        "stock/transfers.html",
        page=list_view.page_of(query, rows),
        state=state,
        columns=[
            {"key": name, "label": label, "num": name in texts.TRANSFER_NUMBERS}
            for name, label in texts.TRANSFER_COLUMNS.items()
        ],
    )


@allow(Action.MANAGE_STOCK)
def show() -> ResponseReturnValue:
    """One transfer, and the form for what arrived."""
    return _page(_of_request())


@allow(Action.MANAGE_STOCK)
def confirm() -> ResponseReturnValue:
    """Record what arrived of a transfer."""
    transfer = _of_request()
    here = redirect(url_for("stock.transfer", id=transfer.reference), 303)
    if request.form.get("step", type=int) != transfer.step:
        flash(texts.ARRIVED_MEANWHILE, "ask")
        return here
    cells = zip(request.form.getlist("product"), request.form.getlist("quantity"), strict=False)
    entered = {product: lines.quantity_of(text.strip() or "0") for product, text in cells}
    wrong = [text for text in entered.values() if isinstance(text, str)]
    if wrong:
        return _page(transfer, wrong[0]), 422
    try:
        movements = store_transfers.arrival_movements(
            transfer,
            {product: units for product, units in entered.items() if isinstance(units, Decimal)},
            rest_is_lost=request.form.get("rest") == "lost",
            stock_date=stores.business_day(transfer.region, transfer.to_store),
            occurred_at=ports().clock.now(),
        )
    except Rejected as error:
        return _page(transfer, str(error)), 422
    recording.record(movements)
    flash(texts.ARRIVED, "done")
    return here


def _of_request() -> Transfer:
    """The transfer in the address or the form. Raises `NotFound`, also outside the scope."""
    transfer = store_transfers.get_transfer(ports(), request.values.get("id", ""))
    if not stores.may_change(transfer.region, transfer.from_store, transfer.to_store):
        raise NotFound(texts.NO_MOVEMENT)
    return transfer


def _page(transfer: Transfer, error: str = "") -> str:
    place = next((one for one in stores.own() if one.region == transfer.region), None)
    return render_template(
        "stock/transfer.html",
        transfer=transfer,
        error=error,
        kinds=texts.KINDS,
        plain=decimal_text,
        names=product_codes.names(place, {line.product_id for line in transfer.lines}) if place else {},
    )
