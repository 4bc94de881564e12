"""Recorded movements and transfers: lists, pages, cancellation, and the confirmation of what arrived."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal import figures, list_view
from portal.access import allow
from portal.context import me, ports, tillstream
from portal.stock import lines, stores
from portal.translation import N_, _
from portal.urls import go_to
from tillstream.analytics.filters import Filters
from tillstream.model.document_json import decimal_text
from tillstream.model.errors import Conflict, NotFound, Rejected
from tillstream.model.permissions import Action
from tillstream.stock import store_transfers, stored_levels, stored_movements
from tillstream.stock.movements import REASONS, TRANSFER_KINDS, Movement, MovementKind
from tillstream.stock.store_transfers import Transfer
from tillstream.stock.stored_movements import StoredMovement

KINDS = N_(
    {
        MovementKind.COUNT: "Count",
        MovementKind.RECEIPT: "Received",
        MovementKind.TRANSFER_OUT: "Sent to another store",
        MovementKind.TRANSFER_IN: "Arrived from another store",
        MovementKind.TRANSFER_LOSS: "Lost in transit",
        MovementKind.ADJUSTMENT: "Adjustment",
        MovementKind.WRITE_OFF: "Written off",
        MovementKind.SUPPLIER_RETURN: "Returned to a supplier",
        MovementKind.UNSELLABLE_RETURN: "Return that cannot be sold",
    }
)
MOVEMENT_COLUMNS = N_(
    {"day": "Day", "kind": "What", "lines": "Products", "about": "Reference", "by": "Recorded by", "at": "Recorded"}
)
TRANSFER_COLUMNS = N_(
    {
        "transfer": "Sent",
        "from": "From",
        "to": "To",
        "products": "Products",
        "sent": "Units sent",
        "arrived": "Arrived",
        "lost": "Lost",
        "transit": "In transit",
    }
)
TRANSFER_NUMBERS = frozenset({"products", "sent", "arrived", "lost", "transit"})
NO_MOVEMENT = N_("There is no such stock movement in your stores.")

MAX_MOVEMENTS = 500
"""Movements of a store that are listed, the newest ones."""
MAX_TRANSFERS = 500
"""Transfers that are listed, those that were sent last."""


def record_movements(movements: Sequence[Movement]) -> None:
    """Record movements, and compute the levels.

    Movements that a form recorded before, apart from their times, are not recorded again. Raises `Rejected`, and
    `Conflict` if the form recorded others.
    """
    if not all(map(_is_recorded, movements)):
        try:
            stored_movements.record_movements(ports(), movements, by=me().login)
        except Conflict:  # the form was sent twice at once
            if not all(map(_is_recorded, movements)):
                raise
    follow_levels()


def follow_levels() -> None:
    """Compute the levels after a change, so that pages show it."""
    stored_levels.follow_movement(ports())
    tillstream().queries.clear()


def _is_recorded(movement: Movement) -> bool:
    try:
        stored = stored_movements.get_movement(ports(), movement.movement_id).movement
    except NotFound:
        return False
    if replace(stored, occurred_at=movement.occurred_at) != movement:
        before = _("This form was recorded before with other lines. Open it under Movements, or start a new form.")
        raise Conflict(before)
    return True


@allow(Action.MANAGE_STOCK)
def list_movements() -> ResponseReturnValue:
    """The latest movements of a store."""
    query, own = list_view.list_query(keep=("store",)), stores.own_stores()
    place = stores.chosen_store() or (own[0] if own else None)
    stored = stored_movements.find_movements(ports(), place.region, place.store_id, MAX_MOVEMENTS) if place else []
    cancelled = {one.movement.reference for one in stored if one.movement.kind is MovementKind.CANCELLATION}
    recorded = [one for one in stored if one.movement.kind is not MovementKind.CANCELLATION]
    page = list_view.page_of(query, recorded)
    codes = {line.product_id for one in page.rows for line in one.movement.lines[:1]}
    return render_template(
        "stock/movements.html",
        page=page,
        place=place,
        current=stores.store_key(place.region, place.store_id) if place else "",
        stores=stores.store_choices(),
        kinds=KINDS,
        reasons=REASONS,
        cancelled=cancelled,
        names=lines.product_names(place, codes) if place else {},
        columns=[{"key": name, "label": label} for name, label in MOVEMENT_COLUMNS.items()],
    )


@allow(Action.MANAGE_STOCK)
def show_movement() -> ResponseReturnValue:
    """One movement."""
    stored = _requested_movement()
    movement = stored.movement
    place = next((one for one in stores.own_stores() if one.region == movement.region), None)
    return render_template(
        "stock/movement.html",
        stored=stored,
        movement=movement,
        kinds=KINDS,
        reasons=REASONS,
        names=lines.product_names(place, {line.product_id for line in movement.lines}) if place else {},
        is_cancelled=stored_movements.is_movement_cancelled(ports(), movement.movement_id),
    )


@allow(Action.MANAGE_STOCK)
def cancel_movement() -> ResponseReturnValue:
    """Cancel a movement, as if it had never been."""
    movement = _requested_movement().movement
    store_transfers.check_transfer_cancellation(ports(), movement)
    stored_movements.cancel_movement(ports(), movement.movement_id, by=me().login)
    follow_levels()
    cancelled = _("The movement no longer counts. To correct it, enter it again.")
    return go_to("stock.movement", cancelled, id=movement.movement_id)


def _requested_movement() -> StoredMovement:
    """The movement in the address or the form. Raises `NotFound`, also outside the scope."""
    stored = stored_movements.get_movement(ports(), request.values.get("id", ""))
    movement = stored.movement
    others = (movement.other_store,) if movement.kind in TRANSFER_KINDS else ()
    if movement.kind is MovementKind.CANCELLATION or not stores.may_change(movement.region, movement.store_id, *others):
        raise NotFound(NO_MOVEMENT)
    return stored


@allow(Action.MANAGE_STOCK)
def list_transfers() -> ResponseReturnValue:
    """Transfers from and to the user's stores; at first those of which something is in transit."""
    query = list_view.list_query(filters=("state",))
    state = "all" if query.chosen["state"] == ("all",) else "open"
    rows = figures.ask("stock-transfers", Filters(), state=state, limit=MAX_TRANSFERS).to_pylist()
    return render_template(
        "stock/transfers.html",
        page=list_view.page_of(query, rows),
        state=state,
        columns=[
            {"key": name, "label": label, "num": name in TRANSFER_NUMBERS} for name, label in TRANSFER_COLUMNS.items()
        ],
    )


