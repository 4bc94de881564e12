"""Forms for what changes stock, and the mark that returned goods cannot be sold again."""

import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue

from portal import figures, formats, list_view
from portal.access import allow
from portal.context import ports
from portal.stock import lines, movements, stores
from portal.stock.lines import FormLine
from portal.translation import N_, _
from portal.urls import go_to
from portal.user_stores import UserStore
from tillstream.analytics.filters import Filters
from tillstream.model.errors import Conflict, NotFound, Rejected
from tillstream.model.permissions import Action
from tillstream.stock.movements import KINDS_WITH_REASON, REASONS, Movement, MovementKind, MovementLine

FORM_TEXTS: dict[MovementKind, dict[str, str]] = N_(
    {
        MovementKind.RECEIPT: {
            "title": "Receive goods",
            "lead": "Goods that arrived from a supplier.",
            "button": "Record the receipt",
            "reference": "Order, supplier or delivery note",
        },
        MovementKind.TRANSFER_OUT: {
            "title": "Send goods to another store",
            "lead": "They leave the stock of this store now, "
            "and enter that of the other when it confirms their arrival.",
            "button": "Send",
        },
        MovementKind.ADJUSTMENT: {
            "title": "Adjust stock",
            "lead": "Add units, or take some away with a minus sign, such as -2. "
            "To enter how many there are, count them.",
            "button": "Record the adjustment",
        },
        MovementKind.WRITE_OFF: {
            "title": "Write off",
            "lead": "Units that can no longer be sold.",
            "button": "Write off",
        },
        MovementKind.SUPPLIER_RETURN: {
            "title": "Return to a supplier",
            "lead": "Goods that go back to a supplier.",
            "button": "Record the return",
            "reference": "Order, supplier or delivery note",
        },
    }
)
"""Kind of a movement → the texts of its form."""
RETURN_COLUMNS = N_(
    {
        "product": "Product",
        "day": "Returned",
        "store": "Store",
        "sale": "Sale",
        "units": "Units",
        "mark": "Can it be sold?",
    }
)

FORMS = {
    "receive": MovementKind.RECEIPT,
    "transfer": MovementKind.TRANSFER_OUT,
    "adjust": MovementKind.ADJUSTMENT,
    "write-off": MovementKind.WRITE_OFF,
    "return": MovementKind.SUPPLIER_RETURN,
}
"""Last part of the address → kind of the movement."""

RECENT = timedelta(days=28)
"""How long a return is listed; older ones are found by search."""
MAX_RETURNS = 10_000


@allow(Action.MANAGE_STOCK)
def show_form(movement_form: str) -> ResponseReturnValue:
    """A form with what the address names; its movement has an ID before it is recorded, so that it is recorded once."""
    place = stores.chosen_store()
    return _page(movement_form, place, secrets.token_hex(16), entered=lines.posted_lines(place) if place else ())


@allow(Action.MANAGE_STOCK)
def save_form(movement_form: str) -> ResponseReturnValue:
    """Record the movement of a form, or show the form with its problems."""
    form = movement_form
    kind, place, movement_id = _kind(form), stores.chosen_store(), request.form.get("movement", "")[:100]
    if place is None:
        return _page(form, None, movement_id, _("Choose the store.")), 422
    entered = lines.posted_lines(place)
    if any(line.problem for line in entered):
        return _page(form, place, movement_id, _("Nothing was recorded yet. Correct the marked lines."), entered), 422
    try:
        movement = replace(_movement(kind, place, movement_id), lines=lines.to_movement(entered))
        movements.record_movements([movement])
    except NotFound:
        raise
    except (Rejected, Conflict) as error:
        return _page(form, place, movement_id, str(error), entered), 422
    units = formats.count(sum((line.quantity for line in movement.lines), Decimal(0))).striptags()
    recorded = _("Recorded: {kind}, {products}, {units} units.")
    products = formats.many(len(movement.lines), "product")
    recorded = recorded.format(kind=movements.KINDS[kind], products=products, units=units)
    return go_to("stock.movement", recorded, id=movement_id)


