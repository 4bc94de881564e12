"""Slack, Teams and other services: their real plugins of Apprise send to a server on this machine."""

import json
import logging
from typing import Any

import apprise
import pytest
import requests
from apprise.plugins.slack import NotifySlack
from unit.alert_channels.channel_steps import channel, notify, sender_of, states
from webhook_receiver import Receiver

from tillstream.app import App
from tillstream.delivery import chat_services, notice_deliveries
from tillstream.delivery.alert_channel import SERVICE, SLACK, TEAMS, NoticeMessage
from tillstream.model.errors import Rejected, Unavailable
from tillstream.records.outbox import WAITING

TOKEN = "TIiajkdnlazkcOXrIdevi7FQ"
SLACK_URL = f"https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/{TOKEN}"
POWER = "environment.api.powerplatform.com:443/powerautomate/automations/direct"
TEAMS_URLS = [
    f"https://{host}/workflows/643e69f83c8944438d68119179a10a64/triggers/manual/paths/invoke"
    "?api-version=2022-03-01-preview&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=KODuebWbDGYFr0z0eu6Rj8aUKz7108W3wrNJZxFE5A"
    for host in ("prod-161.westeurope.logic.azure.com:443", f"default8f3c1e2a4b5d.6f.{POWER}")
]
MESSAGE = NoticeMessage(
    "New alert: Milk", "Milk <b>is out</b> of stock in LON1 & MAN1.\n\nhttps://sales.example.com/alerts/a1"
)


def local(receiver: Receiver, scheme: str) -> str:
    return receiver.url.replace("http://", f"{scheme}://")


def bodies(receiver: Receiver) -> list[dict[str, Any]]:
    return [json.loads(body) for _, body in receiver.received]


def test_slack_gets_the_message(app: App, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(NotifySlack, "webhook_url", receiver.url)
    receiver.status, receiver.answer = 200, b"ok"
    slack = channel(app, SLACK, url=SLACK_URL)
    notify(app, "n1", slack)
    assert notice_deliveries.send_due_notices(sender_of(app)) == 1
    (body,) = bodies(receiver)
    (attachment,) = body["attachments"]
    assert attachment["title"] == "New alert: Alert n1"
    assert attachment["text"] == "Milk is out of stock in LON1.\n\nhttps://sales.example.com/alerts/a1"
    assert "github" not in json.dumps(body), "no pictures from other hosts"
    assert (slack.receiver, TOKEN in repr(slack)) == ("Slack", False)


@pytest.mark.parametrize("url", TEAMS_URLS)
def test_teams_gets_the_message(app: App, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """The plugin sends over HTTPS only, so its requests are led to the server on this machine."""
    post, sent_to = requests.post, []

    def lead(url: str, **arguments: Any) -> requests.Response:
        sent_to.append(url)
        return post(receiver.url, **arguments)

    receiver.status = 202
    teams = channel(app, TEAMS, url=url)
    monkeypatch.setattr(requests, "post", lead)
    monkeypatch.setattr(chat_services, "resolve_target", lambda *_, **__: None)
    notify(app, "n1", teams)
    assert notice_deliveries.send_due_notices(sender_of(app)) == 1
    assert [each.partition("?")[0] for each in sent_to] == [url.partition("?")[0]]
    assert r"Milk is out of stock in LON1\\." in json.dumps(bodies(receiver)), "escaped, as cards are Markdown"
    assert teams.receiver == "Teams"


def test_a_service_at_a_host_of_its_own_gets_the_message(receiver: Receiver) -> None:
    receiver.status = 200
    chat_services.send_to_service(
        local(receiver, "mmost").replace("/sales", "/abcdefgh"), SERVICE, MESSAGE, private=True
    )
    chat_services.send_to_service(local(receiver, "json"), SERVICE, MESSAGE, private=True)
    mattermost, plain = bodies(receiver)
    assert MESSAGE.title in mattermost["text"]
    assert "Milk <b>is out</b> of stock in LON1 & MAN1." in mattermost["text"]
    assert plain["message"] == MESSAGE.text


def test_what_a_service_refuses_is_tried_again_with_the_reason(app: App, receiver: Receiver) -> None:
    receiver.status = 503
    notify(app, "n1", channel(app, SERVICE, url=local(receiver, "mmost").replace("/sales", f"/{TOKEN}")))
    assert notice_deliveries.send_due_notices(sender_of(app)) == 0
    assert states(app) == [WAITING]
    (one,) = notice_deliveries.list_notice_deliveries(app.ports)
    assert "error=503" in one.error
    assert TOKEN not in one.error


def test_a_redirect_is_not_followed(receiver: Receiver) -> None:
    receiver.status = 302
    with pytest.raises(Unavailable):
        chat_services.send_to_service(local(receiver, "json"), SERVICE, MESSAGE, private=True)
    assert len(receiver.received) == 1


@pytest.mark.parametrize(
    "url",
    [
        "",
        "gibberish",
        "https://example.com/x",
        "syslog://",
        "dbus://",
        "mailto://user:password@example.com",
        f"{SLACK_URL}?template=/etc/passwd",
        f"slack://T1JJ3T3L2/A1BRTD4JD/{TOKEN}/?redirect=yes",
        "jsons://example.com/?verify=no",
        "json://example.com/",
        "jsons://127.0.0.1/",
        "jsons://169.254.169.254/latest",
        "jsons://[::1]/x",
        "jsons://2130706433/x",
        "betterstack://logs.example.com/abcdefghij",
        "workflows://10.0.0.1/abcd/efgh",
        "ntfys://user:pass@127.0.0.1/topic",
        "x" * 3000,
    ],
)
def test_addresses_that_are_not_permitted(url: str) -> None:
    with pytest.raises(Rejected):
        chat_services.service_name(url, SERVICE, private=False)


def test_a_name_that_resolves_to_a_private_address_gets_nothing() -> None:
    assert chat_services.service_name("jsons://localhost/x", SERVICE, private=False) == "JSON at localhost"
    with pytest.raises(Rejected, match="private network"):
        chat_services.send_to_service("jsons://localhost/x", SERVICE, MESSAGE, private=False)


def test_the_address_of_another_service_is_not_one_of_slack() -> None:
    for kind, url in ((SLACK, TEAMS_URLS[0]), (TEAMS, SLACK_URL)):
        with pytest.raises(Rejected, match="Enter the address"):
            chat_services.service_name(url, kind, private=False)


def test_every_permitted_service_is_one_of_apprise() -> None:
    schemas = apprise.Apprise().details()["schemas"]
    names = {str(one["service_name"]) for one in schemas}
    assert names >= chat_services.HOSTED | chat_services.OWN_HOST


def test_what_apprise_logs_stays_out_of_the_log(receiver: Receiver) -> None:
    lines: list[logging.LogRecord] = []

    class Log(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(record)

    root, log = logging.getLogger(), Log(logging.WARNING)
    root.addHandler(log)
    try:
        receiver.status = 500
        with pytest.raises(Unavailable):
            chat_services.send_to_service(
                local(receiver, "mmost").replace("/sales", f"/{TOKEN}"), SERVICE, MESSAGE, private=True
            )
        with pytest.raises(Rejected):
            chat_services.service_name(f"slack://T1JJ3T3L2/{TOKEN}", SLACK, private=True)
    finally:
        root.removeHandler(log)
    assert lines == []
