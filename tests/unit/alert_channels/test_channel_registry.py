"""Channels as admins manage them: checks, secrets that are not shown again, tests, and the audit log."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

import pytest
from unit.alert_channels.channel_steps import channel, sender_of
from unit.mail.mail_server import Inbox
from webhook_receiver import Receiver

from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App
from tillstream.delivery import channel_registry, notice_deliveries
from tillstream.delivery.alert_channel import EMAIL, SLACK, WEBHOOK, AlertChannel, ChannelDraft
from tillstream.delivery.smtp import SmtpServer
from tillstream.model.errors import NotFound, Rejected
from tillstream.records import audit_log
from tillstream.records import mail as records_mail

URL = "https://example.com/hooks/secret-part-of-the-address"


def entries(app: App) -> list[str]:
    return [one.what for one in audit_log.find_entries(app.ports, audit_log.AuditFilter())]


def nothing() -> None:
    """This process sends no e-mail."""


@pytest.mark.parametrize(
    ("draft", "words"),
    [
        (ChannelDraft("", WEBHOOK, URL), "Enter a name"),
        (ChannelDraft("x" * 81, WEBHOOK, URL), "Enter a name"),
        (ChannelDraft("a", "pigeon", URL), "A channel is one of"),
        (ChannelDraft("a", WEBHOOK, ""), "https://"),
        (ChannelDraft("a", WEBHOOK, "https://10.0.0.1/"), "private network"),
        (ChannelDraft("a", SLACK, URL), "incoming webhook of Slack"),
        (ChannelDraft("a", EMAIL), "one per line"),
        (ChannelDraft("a", EMAIL, recipients="ada"), "is not an e-mail address"),
        (ChannelDraft("a", EMAIL, recipients="nobody ada@example.com"), "no active user"),
        (ChannelDraft("a", EMAIL, recipients="ada@example.com", digest_hour=24), "hour"),
        (ChannelDraft("a", EMAIL, recipients="ada@example.com", time_zone="Mars/Base"), "time zone"),
    ],
)
def test_a_mistake_is_rejected_and_nothing_is_stored(app: App, draft: ChannelDraft, words: str) -> None:
    with pytest.raises(Rejected, match=words):
        channel_registry.add_channel(app.ports, draft, "boss", private=False)
    assert channel_registry.find_channels(app.ports) == []


def test_secrets_are_in_no_channel_and_in_no_entry_of_the_audit_log(app: App) -> None:
    hook, key = channel_registry.add_channel(app.ports, ChannelDraft("Ops", WEBHOOK, URL), "boss", private=False)
    channel_registry.change_channel(
        app.ports, hook.id, ChannelDraft("Ops 2", WEBHOOK, f"{URL}2"), "boss", private=False
    )
    channel_registry.pause_channel(app.ports, hook.id, "boss", is_paused=True)
    channel_registry.remove_channel(app.ports, hook.id, "boss")
    assert hook.receiver == "https://example.com"
    log = json.dumps([one.to_json() for one in audit_log.find_entries(app.ports, audit_log.AuditFilter())])
    assert [text in log or text in repr(hook) for text in ("secret-part", key)] == [False, False]
    changes = [f"alert-channel.{what}" for what in ("removed", "changed", "changed", "added")]
    assert entries(app) == changes
    with pytest.raises(NotFound):
        channel_registry.get_channel(app.ports, hook.id)


def test_an_address_that_is_left_empty_stays(app: App) -> None:
    hook = channel(app, WEBHOOK, url=URL)
    changed = channel_registry.change_channel(app.ports, hook.id, ChannelDraft("New", SLACK), "boss", private=False)
    assert changed == replace(hook, name="New")
    assert channel_registry.channel_secrets(app.ports, hook.id).url == URL
    before = len(entries(app))
    channel_registry.change_channel(app.ports, hook.id, ChannelDraft("New", WEBHOOK), "boss", private=False)
    assert len(entries(app)) == before, "a change that changes nothing leaves no entry"


def test_there_is_a_limit(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channel_registry, "CHANNELS", replace(channel_registry.CHANNELS, limit=1))
    channel(app, WEBHOOK, url=URL)
    with pytest.raises(Rejected, match="at most 1"):
        channel(app, WEBHOOK, url=URL)


def test_a_test_shows_what_the_receiver_answered_and_can_be_repeated_after_a_while(
    app: App, receiver: Receiver, clock: ManualClock
) -> None:
    hook = channel(app, WEBHOOK, url=receiver.url)
    test = partial(notice_deliveries.send_channel_test, sender_of(app), hook.id, "boss", nothing)
    assert test() == notice_deliveries.ACCEPTED
    with pytest.raises(Rejected, match="Wait 15 seconds"):
        test()
    clock.advance(15)
    receiver.status = 500
    with pytest.raises(Rejected, match="The receiver answered 500"):
        test()
    (event, _) = [json.loads(body) for _, body in receiver.received]
    assert event["notices"][0]["kind"] == "test"
    assert entries(app).count("alert-channel.tested") == 2


def test_a_test_of_email_is_sent_at_once_where_there_is_a_mail_server(
    app: App, inbox: Inbox, free_tcp_port: int, clock: ManualClock
) -> None:
    mail = channel(app, EMAIL, recipients="ada@example.com")
    send = partial(
        records_mail.send_due_mail, app.ports, partial(SmtpServer("127.0.0.1", free_tcp_port).send, "a@example.com")
    )
    assert notice_deliveries.send_channel_test(sender_of(app), mail.id, "boss", nothing) == notice_deliveries.QUEUED
    clock.advance(60)
    assert notice_deliveries.send_channel_test(sender_of(app), mail.id, "boss", send) == notice_deliveries.ACCEPTED
    assert [message["Subject"] for message in inbox.messages] == ["Test: Tillstream"] * 2
    inbox.answer = "550 no such user"
    clock.advance(60)
    with pytest.raises(Rejected, match="550 no such user"):
        notice_deliveries.send_channel_test(sender_of(app), mail.id, "boss", send)


def test_the_hour_of_collected_notices_is_local_also_when_clocks_change() -> None:
    london = AlertChannel("1", "", EMAIL, "", (), 7, "Europe/London", False, "", "")
    for now, expected in (
        (datetime(2026, 3, 28, 12, tzinfo=UTC), datetime(2026, 3, 29, 6, tzinfo=UTC)),
        (datetime(2026, 3, 28, 6, 59, tzinfo=UTC), datetime(2026, 3, 28, 7, tzinfo=UTC)),
        (datetime(2026, 10, 24, 6, tzinfo=UTC), datetime(2026, 10, 25, 7, tzinfo=UTC)),
    ):
        assert london.next_digest(now) == expected
