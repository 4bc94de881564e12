"""Webhooks: create, test, pause and remove them, and see their deliveries."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import StringField
from wtforms.validators import InputRequired, Length

from portal.access import allow
from portal.context import me, ports, tillstream
from tillstream.delivery import webhook_events
from tillstream.delivery import webhooks as delivery_webhooks
from tillstream.delivery.outbound_addresses import MAX_URL_LETTERS
from tillstream.model import audit
from tillstream.model.errors import Rejected
from tillstream.model.events import MAX_FILTER_LETTERS as FILTER_LETTERS
from tillstream.model.permissions import Action
from tillstream.records import audit_log

ADDRESS, NO_ADDRESS = "Address", "Enter the address that receives the events."
FILTER = "Filter"
REMOVED = "The webhook is removed."
CHANGED = "The webhook is changed."
PAUSED = "The webhook is paused. Its events are collected for seven days."
RESUMED = "The webhook sends again, first the events that were collected."

blueprint = Blueprint("webhooks", __name__, template_folder="templates")


def accepted_text(status: int, milliseconds: int) -> str:
    return f"The receiver accepted the test with {status} after {milliseconds} ms."


def refused_text(error: str) -> str:
    return f"The test was not accepted. {error}"


def resent_text(count: int) -> str:
    return f"{count} {'event is' if count == 1 else 'events are'} sent again."


class WebhookForm(FlaskForm):
    url = StringField(ADDRESS, [InputRequired(NO_ADDRESS), Length(max=MAX_URL_LETTERS)])
    filter = StringField(FILTER, [Length(max=FILTER_LETTERS)])


def list_page(form: WebhookForm) -> str:
    webhooks = [
        (each, webhook_events.webhook_history(ports(), each.id)) for each in delivery_webhooks.find_webhooks(ports())
    ]
    return render_template("webhooks/list.html", webhooks=webhooks, form=form)


def webhook_page(webhook_id: str, form: WebhookForm | None = None) -> str:
    webhook = delivery_webhooks.get_webhook(ports(), webhook_id)
    form = form or WebhookForm(url=webhook.url, filter=webhook.filter)
    waiting = [each for each in ports().bus.queue_depths() if each.subscription == webhook.subscription]
    return render_template(
        "webhooks/show.html",
        webhook=webhook,
        history=webhook_events.webhook_history(ports(), webhook_id),
        letters=delivery_webhooks.dead_letters(ports(), webhook) if waiting else [],
        waiting=waiting[0] if waiting else None,
        form=form,
    )


@allow(Action.ADMINISTER)
def list_webhooks() -> ResponseReturnValue:
    return list_page(WebhookForm())


@allow(Action.ADMINISTER)
def show_webhook(webhook_id: str) -> ResponseReturnValue:
    return webhook_page(webhook_id)


def allows_private() -> bool:
    """Whether receivers may have addresses of a private network."""
    return tillstream().settings.webhook_private


def _back(webhook_id: str, message: str, kind: str = "done") -> ResponseReturnValue:
    flash(message, kind)
    return redirect(url_for("webhooks.show", webhook_id=webhook_id), 303)


def _refuse(form: WebhookForm, error: Rejected) -> None:
    """Show the reason at the field to which it belongs."""
    field = form.filter if "filter" in str(error).casefold() else form.url
    field.errors = [*field.errors, str(error)]


@allow(Action.ADMINISTER)
def add_webhook() -> ResponseReturnValue:
    form = WebhookForm()
    if not form.validate_on_submit():
        return list_page(form), 422
    try:
        webhook, secret = delivery_webhooks.add_webhook(
            ports(), form.url.data, form.filter.data or "", me().login, private=allows_private()
        )
    except Rejected as error:
        _refuse(form, error)
        return list_page(form), 422
    return render_template("webhooks/once.html", webhook=webhook, secret=secret), 201


@allow(Action.ADMINISTER)
def change_webhook(webhook_id: str) -> ResponseReturnValue:
    delivery_webhooks.get_webhook(ports(), webhook_id)
    form = WebhookForm()
    if not form.validate_on_submit():
        return webhook_page(webhook_id, form), 422
    try:
        url, filter_ = form.url.data, form.filter.data or ""
        delivery_webhooks.change_webhook(ports(), webhook_id, me().login, url, filter_, private=allows_private())
    except Rejected as error:
        _refuse(form, error)
        return webhook_page(webhook_id, form), 422
    return _back(webhook_id, CHANGED)


@allow(Action.ADMINISTER)
def pause_webhook(webhook_id: str) -> ResponseReturnValue:
    delivery_webhooks.pause_webhook(ports(), webhook_id, me().login, delivery_webhooks.BY_PERSON)
    return _back(webhook_id, PAUSED)


@allow(Action.ADMINISTER)
def resume_webhook(webhook_id: str) -> ResponseReturnValue:
    delivery_webhooks.resume_webhook(ports(), webhook_id, me().login)
    return _back(webhook_id, RESUMED)


@allow(Action.ADMINISTER)
def test_webhook(webhook_id: str) -> ResponseReturnValue:
    answer = webhook_events.send_test_event(ports(), webhook_id, private=allows_private())
    if answer.error:
        return _back(webhook_id, refused_text(answer.error), "wrong")
    return _back(webhook_id, accepted_text(answer.status, answer.milliseconds))


@allow(Action.ADMINISTER)
def resend_deliveries(webhook_id: str) -> ResponseReturnValue:
    webhook = delivery_webhooks.get_webhook(ports(), webhook_id)
    count = delivery_webhooks.resend_events(ports(), webhook)
    entry = {"messages": count}
    audit_log.record(ports(), me().login, audit.AuditAction.MESSAGE_RESENT, webhook.subscription, None, entry)
    return _back(webhook_id, resent_text(count))


@allow(Action.ADMINISTER)
def new_secret(webhook_id: str) -> ResponseReturnValue:
    secret = delivery_webhooks.rotate_secret(ports(), webhook_id, me().login)
    return render_template(
        "webhooks/once.html", webhook=delivery_webhooks.get_webhook(ports(), webhook_id), secret=secret
    ), 201


@allow(Action.ADMINISTER)
def remove_webhook(webhook_id: str) -> ResponseReturnValue:
    delivery_webhooks.remove_webhook(ports(), webhook_id, me().login)
    flash(REMOVED, "done")
    return redirect(url_for("webhooks.listing"), 303)


blueprint.add_url_rule("/webhooks", "listing", list_webhooks)
blueprint.add_url_rule("/webhooks", "add", add_webhook, methods=["POST"])
blueprint.add_url_rule("/webhooks/<webhook_id>", "show", show_webhook)
for name, view in (
    ("change", change_webhook),
    ("pause", pause_webhook),
    ("resume", resume_webhook),
    ("test", test_webhook),
    ("resend", resend_deliveries),
    ("new-secret", new_secret),
    ("remove", remove_webhook),
):
    blueprint.add_url_rule(f"/webhooks/<webhook_id>/{name}", name.replace("-", "_"), view, methods=["POST"])
