"""The search area: any id or name, and what of it the person may see."""

from itertools import islice
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal import metrics
from portal.access import allow
from portal.context import scope
from portal.uploads import scoped
from portal.uploads.labels import state_of
from tillstream.analytics.filters import Filters
from tillstream.domain.batch import Upload
from tillstream.domain.people import Action

blueprint = Blueprint("search", __name__, template_folder="templates")

SHOWN = 20
LOOKED_AT = 5_000
"""Uploads are looked for among this many of the newest."""
KINDS = ("upload", "replay", "correction", "messages")


@blueprint.get("/search")
@allow(Action.SEE_NUMBERS)
def show() -> ResponseReturnValue:
    text = request.args.get("q", "").strip()[:200]
    found = _found(text) if text else {}
    exact = [sale for sale in found.get("sales", ()) if sale["is_exact"]]
    if len(exact) == 1 and not found.get("uploads") and len(found["sales"]) == 1:
        return redirect(url_for("sale_history.show", sale_id=exact[0]["sale_id"], region=exact[0]["region"]), 302)
    return render_template(
        "search/show.html", text=text, shown=SHOWN, state_of=state_of, anything=any(found.values()), **found
    )


def _found(text: str) -> dict[str, Any]:
    """What is called so, by kind; a kind that the person may not see is left out."""
    asked: dict[str, Any] = {"text": text, "limit": SHOWN}
    found: dict[str, Any] = {
        "sales": metrics.ask("find-sales", Filters(), **asked).to_pylist(),
        "products": metrics.ask("sales-of-a-product", Filters(), **asked).to_pylist(),
    }
    if scope().may(Action.SEE_PERSONAL):
        found["customers"] = metrics.ask("sales-of-a-customer", Filters(), **asked).to_pylist()
    if scope().may(Action.SEE_UPLOADS):
        found["uploads"] = list(islice(_uploads(text), SHOWN))
    return found


def _uploads(text: str) -> list[Upload]:
    wanted = text.casefold()
    newest = islice(scoped.newest(KINDS), LOOKED_AT)
    return [one for one in newest if wanted in one.file.casefold() or one.batch_id.startswith(wanted)]
