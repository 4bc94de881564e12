"""Subscriptions: an exploration or a table comes by e-mail as a file, on a schedule."""

from contextlib import suppress

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal.access import allow
from portal.context import me, ports, scope, tillstream
from portal.subscriptions import texts
from portal.subscriptions.addresses import address_of, of_form, own_days, period_of
from tillstream.dashboards import saved_views
from tillstream.domain.errors import NotFound, Rejected, Unavailable
from tillstream.domain.people import Action
from tillstream.mail import outbox
from tillstream.mail.addresses import is_address
from tillstream.people import accounts
from tillstream.reports import mail_job
from tillstream.scheduled_exports import registry, tables
from tillstream.scheduled_exports.subscription import EXPLORE, Draft, Subscription

blueprint = Blueprint("subscriptions", __name__, template_folder="templates")


@blueprint.get("/subscriptions")
@allow(Action.SEE_NUMBERS)
def show() -> ResponseReturnValue:
    """Own subscriptions; administrators also see those of others."""
    is_admin = scope().may(Action.ADMINISTER)
    everyone = registry.listed(ports(), "" if is_admin else me().login)
    own = [one for one in everyone if _is_own(one)]
    mails = {one.id: outbox.get(ports(), one.last_mail) for one in everyone if one.last_mail}
    return render_template(
        "subscriptions/show.html",
        own=own,
        others=[one for one in everyone if one not in own] if is_admin else [],
        mails=mails,
        texts=texts,
        sends_mail=tillstream().settings.sends_mail,
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
        draft = Draft(shown.name, shown.address, "xlsx", _own_address(), "week", view=view)
    else:
        address = address_of(request.args.get("address", ""))
        draft = Draft(request.args.get("name", ""), address, "xlsx", _own_address(), "week")
    return _form(draft)


@blueprint.post("/subscriptions")
@allow(Action.SEE_NUMBERS)
def add() -> ResponseReturnValue:
    """Subscribe the signed-in person. Raises `Rejected` for what they may not see."""
    draft = of_form()
    _check(draft, me().login)
    one = registry.add(ports(), me().login, draft, me().login)
    flash(texts.added(one.name, one.schedule.words), "done")
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
    changed = registry.change(ports(), subscription_id, draft, me().login)
    flash(texts.added(changed.name, changed.schedule.words), "done")
    return redirect(url_for("subscriptions.show"), 303)


@blueprint.post("/subscriptions/<subscription_id>/pause")
@allow(Action.SEE_NUMBERS)
def pause(subscription_id: str) -> ResponseReturnValue:
    registry.pause(ports(), _own(subscription_id).id, me().login)
    flash(texts.PAUSED, "done")
    return redirect(url_for("subscriptions.show"), 303)


@blueprint.post("/subscriptions/<subscription_id>/resume")
@allow(Action.SEE_NUMBERS)
def resume(subscription_id: str) -> ResponseReturnValue:
    registry.resume(ports(), _own(subscription_id).id, me().login)
    flash(texts.RESUMED, "done")
    return redirect(url_for("subscriptions.show"), 303)


@blueprint.post("/subscriptions/<subscription_id>/send")
@allow(Action.SEE_NUMBERS)
def send(subscription_id: str) -> ResponseReturnValue:
    """Make the file now."""
    registry.send_now(ports(), _own(subscription_id).id, me().login)
    with suppress(Unavailable):  # the next sweep starts it
        mail_job.start_if_due(ports(), sends_mail=tillstream().settings.sends_mail)
    flash(texts.REQUESTED, "done")
    return redirect(url_for("subscriptions.show"), 303)


@blueprint.post("/subscriptions/<subscription_id>/remove")
@allow(Action.SEE_NUMBERS)
def remove(subscription_id: str) -> ResponseReturnValue:
    one = registry.remove(ports(), _own(subscription_id).id, me().login)
    flash(texts.removed(one.name), "done")
    return redirect(url_for("subscriptions.show"), 303)


def _own(id: str) -> Subscription:
    """A subscription of the signed-in person; for administrators, of anybody. Raises `NotFound`."""
    one = registry.get(ports(), id)
    if not _is_own(one) and not scope().may(Action.ADMINISTER):
        raise NotFound("There is no such subscription.")
    return one


def _is_own(one: Subscription) -> bool:
    """Whether it is of the signed-in person, and not of an earlier account with this name."""
    return (one.login, one.account) == (me().login, me().created_at)


def _form(draft: Draft, id: str = "") -> str:
    days = own_days(draft.address)
    is_exploration = draft.address.partition("?")[0] == EXPLORE
    return render_template(
        "subscriptions/form.html",
        one=draft,
        id=id,
        period=period_of(draft.address),
        periods=texts.periods(has_latest=is_exploration, days=days),
        texts=texts,
    )


def _check(draft: Draft, login: str) -> None:
    """Raise `Rejected` or `NotFound` if the person cannot see the table now."""
    app, user = tillstream(), accounts.get(ports(), login)
    source = tables.Source(app.ports, app.contracts, app.settings.reporting_currency, app.queries)
    tried = Subscription(draft.name, draft.address, draft.format, draft.to, draft.every, view=draft.view)
    tables.check(source, tried, user, ports().clock.now().date())


def _own_address() -> str:
    return me().login if is_address(me().login) else ""
