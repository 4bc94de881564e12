"""What customers returned in the last weeks, and the mark that it cannot be sold again."""

import secrets
from datetime import timedelta
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal import figures, list_view
from portal.access import allow
from portal.context import ports
from portal.stock import recording, stores, texts
from tillstream.analytics.filters import Filters
from tillstream.model.errors import NotFound
from tillstream.model.people import Action
from tillstream.stock.movements import Movement, MovementKind, MovementLine

RECENT = timedelta(days=28)
"""How long a return is listed; older ones are found by search."""
MOST = 10_000


@allow(Action.MANAGE_STOCK)
def listing() -> ResponseReturnValue:
    """Returns of the last weeks; with a search text, of all time."""
    query = list_view.list_query()
    since = {} if query.q else {"since": ports().clock.now().date() - RECENT}
    params: dict[str, Any] = since | {"text": query.q, "limit": query.size + 1, "offset": query.first}
    rows = figures.ask("stock-returns", Filters(), **params).to_pylist()
    total = rows[0]["matching"] if rows else 0
    return render_template(
        "stock/returns.html",
        page=list_view.Page(query, rows[: query.size], total, len(rows) > query.size),
        days=RECENT.days,
        new_id=secrets.token_hex(16),
        columns=[{"key": name, "label": label, "num": name == "units"} for name, label in texts.RETURN_COLUMNS.items()],
    )


@allow(Action.MANAGE_STOCK)
def mark() -> ResponseReturnValue:
    """Record that a returned product cannot be sold again."""
    row = _of_request()
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
        recording.record([movement])
    flash(texts.UNSELLABLE, "done")
    return redirect(url_for("stock.returns"), 303)


def _of_request() -> dict[str, Any]:
    """The return in the form. Raises `NotFound`, also outside the scope."""
    names = ("region", "store_id", "sale_id", "product")
    wanted = {name: request.form.get(name, "") for name in names}
    filters = Filters(region=(wanted["region"],), product=(wanted["product"],))
    rows = figures.ask("stock-returns", filters, text=wanted["sale_id"], limit=MOST).to_pylist()
    row: dict[str, Any] | None = next((one for one in rows if {name: one[name] for name in names} == wanted), None)
    if row is None or not stores.may_change(row["region"], row["store_id"]):
        raise NotFound(texts.NO_RETURN)
    return row
