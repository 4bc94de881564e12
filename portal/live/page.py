"""The live page and its stream: the same parts, made once for all readers with the same scope, currency and locale."""

import json
from datetime import datetime, timedelta

from flask import Response, copy_current_request_context, current_app, render_template

from portal import figures
from portal.access import allow
from portal.context import ports, scope, tillstream
from portal.live import parts, streams
from portal.live.broadcaster import LedgerVersion, SharedAnswers
from portal.live.held_streams import event
from portal.reader_locale import readers_locale
from tillstream.analytics import live_sales as live
from tillstream.analytics.live_sales import unsettled_sales
from tillstream.analytics.queries import totals_coverage
from tillstream.model.permissions import Action


@allow(Action.SEE_NUMBERS)
def show_live() -> str:
    """The latest sales, and today against the same time last week; the script of the page keeps both current."""
    # Read first: a settlement that commits while the page is built is sent to it afterwards.
    version = streams.latest()
    number = version.settlement_no
    view, now, app = _view(), _now(), tillstream()
    # The catalogue has names, which can change without a settlement.
    reader = (view, readers_locale(), totals_coverage(app.ports.warehouse, app.queries).catalogue, number)
    recent = json.loads(_answers().now(("recent", reader, now.date()), lambda: _recent(view, 0, number)))
    earlier = (
        None if recent["rows"] else json.loads(_answers().now(("earlier", reader, now.date()), lambda: _earlier(view)))
    )
    return render_template(
        "live/show.html",
        number=number,
        rows=recent["rows"],
        today=_answers().now(("today", reader, now), lambda: parts.today_figures(view, now)),
        earlier=earlier,
        unsettled=json.loads(
            _answers().now(("unsettled", view, readers_locale(), version), lambda: _unsettled(view, version))
        ),
        recent_days=live.RECENT_DAYS,
        most=live.SHOWN_SALES,
        currency=view.currency,
    )


@allow(Action.SEE_NUMBERS)
def settlement_events() -> Response:
    """Number of the last settlement, now and whenever there is a later one, without its content."""
    return streams.respond("settlements", lambda _, number: event("settled", str(number), number))


@allow(Action.SEE_NUMBERS)
def sale_events() -> Response:
    """The changed sales that the reader may see, after each settlement, those before it, and today's figures.

    Only a stream that makes an answer enters the context of its request; the others read the answer that it made.
    """
    view, locale, answers, clock = _view(), readers_locale(), _answers(), ports().clock
    make_sales = copy_current_request_context(_recent)
    make_today = copy_current_request_context(parts.today_figures)
    make_unsettled = copy_current_request_context(_unsettled)

    def changed(last: int, number: int) -> str:
        def make() -> str:
            return event("sales", make_sales(view, last, number), number)

        return answers.get(("sales", view, locale, clock.now().date(), last, number), make)

    def today(number: int) -> str:
        now = _minute(clock.now())

        def make() -> str:
            return event("today", json.dumps({"today": make_today(view, now)}))

        return answers.get(("today", view, locale, now, number), make)

    def unsettled(version: LedgerVersion) -> str:
        if not version.appends:
            return ""

        def make() -> str:
            return event("unsettled", make_unsettled(view, version))

        return answers.get(("unsettled-event", view, locale, version), make)

    return streams.respond(("sales", view, locale), changed, today, unsettled)


def _recent(view: live.LiveSalesView, last: int, number: int) -> str:
    """The sales changed after the settlement `last`, as JSON; if they are more than the page shows, the latest."""
    app, now, after = tillstream(), _now(), last if last <= number else 0
    changed = live.latest_sales(app.ports.warehouse, view, now, after, number, cache=app.queries)
    is_whole = after == 0 or changed.total > len(changed.sales)
    return json.dumps({"rows": parts.sale_rows(changed, view, now), "total": changed.total, "whole": is_whole})


def _unsettled(view: live.LiveSalesView, version: LedgerVersion) -> str:
    """The sales that are not in the ledger yet, as JSON; none where everything is settled at once."""
    if not version.appends:
        return json.dumps({"rows": "", "note": ""})
    app = tillstream()
    sales = unsettled_sales(app.ports.warehouse, view, version, app.queries)
    return json.dumps({"rows": parts.unsettled_rows(sales, view, _now()), "note": parts.unsettled_note(sales, view)})


def _earlier(view: live.LiveSalesView) -> str:
    """The sales of the last day that has some and of the day before, as JSON; null if there are none."""
    app, now = tillstream(), _now()
    day = live.last_day_with_sales(app.ports.warehouse, view, now, cache=app.queries)
    if day is None:
        return "null"
    since = day - timedelta(days=1)
    sales = live.latest_sales(app.ports.warehouse, view, now, since=since, cache=app.queries)
    return json.dumps({"rows": parts.sale_rows(sales, view, now), "since": since.isoformat()})


def _view() -> live.LiveSalesView:
    return live.LiveSalesView(scope(), figures.currency())


def _now() -> datetime:
    return _minute(ports().clock.now())


def _minute(at: datetime) -> datetime:
    """The time to the minute: answers of the same minute are shared."""
    return at.replace(second=0, microsecond=0)


def _answers() -> SharedAnswers:
    return streams.streams_of(current_app).answers
