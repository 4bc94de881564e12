"""Pages of channels: only admins see them, addresses and keys are not shown again, failures are shown with a button."""

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from shop_steps import ALERT_HOOK, Shop, alert_channel, failed_delivery
from unit.alert_channels.channel_steps import notify
from webhook_receiver import Receiver, receiving

from tillstream.app import App, outgoing_deliveries
from tillstream.delivery import channel_registry, notice_deliveries
from tillstream.delivery.alert_channel import ChannelDraft

SLACK = "https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"
WHEN = {"digest_hour": "7", "time_zone": "Europe/London"}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as running:
        yield running


def test_a_webhook_is_created_and_its_key_shown_once(shop: Shop, app: App) -> None:
    assert "No channels yet" in shop.boss.get("/alert-channels").text
    answer = shop.boss.post("/alert-channels/new/webhook", ALERT_HOOK | {"url": "https://example.com/t0ken"})
    key = re.search(r"whsec_[A-Za-z0-9+/=]+", answer.text)
    assert answer.status_code == 201
    assert key
    (created,) = channel_registry.find_channels(app.ports)
    assert channel_registry.channel_secrets(app.ports, created.id).key == key[0]
    for page in ("/alert-channels", f"/alert-channels/{created.id}"):
        text = shop.boss.get(page).text
        assert "https://example.com" in text
        assert [secret in text for secret in ("t0ken", "whsec_")] == [False, False]


@pytest.mark.parametrize(
    ("kind", "fields", "words"),
    [
        ("email", {"recipients": "ada@example.com\nbob@example.com"}, "2 recipients"),
        ("slack", {"url": SLACK}, "To Slack."),
        ("service", {"url": "discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js"}, "To Discord."),
    ],
)
def test_each_kind_has_its_form(shop: Shop, kind: str, fields: dict[str, str], words: str) -> None:
    form = shop.boss.get(f"/alert-channels/new/{kind}").text
    assert all(f'name="{name}"' in form for name in fields)
    page = shop.boss.post(f"/alert-channels/new/{kind}", {"name": "Ops"} | WHEN | fields, follow_redirects=True)
    assert words in page.text
    assert "TIiajkdnlazkcOXrIdevi7FQ" not in page.text


@pytest.mark.parametrize(
    ("kind", "fields", "words"),
    [
        ("webhook", {"name": ""}, "Enter a name."),
        ("webhook", {"url": "https://127.0.0.1/x"}, "is an address of a private network"),
        ("slack", {"url": "https://example.com"}, "Enter the address of an incoming webhook of Slack"),
        ("email", {"recipients": "ada"}, "is not an e-mail address"),
        ("service", {"url": "syslog://"}, "is not a service that alerts can be sent to"),
    ],
)
def test_a_mistake_is_shown_and_nothing_is_stored(
    shop: Shop, app: App, kind: str, fields: dict[str, str], words: str
) -> None:
    answer = shop.boss.post(f"/alert-channels/new/{kind}", ALERT_HOOK | fields)
    assert (answer.status_code, words in answer.text) == (422, True)
    assert channel_registry.find_channels(app.ports) == []


def test_a_change_without_an_address_keeps_it(shop: Shop, app: App) -> None:
    id_ = alert_channel(shop)
    assert "Leave it empty to keep the address." in shop.boss.get(f"/alert-channels/{id_}").text
    shop.boss.post(f"/alert-channels/{id_}/change", ALERT_HOOK | {"name": "Night shift", "url": ""})
    assert channel_registry.get_channel(app.ports, id_).name == "Night shift"
    assert channel_registry.channel_secrets(app.ports, id_).url == ALERT_HOOK["url"]
    answer = shop.boss.post(f"/alert-channels/{id_}/change", ALERT_HOOK | {"url": "http://example.com"})
    assert (answer.status_code, "begins with https://" in answer.text) == (422, True)


def test_a_test_shows_its_outcome(shop: Shop, app: App, receiver: Receiver) -> None:
    id_ = alert_channel(shop)
    channel_registry.change_channel(app.ports, id_, ChannelDraft("Ops", "webhook", receiver.url), "boss", private=True)
    page = shop.boss.post(f"/alert-channels/{id_}/test", follow_redirects=True).text
    assert "The address of a webhook begins with https://" in page
    assert receiver.received == []
    assert "Wait 15 seconds" in shop.boss.post(f"/alert-channels/{id_}/test", follow_redirects=True).text


def test_a_failed_delivery_is_shown_and_tried_again(shop: Shop, app: App, receiver: Receiver) -> None:
    delivery = failed_delivery(shop)
    page = shop.boss.get("/alert-channels").text
    assert ("The channel is paused." in page, "Try again" in page) == (True, True)
    (one,) = channel_registry.find_channels(app.ports)
    shop.boss.post(f"/alert-channels/{one.id}/resume")
    assert "sent again within a minute" in shop.boss.post(f"/alert-deliveries/{delivery}", follow_redirects=True).text
    channel_registry.change_channel(
        app.ports, one.id, ChannelDraft("Ops", "webhook", receiver.url), "boss", private=True
    )
    notice_deliveries.send_due_notices(replace(outgoing_deliveries.channel_sender(app), private=True))
    assert len(receiver.received) == 1
    assert "Try again" not in shop.boss.get("/alert-channels").text


def test_email_leads_to_the_messages(shop: Shop, app: App) -> None:
    channel, _ = channel_registry.add_channel(
        app.ports, ChannelDraft("Ops", "email", "", "a@example.com"), "boss", private=False
    )
    assert "E-mail is not set up" in shop.boss.get("/alert-channels/new/email").text
    assert "TILLSTREAM_SMTP_URL" in shop.boss.post(f"/alert-channels/{channel.id}/test", follow_redirects=True).text
    notify(app, "n1", channel)
    notice_deliveries.send_due_notices(replace(outgoing_deliveries.channel_sender(app), mail_from="a@example.com"))
    assert "Sent by e-mail" in shop.boss.get("/alert-channels").text
    assert "New alert: Alert n1" in shop.boss.get("/reports").text


def test_others_do_not_see_channels(shop: Shop) -> None:
    id_, clerk = alert_channel(shop), shop.anonymous()
    clerk.sign_in("asha")
    pages = ("/alert-channels", "/alert-channels/new/email", f"/alert-channels/{id_}")
    assert [clerk.get(page).status_code for page in pages] == [403, 403, 403]
    assert shop.boss.get("/alert-channels/new/pigeon").status_code == 404
