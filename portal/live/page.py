"""The live page and its stream: the same parts, made once for all readers with the same scope, currency and locale."""

import json
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, current_app, render_template

from portal import metrics
from portal.access import allow
from portal.context import ports, scope, tillstream
from portal.live import streams, texts
from portal.reader_locale import day_text, readers_locale
from tillstream.analytics.live_sales import sales as live
from tillstream.analytics.live_sales.same_time import StoreTimes, moment, store_times
from tillstream.domain.people import Action

MOST_STORES = 12
"""Stores listed with their own figures; the total includes the others."""


@allow(Action.SEE_NUMBERS)
def show() -> str:
    """The latest sales, and today against the same time last week; the script of the page keeps both current."""
    # Read first: a settlement that commits while the page is built is sent to it afterwards.
    number = streams.latest()
    view, app = _view(), tillstream()
    recent = live.latest_sales(app.ports.warehouse, view, _now(), through=number, cache=app.queries)
    earlier = None if recent.sales else _before(view)
    return render_template(
        "live/show.html",
        number=number,
        rows=_rows(recent, view),
        today=_today(view),
        earlier=_rows(earlier, view) if earlier else "",
        earlier_since=earlier.since if earlier else None,
        recent_days=live.RECENT_DAYS,
        most=live.SHOWN_SALES,
        currency=view.currency,
    )


@allow(Action.SEE_NUMBERS)
def settlements() -> Response:
    """Number of the last settlement, now and whenever there is a later one, without its content."""
    return streams.respond(lambda _, number: streams.event("settled", str(number), number))


@allow(Action.SEE_NUMBERS)
def sales() -> Response:
    """The changed sales that the reader may see, after each settlement, and today's figures."""
    view = _view()
    return streams.respond(lambda last, number: _changed(view, last, number), lambda: _today_event(view))


def _changed(view: live.View, last: int, number: int) -> str:
    """The sales changed after the settlement `last`, as an event; if they are more than the page shows, the latest."""
    now, answers = _now(), streams.streams_of(current_app).answers

    def make() -> str:
        app, after = tillstream(), last if last <= number else 0
        changed = live.latest_sales(app.ports.warehouse, view, now, after, number, cache=app.queries)
        is_whole = after == 0 or changed.total > len(changed.sales)
        parts = {"rows": _rows(changed, view), "total": changed.total, "whole": is_whole}
        return streams.event("sales", json.dumps(parts), number)

    return answers.get(("sales", view, readers_locale(), now.date(), last, number), make)


def _today_event(view: live.View) -> str:
    """Today's figures, which change with the time of day even if nothing is sold."""
    answers, key = streams.streams_of(current_app).answers, ("today", view, readers_locale(), _now(), streams.latest())
    return answers.get(key, lambda: streams.event("today", json.dumps({"today": _today(view)})))


def _view() -> live.View:
    return live.View(scope(), metrics.currency())


def _now() -> datetime:
    """The time, to the minute: answers of the same minute are shared."""
    return ports().clock.now().replace(second=0, microsecond=0)


def _times() -> StoreTimes:
    contracts = tillstream().contracts
    first = (contracts.for_region(region) for region in contracts.regions())
    return store_times([*(one for one in first if one), *contracts.all().values()])


def _before(view: live.View) -> live.LatestSales | None:
    """The sales of the last day that has some, if none is recent."""
    app = tillstream()
    day = live.last_day(app.ports.warehouse, view, _now(), cache=app.queries)
    if day is None:
        return None
    return live.latest_sales(app.ports.warehouse, view, _now(), since=day - timedelta(days=1), cache=app.queries)


def _today(view: live.View) -> str:
    app = tillstream()
    today = live.today(app.ports.warehouse, view, _now(), _times(), cache=app.queries)
    stores = sorted(today.stores, key=lambda store: -store.revenue)
    return render_template(
        "live/today.html",
        today=today,
        comparable=today.comparable,
        stores=stores[:MOST_STORES],
        left_out=len(stores) - len(stores[:MOST_STORES]),
        currency=view.currency,
        growth=_growth,
    )


def _growth(now: Any, before: Any) -> Any:
    return (now - before) / before if before and before > 0 else None


def _rows(latest: live.LatestSales, view: live.View) -> str:
    times, now = _times(), _now()
    return render_template(
        "live/rows.html",
        sales=[sale | _when(sale, times, now) | {"marks": texts.marks(sale)} for sale in latest.sales],
        may_see_people=view.scope.may(Action.SEE_PERSONAL),
    )


def _when(sale: dict[str, Any], times: StoreTimes, now: datetime) -> dict[str, str]:
    """Time and day of a sale on the clock of its store; the day only if it is not today."""
    trading = times.of(sale["region"], sale["store_id"])
    sold_at: datetime | None = sale["sold_at"]
    sale_date: date = sale["sale_date"]
    local = sold_at.astimezone(ZoneInfo(trading.zone)) if sold_at else None
    day = "" if sale_date == moment(now, trading).today and local else day_text(sale_date)
    return {"time": f"{local:%H:%M}" if local else "", "day": day, "zone": trading.zone}
