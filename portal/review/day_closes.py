"""Day closes of tills that do not agree with the sales that count, and their acceptance."""

from datetime import date

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal import formats
from portal.access import allow
from portal.context import me, ports, scope
from portal.filters import names
from portal.list_view import list_query, page_of
from portal.review import texts
from tillstream.model.errors import NotFound
from tillstream.model.people import Action, extent_of, may_change
from tillstream.review import day_closes
from tillstream.review.day_closes import DayClose


@allow(Action.SEE_UPLOADS)
def show() -> ResponseReturnValue:
    """Open day closes within the scope of the user, newest day first."""
    about = list_query()
    words = about.q.casefold().split()
    questions = open_closes()
    matching = [one for one in questions if all(word in _searched(one) for word in words)]
    return render_template("review/day_closes.html", page=page_of(about, matching[::-1]), waiting=len(questions))


@allow(Action.DECIDE)
def accept(close_id: str) -> ResponseReturnValue:
    """Accept a day close with a reason."""
    close = day_closes.get_day_close(ports(), close_id)
    if not _covers(close):
        raise NotFound(texts.NO_DAY_CLOSE)
    day_closes.accept_day_close(ports(), close_id, me().login, request.form.get("reason", ""))
    flash(
        texts.close_accepted(
            close.till_id, names.store(close.region, close.store_id), formats.day(date.fromisoformat(close.date))
        ),
        "done",
    )
    return redirect(url_for("review.day_closes"), 303)


def open_closes() -> list[DayClose]:
    """Day closes that need the user, in the order of days."""
    now = ports().clock.now()
    return [one for one in day_closes.find_day_closes(ports(), "open") if one.is_question(now) and _covers(one)]


def _searched(close: DayClose) -> str:
    store = names.store(close.region, close.store_id)
    return f"{close.region} {close.store_id} {store} {close.till_id} {close.date}".casefold()


def _covers(close: DayClose) -> bool:
    return may_change(scope(), extent_of(close.region, close.store_id))
