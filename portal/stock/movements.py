"""Recorded movements: the list of a store, one movement with its lines, and its cancellation."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal import list_view
from portal.access import allow
from portal.context import me, ports
from portal.stock import product_codes, recording, stores, texts
from tillstream.model.errors import NotFound
from tillstream.model.people import Action
from tillstream.stock import store_transfers, stored_movements
from tillstream.stock.movements import REASONS, TRANSFER_KINDS, MovementKind
from tillstream.stock.stored_movements import StoredMovement

MOST = 500
"""Movements of a store that are listed, the newest ones."""


@allow(Action.MANAGE_STOCK)
def listing() -> ResponseReturnValue:
    """The latest movements of a store."""
    query, own = list_view.list_query(keep=("store",)), stores.own()
    place = stores.chosen() or (own[0] if own else None)
    stored = stored_movements.find_movements(ports(), place.region, place.store_id, MOST) if place else []
    cancelled = {one.movement.reference for one in stored if one.movement.kind is MovementKind.CANCELLATION}
    recorded = [one for one in stored if one.movement.kind is not MovementKind.CANCELLATION]
    page = list_view.page_of(query, recorded)
    codes = {line.product_id for one in page.rows for line in one.movement.lines[:1]}
    return render_template(
        "stock/movements.html",
        page=page,
        place=place,
        current=stores.key(place.region, place.store_id) if place else "",
        stores=stores.choices(),
        kinds=texts.KINDS,
        reasons=REASONS,
        cancelled=cancelled,
        names=product_codes.names(place, codes) if place else {},
        columns=[{"key": name, "label": label} for name, label in texts.MOVEMENT_COLUMNS.items()],
    )


@allow(Action.MANAGE_STOCK)
def show() -> ResponseReturnValue:
    """One movement."""
    stored = _of_request()
    movement = stored.movement
    place = next((one for one in stores.own() if one.region == movement.region), None)
    return render_template(
        "stock/movement.html",
        stored=stored,
        movement=movement,
        kinds=texts.KINDS,
        reasons=REASONS,
        names=product_codes.names(place, {line.product_id for line in movement.lines}) if place else {},
        is_cancelled=stored_movements.is_movement_cancelled(ports(), movement.movement_id),
    )


@allow(Action.MANAGE_STOCK)
def cancel() -> ResponseReturnValue:
    """Cancel a movement, as if it had never been."""
    movement = _of_request().movement
    store_transfers.check_transfer_cancellation(ports(), movement)
    stored_movements.cancel_movement(ports(), movement.movement_id, by=me().login)
    recording.follow()
    flash(texts.CANCELLED, "done")
    return redirect(url_for("stock.movement", id=movement.movement_id), 303)


def _of_request() -> StoredMovement:
    """The movement in the address or the form. Raises `NotFound`, also outside the scope."""
    stored = stored_movements.get_movement(ports(), request.values.get("id", ""))
    movement = stored.movement
    others = (movement.other_store,) if movement.kind in TRANSFER_KINDS else ()
    if movement.kind is MovementKind.CANCELLATION or not stores.may_change(movement.region, movement.store_id, *others):
        raise NotFound(texts.NO_MOVEMENT)
    return stored
