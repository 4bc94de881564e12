"""Search by id or name, within the scope of the user; also pages by the names of their areas."""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal import figures, navigation
from portal.access import allow
from portal.context import scope
from portal.orders import scoped as scoped_orders
from portal.uploads import scoped
from portal.uploads.labels import state_of
from tillstream.analytics.filters import Filters
from tillstream.domain.batch.record import Batch, BatchKind
from tillstream.domain.errors import NotFound
from tillstream.domain.people import Action

blueprint = Blueprint("search", __name__, template_folder="templates")

SHOWN = 20
SEARCHED_UPLOADS = 5_000
"""Number of newest uploads that are searched."""
ORDER_NUMBER = re.compile(r"PO[- ]?([0-9]{1,6})", re.IGNORECASE)


@blueprint.get("/search")
@allow(Action.SEE_NUMBERS)
def show() -> ResponseReturnValue:
    text = request.args.get("q", "").strip()[:200]
    number = _order_number(text)
    if number:
        return redirect(url_for("orders.show", order_number=number), 302)
    matches = _search(text) if text else {}
    exact = [sale for sale in matches.get("sales", ()) if sale["is_exact"]]
    if len(exact) == 1 and not matches.get("uploads") and len(matches["sales"]) == 1:
        return redirect(url_for("sale_history.show", sale_id=exact[0]["sale_id"], region=exact[0]["region"]), 302)
    return render_template(
        "search/show.html", text=text, shown=SHOWN, state_of=state_of, anything=any(matches.values()), **matches
    )


def _search(text: str) -> dict[str, Any]:
    """Matches by kind, without the kinds that the user may not see."""
    params: dict[str, Any] = {"text": text, "limit": SHOWN}
    matches: dict[str, Any] = {
        "areas": [one for one in navigation.shown() if text.casefold() in one.label.casefold()],
        "stores": list(islice(_stores(text), SHOWN)),
        "sales": figures.ask("find-sales", Filters(), **params).to_pylist(),
        "products": figures.ask("sales-of-a-product", Filters(), **params).to_pylist(),
    }
    if scope().may(Action.SEE_PERSONAL):
        matches["customers"] = figures.ask("sales-of-a-customer", Filters(), **params).to_pylist()
    if scope().may(Action.SEE_UPLOADS):
        matches["uploads"] = list(islice(_uploads(text), SHOWN))
    return matches


def _order_number(text: str) -> str:
    """The number of an order of the user's stores, also if it is entered as PO-12; empty: there is none."""
    match = ORDER_NUMBER.fullmatch(text)
    try:
        return scoped_orders.order_of(f"PO-{int(match[1]):06}").number if match else ""
    except NotFound:
        return ""


def _stores(text: str) -> Iterator[dict[str, Any]]:
    """Stores with sales, by code or name."""
    sold = set(figures.ask("filter-values", Filters(), filter="store").column("value").to_pylist())
    for one in figures.ask("catalogue-names", Filters(), kind="store").to_pylist():
        if one["code"] in sold and text.casefold() in f"{one['name']}\n{one['code']}".casefold():
            yield one


def _uploads(text: str) -> list[Batch]:
    wanted = text.casefold()
    newest = islice(scoped.newest(tuple(BatchKind)), SEARCHED_UPLOADS)
    return [one for one in newest if wanted in one.file.casefold() or one.batch_id.startswith(wanted)]
