"""Decisions about selected lines of the restock queue."""

import json
from datetime import timedelta
from decimal import Decimal

from flask import abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal.access import allow
from portal.context import me, ports, scope, tillstream
from portal.places import places
from portal.restock import texts
from tillstream.model import catalogue_columns, json_text
from tillstream.model.catalogue_columns import CellProblem
from tillstream.model.errors import Conflict, Rejected
from tillstream.model.people import Action, extent_of, may_change
from tillstream.stock import restock_queue
from tillstream.stock.restock_lines import Pair


@allow(Action.MANAGE_STOCK)
def decide() -> ResponseReturnValue:
    """Order, snooze, dismiss or take back the selected lines."""
    pairs = [_pair(text) for text in dict.fromkeys(request.form.getlist("line"))]
    if not pairs:
        flash(texts.NOTHING_CHOSEN, "refused")
        return redirect(_back())
    try:
        flash(_decide(pairs))
        tillstream().queries.clear()
    except (Rejected, Conflict) as error:
        flash(str(error), "refused")
    return redirect(_back())


def _decide(pairs: list[Pair]) -> str:
    """Do what the pressed button means, and return what was done. Raises `Rejected`, `Conflict`."""
    by, count = me().login, f"{len(pairs):,} product{'' if len(pairs) == 1 else 's'}"
    match request.form.get("do"):
        case "order":
            units = {pair: _units(pair) for pair in pairs}
            orders = restock_queue.order_queue_lines(ports(), units, currency_of=places.store_currency, by=by)
            numbers = ", ".join(one.number for one in orders)
            return f"Added to {numbers}. Send the drafts under Orders." if orders else "These are in an order already."
        case "snooze":
            days = request.form.get("days", "")
            if days not in texts.SNOOZES:
                raise Rejected("Choose for how long.")
            restock_queue.snooze_lines(ports(), pairs, ports().clock.now().date() + timedelta(days=int(days)), by=by)
            return f"Snoozed {count} for {texts.SNOOZES[days]}."
        case "dismiss":
            if not request.form.get("reason"):
                raise Rejected(texts.NO_REASON)
            restock_queue.dismiss_lines(ports(), pairs, request.form["reason"], by=by)
            return f"Dismissed {count}. A later need is shown again."
        case "reopen":
            restock_queue.reopen_lines(ports(), pairs, by=by)
            return f"{count} can be ordered again."
    raise Rejected("Choose what to do with the selected products.")


def _pair(text: str) -> Pair:
    """The line of a checkbox, if the user may change the stock of its store."""
    try:
        region, store_id, product = map(str, json_text.decode_json(text))
    except (ValueError, TypeError):
        abort(400)
    if not may_change(scope(), extent_of(region, store_id)):
        abort(403)
    return region, store_id, product


def _units(pair: Pair) -> Decimal | None:
    """The entered units; None: as suggested. Raises `Rejected`."""
    text = request.form.get(f"units {json.dumps(list(pair))}", "").strip()
    try:
        units = catalogue_columns.parse_positive(text)
    except CellProblem:
        raise Rejected(f"{pair[2]}: enter a number of units above 0.") from None
    return units


def _back() -> str:
    """The list as it was shown."""
    query = request.query_string.decode()
    return url_for("restock.show") + (f"?{query}" if query else "")
