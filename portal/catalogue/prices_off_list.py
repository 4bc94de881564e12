"""Sale lines whose price is far from the list."""

from flask import render_template
from flask.typing import ResponseReturnValue

from portal import list_view
from portal.access import allow
from portal.catalogue import texts
from portal.catalogue.tabs import links
from portal.figures import ask
from tillstream.analytics.filters import Filters
from tillstream.model.people import Action

DEFAULT_SHARE = "0.2"


@allow(Action.MANAGE_STOCK)
def show() -> ResponseReturnValue:
    """The lines in the scope of the user, greatest difference first."""
    query = list_view.list_query(filters=("share",))
    chosen = next(iter(query.chosen["share"]), DEFAULT_SHARE)
    share = chosen if chosen in texts.SHARES else DEFAULT_SHARE
    rows = ask("prices-off-list", Filters(), share=share, limit=query.size + 1, offset=query.first).to_pylist()
    shown = list_view.Page(query, rows[: query.size], more=len(rows) > query.size)
    return render_template(
        "catalogue/prices_off_list.html",
        links=links(),
        query=query,
        page=shown,
        share=share,
        shares=texts.SHARES,
        columns=texts.PRICE_COLUMNS,
    )
