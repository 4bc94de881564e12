"""Store sales by day: one row for each store and business day, however many micro-batches have its sales."""

from datetime import UTC, date, datetime, timedelta

from flask import render_template, request
from flask.typing import ResponseReturnValue

from portal import formats, list_view, metrics
from portal.access import allow
from portal.context import ports
from portal.filters import names
from portal.uploads.texts import store_days as texts
from tillstream.analytics.filters import Filters
from tillstream.domain.errors import Rejected
from tillstream.domain.people import Action

DAYS = timedelta(days=14)
AHEAD = timedelta(days=1)
"""How far the business day of a store may be ahead of UTC."""


@allow(Action.SEE_UPLOADS)
def show() -> ResponseReturnValue:
    """The rows of store sales in the scope of the user, latest day first."""
    today = ports().clock.now().date()
    last = _day("to") or max(_day("from") or today, today) + AHEAD
    first = _day("from") or last - DAYS
    query = list_view.list_query(keep=("from", "to"))
    rows = metrics.ask(
        "store-sales-by-day", Filters(), first=first, last=last, limit=query.size + 1, offset=query.first
    ).to_pylist()
    return render_template(
        "uploads/store_days.html",
        page=list_view.Page(query, rows[: query.size], more=len(rows) > query.size),
        columns=texts.COLUMNS,
        store_name=lambda row: names.name_of("store", row["store_id"] or "", row["region"]) or texts.NO_STORE,
        received=lambda row: datetime.fromtimestamp(row["last_received_seq"] / 1_000_000, UTC),
        first=first,
        last=last,
    )


def _day(name: str) -> date | None:
    text = request.args.get(name, "")
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise Rejected(formats.not_a_date(text)) from error
