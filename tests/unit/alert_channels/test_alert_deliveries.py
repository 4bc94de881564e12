"""Deliveries of notices, to real servers: each channel gets each notice once, whatever fails or stops in between."""

import base64
import hashlib
import hmac
import json
from collections.abc import Sequence
from datetime import timedelta
from functools import partial

import pytest
from unit.alert_channels.channel_steps import FROM, PORTAL, channel, notify, sender_of, states
from unit.mail.mail_server import Inbox
from webhook_receiver import Receiver

from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App
from tillstream.delivery import alert_channel, channel_registry, notice_deliveries
from tillstream.delivery.alert_channel import AlertChannel, Notice
from tillstream.delivery.notice_deliveries import ChannelSender
from tillstream.delivery.signed_requests import SIGNING_PREFIX
from tillstream.delivery.smtp import SmtpServer
from tillstream.model.errors import NotFound, Rejected
from tillstream.model.permissions import Role
from tillstream.people import accounts
from tillstream.records import mail as records_mail
from tillstream.records.mail import Mail
from tillstream.records.outbox import FAILED, PAUSES, SENDING, SENT, UNCLEAR, WAITING


def verified(receiver: Receiver, key: str) -> list[dict[str, object]]:
    """The events that a receiver got, after their signatures are verified without the product's code."""
    events = []
    for headers, body in receiver.received:
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        digest = hmac.new(base64.b64decode(key.removeprefix(SIGNING_PREFIX)), signed, hashlib.sha256).digest()
        assert headers["webhook-signature"] == "v1," + base64.b64encode(digest).decode()
        events.append(json.loads(body))
    return events


def test_a_webhook_gets_a_notice_once_and_signed(app: App, receiver: Receiver) -> None:
    hook = channel(app, "webhook", url=receiver.url)
    notify(app, "n1", hook, hook)
    assert notice_deliveries.has_due_notices(app.ports)
    assert notice_deliveries.send_due_notices(sender_of(app)) == 1
    assert notice_deliveries.send_due_notices(sender_of(app)) == 0
    assert not notice_deliveries.has_due_notices(app.ports)
    (event,) = verified(receiver, channel_registry.channel_secrets(app.ports, hook.id).key)
    (one,) = notice_deliveries.list_notice_deliveries(app.ports)
    assert (event["id"], event["type"]) == (one.id, "alert.notices")
    (notice,) = event["notices"]
    assert notice | {"created_at": ""} == {
        "id": "n1",
        "alert_id": "a1",
        "rule_id": "r1",
        "kind": "opened",
        "title": "Alert n1",
        "text": "Milk is out of stock in LON1.",
        "severity": "urgent",
        "region": "UK",
        "stores": ["LON1"],
        "url": f"{PORTAL}/alerts/a1",
        "created_at": "",
    }
    assert (one.state, one.title, one.channel_name) == (SENT, "New alert: Alert n1", "webhook")


def test_a_notice_waits_until_it_is_due(app: App, receiver: Receiver, clock: ManualClock) -> None:
    """Also if its instant is written with the offset of another zone."""
    hook = channel(app, "webhook", url=receiver.url)
    notify(app, "n1", hook, due_at="2026-07-01T13:00:00+02:00")
    assert notice_deliveries.send_due_notices(sender_of(app)) == 0
    clock.advance(2 * 3600)
    assert notice_deliveries.send_due_notices(sender_of(app)) == 1


def test_a_channel_that_fails_delays_no_other_one(app: App, receiver: Receiver, clock: ManualClock) -> None:
    broken = channel(app, "webhook", url="http://127.0.0.1:1/x")
    works = channel(app, "webhook", url=receiver.url)
    notify(app, "n1", broken, works)
    reported: list[str] = []
    assert notice_deliveries.send_due_notices(sender_of(app), reported.append) == 1
    assert states(app) == [SENT, WAITING]
    for _ in PAUSES:
        assert reported == []
        clock.advance(9 * 3600)
        notice_deliveries.send_due_notices(sender_of(app), reported.append)
    assert states(app) == [FAILED, SENT]
    (failed,) = [one for one in notice_deliveries.list_notice_deliveries(app.ports) if one.state == FAILED]
    assert reported == [f"{failed.id}: failed. {failed.error}"]
    assert "cannot be reached" in failed.error
    assert len(receiver.received) == 1


