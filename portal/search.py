"""Search by id or name, within the scope of the user; also pages by the names of their areas."""

import re
from collections.abc import Iterator
from itertools import islice

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal import figures, menu
from portal.access import allow
from portal.context import TemplateContext, scope
from portal.stock.visible_orders import order_of
from portal.uploads import scoped
from portal.uploads.labels import state_of
from tillstream.analytics.filters import Filters
from tillstream.model.batch import Batch, BatchKind
from tillstream.model.errors import NotFound
from tillstream.model.permissions import Action
from tillstream.ports.warehouse import QueryParams

blueprint = Blueprint("search", __name__, template_folder="templates")

SHOWN = 20
SEARCHED_UPLOADS = 5_000
"""Number of newest uploads that are searched."""
ORDER_NUMBER = re.compile(r"PO[- ]?([0-9]{1,6})", re.IGNORECASE)


@blueprint.get("/search", endpoint="show")
@allow(Action.SEE_NUMBERS)
def show_search() -> ResponseReturnValue:
    text = request.args.get("q", "").strip()[:200]
    matches = _search(text) if text else {}
    results = [(kind, one) for kind, listed in matches.items() for one in listed]
    match results:
        case [("orders", number)]:
            return redirect(url_for("orders.show", order_number=number), 302)
        case [("sales", sale)] if sale["is_exact"]:
            return redirect(url_for("sale_history.show", sale_id=sale["sale_id"], region=sale["region"]), 302)
    return render_template(
        "search/show.html", text=text, shown=SHOWN, state_of=state_of, anything=bool(results), **matches
    )


def _search(text: str) -> TemplateContext:
    """Matches by kind, without the kinds that the user may not see."""
    params: QueryParams = {"text": text, "limit": SHOWN}
    matches: TemplateContext = {
        "areas": [one for one in menu.visible_areas() if text.casefold() in one.label.casefold()],
        "orders": _orders(text),
        "stores": list(islice(_stores(text), SHOWN)),
        "sales": figures.rows("find-sales", Filters(), **params),
        "products": figures.rows("sales-of-a-product", Filters(), **params),
    }
    if scope().may(Action.SEE_PERSONAL):
        matches["customers"] = figures.rows("sales-of-a-customer", Filters(), **params)
    if scope().may(Action.SEE_UPLOADS):
        matches["uploads"] = list(islice(_uploads(text), SHOWN))
    return matches


def _orders(text: str) -> list[str]:
    """The number of an order of the user's stores, also if it is entered as PO-12."""
    match = ORDER_NUMBER.fullmatch(text)
    try:
        return [order_of(f"PO-{int(match[1]):06}").number] if match else []
    except NotFound:
        return []


def _stores(text: str) -> Iterator[dict[str, str]]:
    """Stores with sales, by code or name; `name` is empty for stores without one in the catalogue."""
    named = figures.rows("catalogue-names", Filters(), kind="store")
    names = {(one["region"], one["code"]): one["name"] or "" for one in named}
    sold = figures.ask("sales-by-store", Filters()).select(["region", "store_id"]).to_pylist()
    for region, code in sorted((one["region"], one["store_id"]) for one in sold if one["store_id"]):
        name = names.get((region, code), "")
        if text.casefold() in f"{name}\n{code}".casefold():
            yield {"region": region, "code": code, "name": name}


def _uploads(text: str) -> list[Batch]:
    wanted = text.casefold()
    newest = islice(scoped.newest_batches(tuple(BatchKind)), SEARCHED_UPLOADS)
    return [one for one in newest if wanted in one.file.casefold() or one.batch_id.startswith(wanted)]