def _kind(form: str) -> MovementKind:
    """Raises `NotFound`."""
    if form not in FORMS:
        raise NotFound(_("There is no such form."))
    return FORMS[form]


def _movement(kind: MovementKind, place: UserStore, movement_id: str) -> Movement:
    """The movement of the request without its lines. Raises `Rejected`."""
    today = stores.business_day(place.region, place.store_id)
    day = formats.day_in(request.form.get("day", "")) or today
    if day > today:
        raise Rejected(_("The day is in the future."))
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


def _receiver(place: UserStore) -> str:
    """The store that the request sends to. Raises `Rejected`, and `NotFound` if it is in another region."""
    wanted = request.form.get("other_store", "")
    if not wanted:
        raise Rejected(_("Choose the store that gets the goods."))
    return stores.store_of_key(wanted, stores.receiving_stores(place)).store_id


def _page(
    form: str, place: UserStore | None, movement_id: str, error: str = "", entered: Sequence[FormLine] = ()
) -> str:
    kind = _kind(form)
    return render_template(
        "stock/form.html",
        form=form,
        kind=kind,
        words=FORM_TEXTS[kind],
        place=place,
        place_label=stores.store_label(place) if place else "",
        stores=stores.store_choices(),
        receivers=[
            (stores.store_key(one.region, one.store_id), stores.store_label(one))
            for one in stores.receiving_stores(place)
        ]
        if place and kind is MovementKind.TRANSFER_OUT
        else [],
        reasons=REASONS if kind in KINDS_WITH_REASON else {},
        lines=lines.padded_lines(entered),
        movement_id=movement_id,
        error=error,
        today=stores.business_day(place.region, place.store_id) if place else None,
        values=request.values,
    )


@allow(Action.MANAGE_STOCK)
def list_returns() -> ResponseReturnValue:
    """Returns of the last weeks; with a search text, of all time."""
    query = list_view.list_query()
    since = {} if query.q else {"since": ports().clock.now().date() - RECENT}
    params: dict[str, Any] = since | {"text": query.q, "limit": query.size + 1, "offset": query.first}
    rows = figures.ask("stock-returns", Filters(), **params).to_pylist()
    total = rows[0]["matching"] if rows else 0
    return render_template(
        "stock/returns.html",
        page=list_view.ListPage(query, rows[: query.size], total, len(rows) > query.size),
        days=RECENT.days,
        new_id=secrets.token_hex(16),
        columns=[{"key": name, "label": label, "num": name == "units"} for name, label in RETURN_COLUMNS.items()],
    )


@allow(Action.MANAGE_STOCK)
def mark_return() -> ResponseReturnValue:
    """Record that a returned product cannot be sold again."""
    row = _requested_return()
    if row["movement_id"] is None:
        line = MovementLine(row["product"], row["units"])
        movement = Movement(
            f"{request.form.get('movement', '')[:100]}-{row['product']}",
            MovementKind.UNSELLABLE_RETURN,
            row["region"],
            row["store_id"],
            row["returned_on"],
            (line,),
            reference=row["sale_id"],
        )
        movements.record_movements([movement])
    return go_to("stock.returns", _("The returned units are no longer in stock."))


def _requested_return() -> dict[str, Any]:
    """The return in the form. Raises `NotFound`, also outside the scope."""
    names = ("region", "store_id", "sale_id", "product")
    wanted = {name: request.form.get(name, "") for name in names}
    filters = Filters(region=(wanted["region"],), product=(wanted["product"],))
    rows = figures.ask("stock-returns", filters, text=wanted["sale_id"], limit=MAX_RETURNS).to_pylist()
    row: dict[str, Any] | None = next((one for one in rows if {name: one[name] for name in names} == wanted), None)
    if row is None or not stores.may_change(row["region"], row["store_id"]):
        raise NotFound(_("There is no such return in your stores."))
    return row
