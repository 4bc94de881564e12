"""The list of webhooks, and the page of one."""

from flask import render_template
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import StringField
from wtforms.validators import InputRequired, Length

from portal.access import allow
from portal.context import ports
from portal.webhooks import texts
from tillstream.delivery import webhook_events
from tillstream.delivery import webhooks as delivery_webhooks
from tillstream.delivery.outbound_addresses import MAX_URL_LETTERS
from tillstream.model.events import MAX_FILTER_LETTERS as FILTER_LETTERS
from tillstream.model.people import Action


class WebhookForm(FlaskForm):
    url = StringField(texts.ADDRESS, [InputRequired(texts.NO_ADDRESS), Length(max=MAX_URL_LETTERS)])
    filter = StringField(texts.FILTER, [Length(max=FILTER_LETTERS)])


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
def listing() -> ResponseReturnValue:
    return list_page(WebhookForm())


@allow(Action.ADMINISTER)
def show(webhook_id: str) -> ResponseReturnValue:
    return webhook_page(webhook_id)
