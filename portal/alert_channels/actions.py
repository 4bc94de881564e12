"""Changes of channels."""

from contextlib import suppress

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from portal.access import allow
from portal.alert_channels import texts
from portal.alert_channels.pages import ChannelForm, channel_page, new_page
from portal.context import me, ports, tillstream
from tillstream.app import mail_job, messages
from tillstream.delivery import channel_registry, notice_deliveries
from tillstream.model.errors import Rejected, Unavailable
from tillstream.model.people import Action


def _private() -> bool:
    return tillstream().settings.webhook_private


def _back(channel_id: str, message: str, kind: str = "done") -> ResponseReturnValue:
    flash(message, kind)
    return redirect(url_for("alert_channels.show", channel_id=channel_id), 303)


def _start_job() -> None:
    """Let a project send what is due now; the next sweep does it otherwise."""
    with suppress(Unavailable):
        mail_job.start_mail_job(ports(), sends_mail=tillstream().settings.sends_mail)


@allow(Action.ADMINISTER)
def add(kind: str) -> ResponseReturnValue:
    form = ChannelForm()
    if not form.validate_on_submit():
        return new_page(kind, form), 422
    try:
        channel, key = channel_registry.add_channel(ports(), form.draft(kind), me().login, private=_private())
    except Rejected as error:
        form.refuse(kind, str(error))
        return new_page(kind, form), 422
    if key:
        return render_template("alert_channels/once.html", channel=channel, key=key), 201
    return _back(channel.id, texts.ADDED)


@allow(Action.ADMINISTER)
def change(channel_id: str) -> ResponseReturnValue:
    kind, form = channel_registry.get_channel(ports(), channel_id).kind, ChannelForm()
    if not form.validate_on_submit():
        return channel_page(channel_id, form), 422
    try:
        channel_registry.change_channel(ports(), channel_id, form.draft(kind), me().login, private=_private())
    except Rejected as error:
        form.refuse(kind, str(error))
        return channel_page(channel_id, form), 422
    return _back(channel_id, texts.CHANGED)


@allow(Action.ADMINISTER)
def pause(channel_id: str) -> ResponseReturnValue:
    channel_registry.pause_channel(ports(), channel_id, me().login, is_paused=True)
    return _back(channel_id, texts.PAUSED)


@allow(Action.ADMINISTER)
def resume(channel_id: str) -> ResponseReturnValue:
    channel_registry.pause_channel(ports(), channel_id, me().login, is_paused=False)
    return _back(channel_id, texts.RESUMED)


@allow(Action.ADMINISTER)
def test(channel_id: str) -> ResponseReturnValue:
    app = tillstream()
    try:
        sender = messages.channel_sender(app)
        outcome = notice_deliveries.send_channel_test(sender, channel_id, me().login, lambda: messages.send_mail(app))
    except Rejected as error:
        return _back(channel_id, str(error), "wrong")
    _start_job()
    return _back(channel_id, outcome)


@allow(Action.ADMINISTER)
def remove(channel_id: str) -> ResponseReturnValue:
    channel_registry.remove_channel(ports(), channel_id, me().login)
    flash(texts.REMOVED, "done")
    return redirect(url_for("alert_channels.listing"), 303)


@allow(Action.ADMINISTER)
def send_again(delivery_id: str) -> ResponseReturnValue:
    """Send a delivery again that failed, or that may have been sent."""
    notice_deliveries.retry_notice(ports(), delivery_id, by=me().login)
    _start_job()
    flash(texts.SENT_AGAIN, "done")
    return redirect(url_for("alert_channels.listing"), 303)
