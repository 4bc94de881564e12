"""Search by id or name, within the scope of the user; also pages by the names of their areas."""

from itertools import islice
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal import figures, navigation
from portal.access import allow
from portal.context import scope
from portal.uploads import scoped
from portal.uploads.labels import state_of
from tillstream.analytics.filters import Filters
from tillstream.domain.batch.record import Batch, BatchKind
from tillstream.domain.people import Action

blueprint = Blueprint("search", __name__, template_folder="templates")

SHOWN = 20
SEARCHED_UPLOADS = 5_000
"""Number of newest uploads that are searched."""


@blueprint.get("/search")
@allow(Action.SEE_NUMBERS)
def show() -> ResponseReturnValue:
    text = request.args.get("q", "").strip()[:200]
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
        "sales": figures.ask("find-sales", Filters(), **params).to_pylist(),
        "products": figures.ask("sales-of-a-product", Filters(), **params).to_pylist(),
    }
    if scope().may(Action.SEE_PERSONAL):
        matches["customers"] = figures.ask("sales-of-a-customer", Filters(), **params).to_pylist()
    if scope().may(Action.SEE_UPLOADS):
        matches["uploads"] = list(islice(_uploads(text), SHOWN))
    return matches


def _uploads(text: str) -> list[Batch]:
    wanted = text.casefold()
    newest = islice(scoped.newest(tuple(BatchKind)), SEARCHED_UPLOADS)
    return [one for one in newest if wanted in one.file.casefold() or one.batch_id.startswith(wanted)]
