"""Forms for what changes stock: goods received, sent to another store, adjusted, written off, or returned."""

import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal import formats
from portal.access import allow
from portal.context import ports
from portal.places.places import Place
from portal.stock import lines, recording, stores, texts
from portal.stock.lines import FormLine
from tillstream.model.errors import Conflict, NotFound, Rejected
from tillstream.model.people import Action
from tillstream.stock.movements import KINDS_WITH_REASON, REASONS, Movement, MovementKind

FORMS = {
    "receive": MovementKind.RECEIPT,
    "transfer": MovementKind.TRANSFER_OUT,
    "adjust": MovementKind.ADJUSTMENT,
    "write-off": MovementKind.WRITE_OFF,
    "return": MovementKind.SUPPLIER_RETURN,
}
"""Last part of the address → kind of the movement."""


@allow(Action.MANAGE_STOCK)
def show(movement_form: str) -> ResponseReturnValue:
    """A form with what the address names; its movement has an ID before it is recorded, so that it is recorded once."""
    place = stores.chosen()
    return _page(movement_form, place, secrets.token_hex(16), entered=lines.sent(place) if place else ())


@allow(Action.MANAGE_STOCK)
def save(movement_form: str) -> ResponseReturnValue:
    """Record the movement of a form, or show the form with its problems."""
    form = movement_form
    kind, place, movement_id = _kind(form), stores.chosen(), request.form.get("movement", "")[:100]
    if place is None:
        return _page(form, None, movement_id, texts.NO_STORE), 422
    entered = lines.sent(place)
    if any(line.problem for line in entered):
        return _page(form, place, movement_id, texts.LINES_WRONG, entered), 422
    try:
        movement = replace(_movement(kind, place, movement_id), lines=lines.to_movement(entered))
        recording.record([movement])
    except NotFound:
        raise
    except (Rejected, Conflict) as error:
        return _page(form, place, movement_id, str(error), entered), 422
    flash(texts.recorded(kind, movement.lines), "done")
    return redirect(url_for("stock.movement", id=movement_id), 303)


def _kind(form: str) -> MovementKind:
    """Raises `NotFound`."""
    if form not in FORMS:
        raise NotFound(texts.NO_FORM)
    return FORMS[form]


def _movement(kind: MovementKind, place: Place, movement_id: str) -> Movement:
    """The movement of the request without its lines. Raises `Rejected`."""
    today = stores.business_day(place.region, place.store_id)
    day = formats.day_in(request.form.get("day", "")) or today
    if day > today:
        raise Rejected(texts.DAY_IN_FUTURE)
    is_transfer = kind is MovementKind.TRANSFER_OUT
    return Movement(
        movement_id,
        kind,
        place.region,
        place.store_id,
        day,
        occurred_at=_now() if day == today else None,
        reason=request.form.get("reason", "") if kind in KINDS_WITH_REASON else "",
        reference=movement_id if is_transfer else request.form.get("reference", "").strip()[:200],
        other_store=_receiver(place) if is_transfer else "",
        note=request.form.get("note", "").strip()[:500],
    )


def _now() -> datetime:
    return ports().clock.now()


def _receiver(place: Place) -> str:
    """The store that the request sends to. Raises `Rejected`, and `NotFound` if it is in another region."""
    wanted = request.form.get("other_store", "")
    if not wanted:
        raise Rejected(texts.NO_RECEIVER)
    return stores.find(wanted, stores.receivers(place)).store_id


def _page(form: str, place: Place | None, movement_id: str, error: str = "", entered: Sequence[FormLine] = ()) -> str:
    kind = _kind(form)
    return render_template(
        "stock/form.html",
        form=form,
        kind=kind,
        words=texts.FORMS[kind],
        place=place,
        place_label=stores.label(place) if place else "",
        stores=stores.choices(),
        receivers=[(stores.key(one.region, one.store_id), stores.label(one)) for one in stores.receivers(place)]
        if place and kind is MovementKind.TRANSFER_OUT
        else [],
        reasons=REASONS if kind in KINDS_WITH_REASON else {},
        lines=lines.padded(entered),
        movement_id=movement_id,
        error=error,
        today=stores.business_day(place.region, place.store_id) if place else None,
        values=request.values,
    )
