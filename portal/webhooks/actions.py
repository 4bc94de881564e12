"""Changes of webhooks."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from portal.access import allow
from portal.context import me, ports, tillstream
from portal.webhooks import texts
from portal.webhooks.pages import WebhookForm, list_page, webhook_page
from tillstream.delivery import webhook_events, webhooks
from tillstream.model import audit
from tillstream.model.errors import Rejected
from tillstream.model.people import Action
from tillstream.records import audit_log


def _private() -> bool:
    return tillstream().settings.webhook_private


def _back(webhook_id: str, message: str, kind: str = "done") -> ResponseReturnValue:
    flash(message, kind)
    return redirect(url_for("webhooks.show", webhook_id=webhook_id), 303)


def _refuse(form: WebhookForm, error: Rejected) -> None:
    """Show the reason at the field to which it belongs."""
    field = form.filter if "filter" in str(error).casefold() else form.url
    field.errors = [*field.errors, str(error)]


@allow(Action.ADMINISTER)
def add() -> ResponseReturnValue:
    form = WebhookForm()
    if not form.validate_on_submit():
        return list_page(form), 422
    try:
        webhook, secret = webhooks.add_webhook(
            ports(), form.url.data, form.filter.data or "", me().login, private=_private()
        )
    except Rejected as error:
        _refuse(form, error)
        return list_page(form), 422
    return render_template("webhooks/once.html", webhook=webhook, secret=secret), 201


@allow(Action.ADMINISTER)
def change(webhook_id: str) -> ResponseReturnValue:
    webhooks.get_webhook(ports(), webhook_id)
    form = WebhookForm()
    if not form.validate_on_submit():
        return webhook_page(webhook_id, form), 422
    try:
        url, filter_ = form.url.data, form.filter.data or ""
        webhooks.change_webhook(ports(), webhook_id, me().login, url, filter_, private=_private())
    except Rejected as error:
        _refuse(form, error)
        return webhook_page(webhook_id, form), 422
    return _back(webhook_id, texts.CHANGED)


@allow(Action.ADMINISTER)
def pause(webhook_id: str) -> ResponseReturnValue:
    webhooks.pause_webhook(ports(), webhook_id, me().login, webhooks.BY_PERSON)
    return _back(webhook_id, texts.PAUSED)


@allow(Action.ADMINISTER)
def resume(webhook_id: str) -> ResponseReturnValue:
    webhooks.resume_webhook(ports(), webhook_id, me().login)
    return _back(webhook_id, texts.RESUMED)


@allow(Action.ADMINISTER)
def test(webhook_id: str) -> ResponseReturnValue:
    answer = webhook_events.send_test_event(ports(), webhook_id, private=_private())
    if answer.error:
        return _back(webhook_id, texts.refused(answer.error), "wrong")
    return _back(webhook_id, texts.accepted(answer.status, answer.milliseconds))


@allow(Action.ADMINISTER)
def resend(webhook_id: str) -> ResponseReturnValue:
    webhook = webhooks.get_webhook(ports(), webhook_id)
    count = webhooks.resend_events(ports(), webhook)
    entry = {"messages": count}
    audit_log.record(ports(), me().login, audit.AuditAction.MESSAGE_RESENT, webhook.subscription, None, entry)
    return _back(webhook_id, texts.resent(count))


@allow(Action.ADMINISTER)
def new_secret(webhook_id: str) -> ResponseReturnValue:
    secret = webhooks.rotate_secret(ports(), webhook_id, me().login)
    return render_template("webhooks/once.html", webhook=webhooks.get_webhook(ports(), webhook_id), secret=secret), 201


@allow(Action.ADMINISTER)
def remove(webhook_id: str) -> ResponseReturnValue:
    webhooks.remove_webhook(ports(), webhook_id, me().login)
    flash(texts.REMOVED, "done")
    return redirect(url_for("webhooks.listing"), 303)
