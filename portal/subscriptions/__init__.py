"""Subscriptions: an exploration or a table is delivered as a file, on a schedule."""

from contextlib import suppress

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal.access import allow
from portal.context import me, ports, scope, tillstream
from portal.subscriptions import destinations, summary, texts
from portal.subscriptions.addresses import address_of, of_form, own_days, period_of
from tillstream.app import mail_job, subscribed_tables
from tillstream.dashboards import saved_views
from tillstream.delivery import file_destinations, subscription_files, subscriptions
from tillstream.delivery import subscribed_tables as delivery_subscribed_tables
from tillstream.delivery.subscriptions import EXPLORE, SubscriptionDraft, TableSubscription
from tillstream.model.errors import NotFound, Rejected, Unavailable
from tillstream.model.people import Action
from tillstream.people import accounts
from tillstream.records.mail import is_address

blueprint = Blueprint("subscriptions", __name__, template_folder="templates")
DESTINATIONS = "/subscriptions/destinations"
blueprint.add_url_rule(DESTINATIONS, "destinations", destinations.show)
blueprint.add_url_rule(DESTINATIONS, "add_destination", destinations.add, methods=["POST"])
for name, view in (("test", destinations.test), ("remove", destinations.remove)):
    path = f"{DESTINATIONS}/<destination>/{name}"
    blueprint.add_url_rule(path, f"{name}_destination", view, methods=["POST"])
SEND, AGAIN = "send", "again"
ACTS = {
    "pause": (subscriptions.pause_subscription, texts.PAUSED),
    "resume": (subscriptions.resume_subscription, texts.RESUMED),
    SEND: (subscriptions.send_subscription_now, texts.REQUESTED),
    AGAIN: (subscription_files.retry_last_file, texts.AGAIN),
}
"""Endpoint → what it does, and the sentence that confirms it."""


@blueprint.get("/subscriptions")
@allow(Action.SEE_NUMBERS)
def show() -> ResponseReturnValue:
    """Own subscriptions; administrators also see those of others."""
    is_admin = scope().may(Action.ADMINISTER)
    everyone = subscriptions.list_subscriptions(ports(), "" if is_admin else me().login)
    own = [one for one in everyone if _is_own(one)]
    mails = {one.id: subscription_files.last_outbox_entry(ports(), one) for one in everyone if one.last_mail}
    return render_template(
        "subscriptions/show.html",
        own=own,
        others=[one for one in everyone if one not in own] if is_admin else [],
        mails=mails,
        texts=texts,
    )


@blueprint.get("/subscriptions/new")
@allow(Action.SEE_NUMBERS)
def new() -> ResponseReturnValue:
    """The form for the table at `address`, or for the saved view `view`."""
    view = request.args.get("view", "")
    if view:
        shown = next((one for one in saved_views.find(ports(), me().login, me().created_at) if one.id == view), None)
        if shown is None:
            raise NotFound("There is no such view.")
        if shown.page != EXPLORE:
            raise Rejected(texts.NO_VIEW)
        draft = SubscriptionDraft(shown.name, shown.address, "xlsx", _own_address(), "week", view=view)
    else:
        address = address_of(request.args.get("address", ""))
        name = request.args.get("name", "") or summary.name_for(address)
        draft = SubscriptionDraft(name, address, "xlsx", _own_address(), "week")
    delivery_subscribed_tables.check_filter_groups(ports(), draft, me())
    return _form(draft)


@blueprint.post("/subscriptions")
@allow(Action.SEE_NUMBERS)
def add() -> ResponseReturnValue:
    """Subscribe the signed-in person. Raises `Rejected` for what they may not see."""
    draft = of_form()
    _check(draft, me().login)
    one = subscriptions.add_subscription(ports(), me().login, draft, me().login)
    flash(texts.added(one, sends_mail=tillstream().settings.sends_mail), "done")
    return redirect(url_for("subscriptions.show"), 303)


@blueprint.get("/subscriptions/<subscription_id>")
@allow(Action.SEE_NUMBERS)
def edit(subscription_id: str) -> ResponseReturnValue:
    return _form(_own(subscription_id), subscription_id)


@blueprint.post("/subscriptions/<subscription_id>")
@allow(Action.SEE_NUMBERS)
def change(subscription_id: str) -> ResponseReturnValue:
    draft, one = of_form(), _own(subscription_id)
    _check(draft, one.login)
    changed = subscriptions.change_subscription(ports(), subscription_id, draft, me().login)
    flash(texts.added(changed, sends_mail=tillstream().settings.sends_mail), "done")
    return redirect(url_for("subscriptions.show"), 303)


@allow(Action.SEE_NUMBERS)
def act(subscription_id: str, what: str) -> ResponseReturnValue:
    """Pause, resume, or make the file now."""
    change, done = ACTS[what]
    one = _own(subscription_id)
    change(ports(), one.id, me().login)
    if what in (SEND, AGAIN):
        with suppress(Unavailable):  # the next sweep starts it
            mail_job.start_mail_job(ports(), sends_mail=tillstream().settings.sends_mail)
    has_way = one.destination or tillstream().settings.sends_mail or what not in (SEND, AGAIN)
    flash(done if has_way else texts.KEPT, "done")
    return redirect(url_for("subscriptions.show"), 303)


for name in ACTS:
    path, defaults = f"/subscriptions/<subscription_id>/{name}", {"what": name}
    blueprint.add_url_rule(path, name, act, methods=["POST"], defaults=defaults)


@blueprint.post("/subscriptions/<subscription_id>/remove")
@allow(Action.SEE_NUMBERS)
def remove(subscription_id: str) -> ResponseReturnValue:
    one = subscriptions.remove_subscription(ports(), _own(subscription_id).id, me().login)
    flash(texts.removed(one.name), "done")
    return redirect(url_for("subscriptions.show"), 303)


def _own(id: str) -> TableSubscription:
    """A subscription of the signed-in person; for administrators, of anybody. Raises `NotFound`."""
    one = subscriptions.get_subscription(ports(), id)
    if not _is_own(one) and not scope().may(Action.ADMINISTER):
        raise NotFound("There is no such subscription.")
    return one


def _is_own(one: TableSubscription) -> bool:
    """Whether it is of the signed-in person, and not of an earlier account with this name."""
    return (one.login, one.account) == (me().login, me().created_at)


def _form(draft: SubscriptionDraft, id: str = "") -> str:
    days, lines = own_days(draft.address), list[tuple[str, str]]()
    with suppress(Rejected, NotFound):  # of a subscription whose table its reader cannot see any longer
        lines = summary.of_address(draft.address)
    path = draft.address.partition("?")[0]
    return render_template(
        "subscriptions/form.html",
        one=draft,
        id=id,
        period=period_of(draft.address),
        periods=texts.periods(
            has_latest=delivery_subscribed_tables.follows_latest(path),
            has_all=path == EXPLORE or not delivery_subscribed_tables.follows_latest(path),
            days=days,
        ),
        lines=lines,
        destinations=texts.destinations(one.name for one in file_destinations.find_destinations(ports())),
        texts=texts,
    )


def _check(draft: SubscriptionDraft, login: str) -> None:
    """Raise `Rejected` or `NotFound` if the person cannot see the table now."""
    app, user = tillstream(), accounts.get_user(ports(), login)
    source = subscribed_tables.source_of(app)
    tried = TableSubscription(draft.name, draft.address, draft.format, draft.to, draft.every, view=draft.view)
    delivery_subscribed_tables.check_table(source, tried, user, ports().clock.now().date())


def _own_address() -> str:
    return me().login if is_address(me().login) else ""
