"""Channels of alerts: create, test, pause and remove them, and see their deliveries."""

from functools import partial

from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue
from wtforms import SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from portal.access import allow
from portal.context import me, ports, tillstream
from portal.delivery.reports import STATES
from portal.delivery.webhooks import allows_private
from portal.managed import ManagedForm, ManagedPages, shown_once
from portal.translation import N_, _
from portal.urls import go_to
from tillstream.app import mail_job, outgoing_deliveries
from tillstream.delivery import channel_registry, notice_deliveries
from tillstream.delivery.alert_channel import (
    CHANNEL_KINDS,
    EMAIL,
    MAX_CHANNEL_NAME,
    SERVICE,
    SLACK,
    TEAMS,
    WEBHOOK,
    ChannelDraft,
)
from tillstream.delivery.chat_services import MAX_MESSAGE_LETTERS
from tillstream.model.errors import NotFound, Rejected
from tillstream.model.permissions import Action
from tillstream.people import account_store
from tillstream.ports import Ports
from tillstream.records.outbox import ENDED_BADLY

DELIVERIES = 50
HOURS = [SelectChoice(hour, f"{hour}:00") for hour in range(24)]
ZONES = [SelectChoice(zone, zone) for zone in ("UTC", *account_store.time_zone_names())]
KINDS = N_(
    {EMAIL: N_("E-mail"), WEBHOOK: "Webhook", SLACK: "Slack", TEAMS: "Microsoft Teams", SERVICE: "Another service"}
)
HINTS = N_(
    {
        EMAIL: "One per line: an e-mail address, or a sign-in name and an e-mail address. Users get only the alerts "
        "within their scope.",
        WEBHOOK: "For example https://example.com/alerts. Each request is signed.",
        SLACK: "The address of an incoming webhook of Slack: https://hooks.slack.com/services/…",
        TEAMS: "The address of a workflow “When a Teams webhook request is received”.",
        SERVICE: "As Apprise writes it, for example discord://… or mmosts://chat.example.com/…",
    }
)
"""Of the address or the recipients."""

blueprint = Blueprint("alert_channels", __name__, template_folder="templates")


class ChannelForm(ManagedForm):
    name = StringField(N_("Name"), [InputRequired(N_("Enter a name.")), Length(max=MAX_CHANNEL_NAME)])
    url = StringField(N_("Address"), [Length(max=MAX_MESSAGE_LETTERS)])
    recipients = TextAreaField(N_("Recipients"), [Length(max=10_000)])
    digest_hour = SelectField(N_("Hour of collected notices"), coerce=int, choices=HOURS, default=7)
    time_zone = SelectField(N_("Time zone"), choices=ZONES)

    def draft(self, kind: str) -> ChannelDraft:
        url, recipients = self.url.data or "", self.recipients.data or ""
        return ChannelDraft(self.name.data, kind, url, recipients, self.digest_hour.data, self.time_zone.data)

    def field_of(self, _error: Exception) -> str:
        """The recipients of e-mail; other kinds have an address."""
        return "url" if self.recipients.raw_data in ([], None) else "recipients"


def new_page(kind: str, form: ChannelForm) -> str:
    if kind not in CHANNEL_KINDS:
        raise NotFound(_("There is no such kind of channel."))
    return render_template("alert_channels/new.html", kind=kind, form=form, kinds=KINDS, hints=HINTS)


def channel_page(channel_id: str, form: ChannelForm | None = None) -> str:
    channel = channel_registry.get_channel(ports(), channel_id)
    form = form or ChannelForm(
        name=channel.name,
        recipients="\n".join(map(str, channel.recipients)),
        digest_hour=channel.digest_hour,
        time_zone=channel.time_zone,
    )
    return render_template("alert_channels/show.html", channel=channel, form=form, kinds=KINDS, hints=HINTS)


@allow(Action.ADMINISTER)
def list_channels() -> ResponseReturnValue:
    return render_template(
        "alert_channels/list.html",
        channels=channel_registry.find_channels(ports()),
        deliveries=notice_deliveries.list_notice_deliveries(ports(), DELIVERIES),
        again=ENDED_BADLY,
        states=STATES,
        kinds=KINDS,
    )


@allow(Action.ADMINISTER)
def new_channel(kind: str) -> ResponseReturnValue:
    return new_page(kind, ChannelForm(time_zone=me().time_zone or "UTC"))


@allow(Action.ADMINISTER)
def show_channel(channel_id: str) -> ResponseReturnValue:
    return channel_page(channel_id)


@allow(Action.ADMINISTER)
def add_channel(kind: str) -> ResponseReturnValue:
    form = ChannelForm()

    def add() -> ResponseReturnValue:
        channel, key = channel_registry.add_channel(ports(), form.draft(kind), me().login, private=allows_private())
        if not key:
            return go_to("alert_channels.show", _("The channel is created."), channel_id=channel.id)
        return shown_once(
            "alert_channels/once.html", key, url_for("alert_channels.show", channel_id=channel.id), channel=channel
        )

    return form.saved(lambda: new_page(kind, form), add)


@allow(Action.ADMINISTER)
def change_channel(channel_id: str) -> ResponseReturnValue:
    kind, form = channel_registry.get_channel(ports(), channel_id).kind, ChannelForm()

    def change() -> ResponseReturnValue:
        channel_registry.change_channel(ports(), channel_id, form.draft(kind), me().login, private=allows_private())
        return go_to("alert_channels.show", _("The channel is changed."), channel_id=channel_id)

    return form.saved(lambda: channel_page(channel_id, form), change)


def send_test(_ports: Ports, channel_id: str, by: str) -> str:
    """Send a test message; return its outcome. Raises `Rejected`."""
    app = tillstream()
    sender, send_mail = outgoing_deliveries.channel_sender(app), partial(outgoing_deliveries.send_waiting_mail, app)
    outcome = notice_deliveries.send_channel_test(sender, channel_id, by, send_mail)
    mail_job.request_mail_job(app)
    return outcome


@allow(Action.ADMINISTER)
def send_again(delivery_id: str) -> ResponseReturnValue:
    """Send a delivery again that failed, or that may have been sent."""
    notice_deliveries.retry_notice(ports(), delivery_id, by=me().login)
    mail_job.request_mail_job(tillstream())
    return go_to("alert_channels.listing", _("The delivery is sent again within a minute."))


blueprint.add_url_rule("/alert-channels", "listing", list_channels)
blueprint.add_url_rule("/alert-channels/new/<kind>", "new", new_channel)
blueprint.add_url_rule("/alert-channels/new/<kind>", "add", add_channel, methods=["POST"])
blueprint.add_url_rule("/alert-channels/<channel_id>", "show", show_channel)
blueprint.add_url_rule("/alert-channels/<channel_id>/change", "change", change_channel, methods=["POST"])
CHANNELS = ManagedPages(blueprint, "/alert-channels/<channel_id>")
CHANNELS.button(
    "pause",
    partial(channel_registry.pause_channel, is_paused=True),
    N_("The channel is paused. Notices of this time are not sent later."),
)
CHANNELS.button(
    "resume", partial(channel_registry.pause_channel, is_paused=False), N_("The channel gets notices again.")
)
CHANNELS.button("test", send_test, shows=Rejected)
CHANNELS.button("remove", channel_registry.remove_channel, N_("The channel is removed."))
blueprint.add_url_rule("/alert-deliveries/<delivery_id>", "send_again", send_again, methods=["POST"])
