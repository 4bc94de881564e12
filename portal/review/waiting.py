"""What waits for review: held files with the reasons, and day closes that do not agree with the sales."""

from datetime import date
from itertools import islice

from flask import render_template, request
from flask.typing import ResponseReturnValue

from portal import formats, value_names
from portal.access import allow
from portal.catalogue import new_codes
from portal.context import me, ports, scope, signed_in, stores
from portal.list_view import list_query, page_of
from portal.translation import _
from portal.uploads import scoped
from portal.urls import go_to
from tillstream.model.batch import BatchKind, BatchState
from tillstream.model.errors import NotFound
from tillstream.model.people import extent_of, may_change
from tillstream.model.permissions import Action
from tillstream.records import batch_records
from tillstream.review import day_closes
from tillstream.review.day_closes import DayClose

KINDS = (BatchKind.UPLOAD, BatchKind.REPLAY, BatchKind.STORE_SALES)
COUNTED = 100
"""Most files that are counted one by one, for users who are limited to stores."""


@allow(Action.SEE_UPLOADS)
def show_day_closes() -> ResponseReturnValue:
    """Open day closes within the scope of the user, newest day first."""
    about = list_query()
    words = about.q.casefold().split()
    questions = open_closes()
    matching = [one for one in questions if all(word in _searched(one) for word in words)]
    return render_template("review/day_closes.html", page=page_of(about, matching[::-1]), waiting=len(questions))


@allow(Action.DECIDE)
def accept_close(close_id: str) -> ResponseReturnValue:
    """Accept a day close with a reason."""
    close = day_closes.get_day_close(ports(), close_id)
    if not _covers(close):
        raise NotFound(_("There is no open day close at this address. It may have been accepted, or it agrees now."))
    day_closes.accept_day_close(ports(), close_id, me().login, request.form.get("reason", ""))
    return go_to(
        "review.day_closes",
        _(
            "The day close of the till {till} of {store} for {day} is accepted.",
            till=close.till_id,
            store=value_names.store_name(close.region, close.store_id),
            day=formats.day(date.fromisoformat(close.date)),
        ),
    )


def open_closes() -> list[DayClose]:
    """Day closes that need the user, in the order of days."""
    now = ports().clock.now()
    return [one for one in day_closes.find_day_closes(ports(), "open") if one.is_question(now) and _covers(one)]


def _searched(close: DayClose) -> str:
    store = value_names.store_name(close.region, close.store_id)
    return f"{close.region} {close.store_id} {store} {close.till_id} {close.date}".casefold()


def _covers(close: DayClose) -> bool:
    return may_change(scope(), extent_of(close.region, close.store_id))


@allow(Action.SEE_UPLOADS)
def show_waiting() -> ResponseReturnValue:
    """Held files within the scope of the user, held longest first."""
    about = list_query()
    wanted = about.q.casefold().split()
    files = list(scoped.newest_batches(KINDS, BatchState.HELD))
    matching = [
        one for one in files if all(word in f"{one.file} {one.contract} {one.region}".casefold() for word in wanted)
    ]
    codes = new_codes.undecided_codes() if scope().may(Action.MANAGE_STOCK) else {}
    return render_template(
        "review/waiting.html",
        page=page_of(about, matching[::-1]),
        waiting=len(files),
        closes=count_closes(),
        codes=len(codes),
        codes_address=new_codes.address_of(next(iter(codes.values()))["kind"]) if codes else "",
    )


def count_waiting() -> int:
    """Number of held files and open day closes within the scope of the user, also if others decide about them."""
    return count_held() + count_closes()


def count_closes() -> int:
    """Number of open day closes within the scope of the user; 0 for roles that do not see uploads."""
    return len(open_closes()) if _sees_uploads() else 0


def count_held() -> int:
    """Number of held files within the scope of the user; 0 for roles that do not see uploads."""
    if not _sees_uploads():
        return 0
    if stores() is not None:
        return sum(1 for _ in islice(scoped.newest_batches(KINDS, BatchState.HELD), COUNTED))
    where: dict[str, str | int | bool] = {"state": BatchState.HELD.value}
    regions = scope().regions
    if regions is None:
        return ports().documents.count(batch_records.BATCHES, where)
    own: dict[str, str | int | bool] = {**where, "region": "", "received_by": me().login}
    return sum(ports().documents.count(batch_records.BATCHES, {**where, "region": region}) for region in regions) + (
        ports().documents.count(batch_records.BATCHES, own)
    )


def _sees_uploads() -> bool:
    return signed_in() and scope().may(Action.SEE_UPLOADS)
