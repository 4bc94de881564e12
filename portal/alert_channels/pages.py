"""The list of channels with the latest deliveries, and the page of one channel."""

from flask import render_template
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from portal.access import allow
from portal.alert_channels import texts
from portal.context import me, ports
from portal.reports.texts import STATES
from tillstream.delivery import channel_registry, notice_deliveries
from tillstream.delivery.alert_channel import CHANNEL_KINDS, EMAIL, MAX_CHANNEL_NAME, ChannelDraft
from tillstream.delivery.chat_services import MAX_MESSAGE_LETTERS
from tillstream.model.errors import NotFound
from tillstream.model.people import Action
from tillstream.people import account_store
from tillstream.records.outbox import ENDED_BADLY

DELIVERIES = 50
HOURS = [SelectChoice(hour, f"{hour}:00") for hour in range(24)]
ZONES = [SelectChoice(zone, zone) for zone in ("UTC", *account_store.time_zone_names())]


class ChannelForm(FlaskForm):
    name = StringField(texts.NAME, [InputRequired(texts.NO_NAME), Length(max=MAX_CHANNEL_NAME)])
    url = StringField(texts.ADDRESS, [Length(max=MAX_MESSAGE_LETTERS)])
    recipients = TextAreaField(texts.RECIPIENTS, [Length(max=10_000)])
    digest_hour = SelectField(texts.HOUR, coerce=int, choices=HOURS, default=7)
    time_zone = SelectField(texts.ZONE, choices=ZONES)

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
    return render_template("alert_channels/new.html", kind=kind, form=form, texts=texts)


def channel_page(channel_id: str, form: ChannelForm | None = None) -> str:
    channel = channel_registry.get_channel(ports(), channel_id)
    form = form or ChannelForm(
        name=channel.name,
        recipients="\n".join(map(str, channel.recipients)),
        digest_hour=channel.digest_hour,
        time_zone=channel.time_zone,
    )
    return render_template("alert_channels/show.html", channel=channel, form=form, texts=texts)


@allow(Action.ADMINISTER)
def listing() -> ResponseReturnValue:
    return render_template(
        "alert_channels/list.html",
        channels=channel_registry.find_channels(ports()),
        deliveries=notice_deliveries.list_notice_deliveries(ports(), DELIVERIES),
        again=ENDED_BADLY,
        states=STATES,
        texts=texts,
    )


@allow(Action.ADMINISTER)
def new(kind: str) -> ResponseReturnValue:
    return new_page(kind, ChannelForm(time_zone=me().time_zone or "UTC"))


@allow(Action.ADMINISTER)
def show(channel_id: str) -> ResponseReturnValue:
    return channel_page(channel_id)