def test_a_receiver_that_does_not_answer_costs_one_try_in_a_run(
    app: App, receiver: Receiver, clock: ManualClock
) -> None:
    """Otherwise a run would wait for it once for each notice."""
    hook = channel(app, "webhook", url=receiver.url)
    for number in range(3):
        notify(app, f"n{number}", hook)
    receiver.status = 503
    for tried in (1, 2):
        assert notice_deliveries.send_due_notices(sender_of(app)) == 0
        assert len(receiver.received) == tried
    receiver.status = 204
    assert notice_deliveries.send_due_notices(sender_of(app)) == 1
    clock.advance(600)
    assert notice_deliveries.send_due_notices(sender_of(app)) == 2
    assert states(app) == [SENT] * 3


def test_a_failed_delivery_is_sent_again_on_request(app: App, receiver: Receiver) -> None:
    hook = channel(app, "webhook", url=receiver.url)
    notify(app, "n1", hook)
    receiver.status = 410
    notice_deliveries.send_due_notices(sender_of(app))
    (one,) = notice_deliveries.list_notice_deliveries(app.ports)
    assert (one.state, one.error) == (FAILED, "The receiver answered 410.")
    receiver.status = 204
    notice_deliveries.retry_notice(app.ports, one.id, by="boss")
    with pytest.raises(Rejected):
        notice_deliveries.retry_notice(app.ports, one.id, by="boss")
    with pytest.raises(NotFound):
        notice_deliveries.retry_notice(app.ports, "x", by="boss")
    assert notice_deliveries.send_due_notices(sender_of(app)) == 1
    assert len({headers["webhook-id"] for headers, _ in receiver.received}) == 1


class Killed(ChannelSender):
    """A process that ends after it sent a message, before it can note that."""

    def send(self, channel: AlertChannel, id: str, notices: Sequence[Notice]) -> list[Mail]:
        super().send(channel, id, notices)
        raise KeyboardInterrupt


def killed(app: App) -> None:
    with pytest.raises(KeyboardInterrupt):
        notice_deliveries.send_due_notices(Killed(app.ports, PORTAL, FROM, private=True))


def test_a_process_that_ends_while_sending_leaves_the_delivery_unclear(
    app: App, receiver: Receiver, clock: ManualClock
) -> None:
    notify(app, "n1", channel(app, "webhook", url=receiver.url))
    killed(app)
    assert states(app) == [SENDING]
    clock.advance(3600)
    reported: list[str] = []
    assert notice_deliveries.send_due_notices(sender_of(app), reported.append) == 0
    assert states(app) == [UNCLEAR]
    assert [line.partition(": ")[2] for line in reported] == ["unclear. The process ended while it sent the delivery."]
    assert len(receiver.received) == 1


def test_email_goes_once_to_each_address_also_after_a_stop(
    app: App, inbox: Inbox, free_tcp_port: int, clock: ManualClock
) -> None:
    notify(app, "n1", channel(app, "email", recipients="ada@example.com\nbob@example.com"))
    killed(app)
    clock.advance(3600)
    assert notice_deliveries.send_due_notices(sender_of(app)) == 1
    send = partial(SmtpServer("127.0.0.1", free_tcp_port).send, "sales@example.com")
    assert records_mail.send_due_mail(app.ports, send) == 2
    assert states(app) == [SENT]
    assert sorted(message["To"] for message in inbox.messages) == ["ada@example.com", "bob@example.com"]
    message = inbox.messages[0]
    assert (message["From"], message["Subject"]) == (FROM, "New alert: Alert n1")
    lines = message.get_body(("plain",)).get_content().split()
    assert " ".join(lines) == f"Milk is out of stock in LON1. {PORTAL}/alerts/a1"