@allow(Action.MANAGE_STOCK)
def show_transfer() -> ResponseReturnValue:
    """One transfer, and the form for what arrived."""
    return _transfer_page(_requested_transfer())


@allow(Action.MANAGE_STOCK)
def confirm_transfer() -> ResponseReturnValue:
    """Record what arrived of a transfer."""
    transfer = _requested_transfer()
    here = redirect(url_for("stock.transfer", id=transfer.reference), 303)
    if request.form.get("step", type=int) != transfer.step:
        flash(_("Something of this transfer was recorded since you opened the page. This is its state now."), "ask")
        return here
    cells = zip(request.form.getlist("product"), request.form.getlist("quantity"), strict=False)
    entered = {product: lines.quantity_of(text.strip() or "0") for product, text in cells}
    wrong = [text for text in entered.values() if isinstance(text, str)]
    if wrong:
        return _transfer_page(transfer, wrong[0]), 422
    try:
        movements = store_transfers.arrival_movements(
            transfer,
            {product: units for product, units in entered.items() if isinstance(units, Decimal)},
            rest_is_lost=request.form.get("rest") == "lost",
            stock_date=stores.business_day(transfer.region, transfer.to_store),
            occurred_at=ports().clock.now(),
        )
    except Rejected as error:
        return _transfer_page(transfer, str(error)), 422
    record_movements(movements)
    flash(_("What arrived is in stock."), "done")
    return here


def _requested_transfer() -> Transfer:
    """The transfer in the address or the form. Raises `NotFound`, also outside the scope."""
    transfer = store_transfers.get_transfer(ports(), request.values.get("id", ""))
    if not stores.may_change(transfer.region, transfer.from_store, transfer.to_store):
        raise NotFound(NO_MOVEMENT)
    return transfer


def _transfer_page(transfer: Transfer, error: str = "") -> str:
    place = next((one for one in stores.own_stores() if one.region == transfer.region), None)
    return render_template(
        "stock/transfer.html",
        transfer=transfer,
        error=error,
        kinds=KINDS,
        plain=decimal_text,
        names=lines.product_names(place, {line.product_id for line in transfer.lines}) if place else {},
    )
