"""The list of webhooks, and the page of one."""

from flask import render_template
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import StringField
from wtforms.validators import InputRequired, Length

from portal.access import allow
from portal.context import ports
from portal.webhooks import texts
from tillstream.model.events import MAX_FILTER_LETTERS as FILTER_LETTERS
from tillstream.model.people import Action
from tillstream.webhooks import deliveries, registry
from tillstream.webhooks.addresses import MAX_LETTERS


class WebhookForm(FlaskForm):
    url = StringField(texts.ADDRESS, [InputRequired(texts.NO_ADDRESS), Length(max=MAX_LETTERS)])
    filter = StringField(texts.FILTER, [Length(max=FILTER_LETTERS)])


def list_page(form: WebhookForm) -> str:
    webhooks = [(each, deliveries.history(ports(), each.id)) for each in registry.find(ports())]
    return render_template("webhooks/list.html", webhooks=webhooks, form=form)


def webhook_page(webhook_id: str, form: WebhookForm | None = None) -> str:
    webhook = registry.get(ports(), webhook_id)
    form = form or WebhookForm(url=webhook.url, filter=webhook.filter)
    waiting = [each for each in ports().bus.queue_depths() if each.subscription == webhook.subscription]
    return render_template(
        "webhooks/show.html",
        webhook=webhook,
        history=deliveries.history(ports(), webhook_id),
        letters=registry.dead_letters(ports(), webhook) if waiting else [],
        waiting=waiting[0] if waiting else None,
        form=form,
    )


@allow(Action.ADMINISTER)
def listing() -> ResponseReturnValue:
    return list_page(WebhookForm())


@allow(Action.ADMINISTER)
def show(webhook_id: str) -> ResponseReturnValue:
    return webhook_page(webhook_id)