def test_collected_notices_are_one_message_a_day_at_the_hour_of_the_channel(
    app: App, receiver: Receiver, clock: ManualClock
) -> None:
    """7:00 in London is 6:00 UTC in summer."""
    hook = channel(app, "webhook", url=receiver.url, digest_hour=7, time_zone="Europe/London")
    for number in range(3):
        notify(app, f"n{number}", hook, digest=True)
        assert notice_deliveries.send_due_notices(sender_of(app)) == 0
    notify(app, "urgent", hook)
    assert notice_deliveries.send_due_notices(sender_of(app)) == 1
    clock.advance(timedelta(hours=20, minutes=59).total_seconds())
    assert notice_deliveries.send_due_notices(sender_of(app)) == 0
    clock.advance(60)
    assert notice_deliveries.send_due_notices(sender_of(app)) == 1
    notify(app, "late", hook, digest=True)
    assert notice_deliveries.send_due_notices(sender_of(app)) == 0
    clock.advance(86_400)
    assert notice_deliveries.send_due_notices(sender_of(app)) == 1
    bodies = [json.loads(body) for _, body in receiver.received]
    assert [[one["id"] for one in body["notices"]] for body in bodies] == [["urgent"], ["n0", "n1", "n2"], ["late"]]
    assert "3 notices about alerts" in {one.title for one in notice_deliveries.list_notice_deliveries(app.ports)}


def test_a_clock_that_goes_back_loses_no_collected_notice(app: App, receiver: Receiver, clock: ManualClock) -> None:
    hook = channel(app, "webhook", url=receiver.url)
    notify(app, "n1", hook, digest=True)
    notice_deliveries.take_due_notices(app.ports)
    clock.advance(86_400)
    assert notice_deliveries.send_due_notices(sender_of(app)) == 1
    clock.advance(-86_400)
    notify(app, "n2", hook, digest=True)
    assert notice_deliveries.send_due_notices(sender_of(app)) == 1


def test_users_get_only_the_notices_within_their_scope(app: App) -> None:
    ports = app.ports
    accounts.add_account(ports, "maya@example.com", "Maya", Role.MANAGER, regions=("UK",), stores=("LON1",))
    accounts.add_account(ports, "ravi", "Ravi", Role.ANALYST, regions=("IN",))
    accounts.add_account(ports, "gone", "Gone", Role.ANALYST)
    recipients = "all@example.com\nmaya@example.com\nravi ravi@example.com\ngone gone@example.com"
    mail = channel(app, "email", recipients=recipients)
    accounts.disable_account(ports, "gone")
    notify(app, "store", mail)
    notify(app, "other store", mail, stores=["LON1", "MAN1"])
    notify(app, "india", mail, region="IN", stores=[])
    notify(app, "pipeline", mail, region="", stores=[])
    assert notice_deliveries.send_due_notices(sender_of(app)) == 4
    received: dict[str, set[str]] = {}
    for one in records_mail.list_mail(ports):
        received.setdefault(one.to, set()).add(one.subject.removeprefix("New alert: Alert "))
    assert received == {
        "all@example.com": {"store", "other store", "india", "pipeline"},
        "maya@example.com": {"store"},
        "ravi@example.com": {"india"},
    }


def test_paused_and_removed_channels_get_nothing(app: App, receiver: Receiver) -> None:
    paused, removed = channel(app, "webhook", url=receiver.url), channel(app, "webhook", url=receiver.url)
    notify(app, "n1", paused, removed)
    channel_registry.pause_channel(app.ports, paused.id, "boss", is_paused=True)
    channel_registry.remove_channel(app.ports, removed.id, "boss")
    assert notice_deliveries.send_due_notices(sender_of(app)) == 0
    channel_registry.pause_channel(app.ports, paused.id, "boss", is_paused=False)
    assert notice_deliveries.send_due_notices(sender_of(app)) == 0
    assert app.ports.documents.count(alert_channel.NOTICES_COLLECTION, {"state": alert_channel.TAKEN}) == 1
    notify(app, "n2", paused)
    notice_deliveries.take_due_notices(app.ports)
    channel_registry.pause_channel(app.ports, paused.id, "boss", is_paused=True)
    assert notice_deliveries.send_due_notices(sender_of(app)) == 0
    assert [one.error for one in notice_deliveries.list_notice_deliveries(app.ports)] == ["The channel is paused."]
    assert receiver.received == []


def test_without_a_mail_server_email_fails_with_what_to_do(app: App) -> None:
    notify(app, "n1", channel(app, "email", recipients="ada@example.com"))
    notice_deliveries.send_due_notices(sender_of(app, mail_from=""))
    (one,) = notice_deliveries.list_notice_deliveries(app.ports)
    assert (one.state, "TILLSTREAM_SMTP_URL" in one.error) == (FAILED, True)
