"""Store sales by day: one row for each store and business day, however many micro-batches have its sales."""

from datetime import timedelta

from flask import render_template, request
from flask.typing import ResponseReturnValue

from portal import figures, formats, list_view
from portal.access import allow
from portal.context import ports
from portal.filters import names
from portal.uploads.texts import store_days as texts
from tillstream.analytics.filters import Filters
from tillstream.analytics.queries import MAX_DAYS_AHEAD
from tillstream.model.batch import receipt_time
from tillstream.model.people import Action

DAYS = timedelta(days=14)


@allow(Action.SEE_UPLOADS)
def show() -> ResponseReturnValue:
    """The rows of store sales in the scope of the user, latest day first."""
    today = ports().clock.now().date()
    requested = formats.day_in(request.args.get("from", ""))
    last = formats.day_in(request.args.get("to", "")) or max(requested or today, today) + MAX_DAYS_AHEAD
    first = requested or last - DAYS
    query = list_view.list_query(keep=("from", "to"))
    rows = figures.ask(
        "store-sales-by-day", Filters(), first=first, last=last, limit=query.size + 1, offset=query.first
    ).to_pylist()
    return render_template(
        "uploads/store_days.html",
        page=list_view.Page(query, rows[: query.size], more=len(rows) > query.size),
        columns=texts.COLUMNS,
        store_name=lambda row: names.name_of("store", row["store_id"] or "", row["region"]) or texts.NO_STORE,
        received=lambda row: receipt_time(row["last_received_seq"]),
        first=first,
        last=last,
    )
