"""Channels of alerts: create, test, pause and remove them, and see their deliveries."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from portal.access import allow
from portal.context import me, ports, tillstream
from portal.delivery import channel_texts
from portal.delivery.report_texts import STATES
from portal.delivery.webhooks import allows_private
from tillstream.app import mail_job, outgoing_deliveries
from tillstream.delivery import channel_registry, notice_deliveries
from tillstream.delivery.alert_channel import CHANNEL_KINDS, EMAIL, MAX_CHANNEL_NAME, ChannelDraft
from tillstream.delivery.chat_services import MAX_MESSAGE_LETTERS
from tillstream.model.errors import NotFound, Rejected
from tillstream.model.permissions import Action
from tillstream.people import account_store
from tillstream.records.outbox import ENDED_BADLY

DELIVERIES = 50
HOURS = [SelectChoice(hour, f"{hour}:00") for hour in range(24)]
ZONES = [SelectChoice(zone, zone) for zone in ("UTC", *account_store.time_zone_names())]

blueprint = Blueprint("alert_channels", __name__, template_folder="templates")


class ChannelForm(FlaskForm):
    name = StringField(channel_texts.NAME, [InputRequired(channel_texts.NO_NAME), Length(max=MAX_CHANNEL_NAME)])
    url = StringField(channel_texts.ADDRESS, [Length(max=MAX_MESSAGE_LETTERS)])
    recipients = TextAreaField(channel_texts.RECIPIENTS, [Length(max=10_000)])
    digest_hour = SelectField(channel_texts.HOUR, coerce=int, choices=HOURS, default=7)
    time_zone = SelectField(channel_texts.ZONE, choices=ZONES)

    def draft(self, kind: str) -> ChannelDraft:
        url, recipients = self.url.data or "", self.recipients.data or ""
        return ChannelDraft(self.name.data, kind, url, recipients, self.digest_hour.data, self.time_zone.data)

    def refuse(self, kind: str, reason: str) -> None:
        """Show a reason at the field to which it belongs."""
        field = self.recipients if kind == EMAIL else self.url
        field.errors = [*field.errors, reason]


def new_page(kind: str, form: ChannelForm) -> str:
    if kind not in CHANNEL_KINDS:
        raise NotFound("There is no such kind of channel.")
    return render_template("alert_channels/new.html", kind=kind, form=form, texts=channel_texts)


def channel_page(channel_id: str, form: ChannelForm | None = None) -> str:
    channel = channel_registry.get_channel(ports(), channel_id)
    form = form or ChannelForm(
        name=channel.name,
        recipients="\n".join(map(str, channel.recipients)),
        digest_hour=channel.digest_hour,
        time_zone=channel.time_zone,
    )
    return render_template("alert_channels/show.html", channel=channel, form=form, texts=channel_texts)


@allow(Action.ADMINISTER)
def list_channels() -> ResponseReturnValue:
    return render_template(
        "alert_channels/list.html",
        channels=channel_registry.find_channels(ports()),
        deliveries=notice_deliveries.list_notice_deliveries(ports(), DELIVERIES),
        again=ENDED_BADLY,
        states=STATES,
        texts=channel_texts,
    )


@allow(Action.ADMINISTER)
def new_channel(kind: str) -> ResponseReturnValue:
    return new_page(kind, ChannelForm(time_zone=me().time_zone or "UTC"))


@allow(Action.ADMINISTER)
def show_channel(channel_id: str) -> ResponseReturnValue:
    return channel_page(channel_id)


def _back(channel_id: str, message: str, kind: str = "done") -> ResponseReturnValue:
    flash(message, kind)
    return redirect(url_for("alert_channels.show", channel_id=channel_id), 303)


@allow(Action.ADMINISTER)
def add_channel(kind: str) -> ResponseReturnValue:
    form = ChannelForm()
    if not form.validate_on_submit():
        return new_page(kind, form), 422
    try:
        channel, key = channel_registry.add_channel(ports(), form.draft(kind), me().login, private=allows_private())
    except Rejected as error:
        form.refuse(kind, str(error))
        return new_page(kind, form), 422
    if key:
        return render_template("alert_channels/once.html", channel=channel, key=key), 201
    return _back(channel.id, channel_texts.ADDED)


@allow(Action.ADMINISTER)
def change_channel(channel_id: str) -> ResponseReturnValue:
    kind, form = channel_registry.get_channel(ports(), channel_id).kind, ChannelForm()
    if not form.validate_on_submit():
        return channel_page(channel_id, form), 422
    try:
        channel_registry.change_channel(ports(), channel_id, form.draft(kind), me().login, private=allows_private())
    except Rejected as error:
        form.refuse(kind, str(error))
        return channel_page(channel_id, form), 422
    return _back(channel_id, channel_texts.CHANGED)


@allow(Action.ADMINISTER)
def pause_channel(channel_id: str) -> ResponseReturnValue:
    channel_registry.pause_channel(ports(), channel_id, me().login, is_paused=True)
    return _back(channel_id, channel_texts.PAUSED)


@allow(Action.ADMINISTER)
def resume_channel(channel_id: str) -> ResponseReturnValue:
    channel_registry.pause_channel(ports(), channel_id, me().login, is_paused=False)
    return _back(channel_id, channel_texts.RESUMED)


@allow(Action.ADMINISTER)
def test_channel(channel_id: str) -> ResponseReturnValue:
    app = tillstream()
    try:
        sender = outgoing_deliveries.channel_sender(app)
        outcome = notice_deliveries.send_channel_test(
            sender, channel_id, me().login, lambda: outgoing_deliveries.send_waiting_mail(app)
        )
    except Rejected as error:
        return _back(channel_id, str(error), "wrong")
    mail_job.request_mail_job(tillstream())
    return _back(channel_id, outcome)


@allow(Action.ADMINISTER)
def remove_channel(channel_id: str) -> ResponseReturnValue:
    channel_registry.remove_channel(ports(), channel_id, me().login)
    flash(channel_texts.REMOVED, "done")
    return redirect(url_for("alert_channels.listing"), 303)


@allow(Action.ADMINISTER)
def send_again(delivery_id: str) -> ResponseReturnValue:
    """Send a delivery again that failed, or that may have been sent."""
    notice_deliveries.retry_notice(ports(), delivery_id, by=me().login)
    mail_job.request_mail_job(tillstream())
    flash(channel_texts.SENT_AGAIN, "done")
    return redirect(url_for("alert_channels.listing"), 303)


blueprint.add_url_rule("/alert-channels", "listing", list_channels)
blueprint.add_url_rule("/alert-channels/new/<kind>", "new", new_channel)
blueprint.add_url_rule("/alert-channels/new/<kind>", "add", add_channel, methods=["POST"])
blueprint.add_url_rule("/alert-channels/<channel_id>", "show", show_channel)
for name, view in (
    ("change", change_channel),
    ("pause", pause_channel),
    ("resume", resume_channel),
    ("test", test_channel),
    ("remove", remove_channel),
):
    blueprint.add_url_rule(f"/alert-channels/<channel_id>/{name}", name, view, methods=["POST"])
blueprint.add_url_rule("/alert-deliveries/<delivery_id>", "send_again", send_again, methods=["POST"])
