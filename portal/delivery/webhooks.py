"""Webhooks: create, test, pause and remove them, and see their deliveries."""

from functools import partial

from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue
from wtforms import StringField
from wtforms.validators import InputRequired, Length

from portal.access import allow
from portal.context import me, ports, tillstream
from portal.managed import ManagedForm, ManagedPages, shown_once
from portal.translation import N_, _, ngettext
from portal.urls import go_to
from tillstream.delivery import webhook_events
from tillstream.delivery import webhooks as delivery_webhooks
from tillstream.delivery.outbound_addresses import MAX_URL_LETTERS
from tillstream.delivery.webhooks import Webhook
from tillstream.model.audit import AuditAction
from tillstream.model.errors import Rejected
from tillstream.model.events import MAX_FILTER_LETTERS as FILTER_LETTERS
from tillstream.model.permissions import Action
from tillstream.ports import Ports
from tillstream.records import audit_log

blueprint = Blueprint("webhooks", __name__, template_folder="templates")


class WebhookForm(ManagedForm):
    url = StringField(
        N_("Address"), [InputRequired(N_("Enter the address that receives the events.")), Length(max=MAX_URL_LETTERS)]
    )
    filter = StringField(N_("Filter"), [Length(max=FILTER_LETTERS)])

    def field_of(self, error: Exception) -> str:
        return "filter" if "filter" in str(error).casefold() else "url"


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


@allow(Action.ADMINISTER)
def add_webhook() -> ResponseReturnValue:
    form = WebhookForm()

    def add() -> ResponseReturnValue:
        url, filter_ = form.url.data, form.filter.data or ""
        return _once(*delivery_webhooks.add_webhook(ports(), url, filter_, me().login, private=allows_private()))

    return form.saved(lambda: list_page(form), add)


@allow(Action.ADMINISTER)
def change_webhook(webhook_id: str) -> ResponseReturnValue:
    delivery_webhooks.get_webhook(ports(), webhook_id)
    form = WebhookForm()

    def change() -> ResponseReturnValue:
        url, filter_ = form.url.data, form.filter.data or ""
        delivery_webhooks.change_webhook(ports(), webhook_id, me().login, url, filter_, private=allows_private())
        return go_to("webhooks.show", _("The webhook is changed."), webhook_id=webhook_id)

    return form.saved(lambda: webhook_page(webhook_id, form), change)


def send_test(ports: Ports, webhook_id: str, _by: str) -> str:
    """Send a test event; return its outcome. Raises `Rejected`."""
    answer = webhook_events.send_test_event(ports, webhook_id, private=allows_private())
    if answer.error:
        raise Rejected(_("The test was not accepted. {error}", error=answer.error))
    accepted = _("The receiver accepted the test with {status} after {milliseconds} ms.")
    return accepted.format(status=answer.status, milliseconds=answer.milliseconds)


def resend_deliveries(ports: Ports, webhook_id: str, by: str) -> int:
    """Send again what failed too often; return how many events."""
    webhook = delivery_webhooks.get_webhook(ports, webhook_id)
    count = delivery_webhooks.resend_events(ports, webhook)
    audit_log.record(ports, by, AuditAction.MESSAGE_RESENT, webhook.subscription, None, {"messages": count})
    return count


@allow(Action.ADMINISTER)
def new_secret(webhook_id: str) -> ResponseReturnValue:
    secret = delivery_webhooks.rotate_secret(ports(), webhook_id, me().login)
    return _once(delivery_webhooks.get_webhook(ports(), webhook_id), secret)


def _once(webhook: Webhook, secret: str) -> ResponseReturnValue:
    return shown_once("webhooks/once.html", secret, url_for("webhooks.show", webhook_id=webhook.id), webhook=webhook)


blueprint.add_url_rule("/webhooks", "listing", list_webhooks)
blueprint.add_url_rule("/webhooks", "add", add_webhook, methods=["POST"])
blueprint.add_url_rule("/webhooks/<webhook_id>", "show", show_webhook)
blueprint.add_url_rule("/webhooks/<webhook_id>/change", "change", change_webhook, methods=["POST"])
blueprint.add_url_rule("/webhooks/<webhook_id>/new-secret", "new_secret", new_secret, methods=["POST"])
WEBHOOKS = ManagedPages(blueprint, "/webhooks/<webhook_id>")
WEBHOOKS.button(
    "pause",
    partial(delivery_webhooks.pause_webhook, reason=delivery_webhooks.BY_PERSON),
    N_("The webhook is paused. Its events are collected for seven days."),
)
WEBHOOKS.button(
    "resume", delivery_webhooks.resume_webhook, N_("The webhook sends again, first the events that were collected.")
)
WEBHOOKS.button("test", send_test, shows=Rejected)
WEBHOOKS.button(
    "resend",
    resend_deliveries,
    lambda count: ngettext("{number} event is sent again.", "{number} events are sent again.", count),
)
WEBHOOKS.button("remove", delivery_webhooks.remove_webhook, N_("The webhook is removed."))
