"""Reports by e-mail: due on Mondays and on the second of a month, once for each period, in the scope of each reader."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
import shop_of_two_stores

from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App
from tillstream.domain.errors import NotFound, Rejected
from tillstream.domain.people import Role
from tillstream.mail import outbox
from tillstream.people import accounts
from tillstream.reports import period, subscriptions
from tillstream.reports.subscriptions import Sender, Subscription, due_at

JULY_2 = datetime(2026, 7, 2, 12, tzinfo=UTC)


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    opened = shop_of_two_stores.app(tmp_path)
    accounts.add(opened.ports, "maya", "Maya", Role.MANAGER, regions=("UK",), stores=("LDS1",))
    yield opened
    opened.close()


def sender(app: App) -> Sender:
    return Sender(app.ports, app.contracts, app.settings.reporting_currency, "a@example.com", "https://sales.example")


def advance(app: App, to: datetime) -> None:
    clock = app.ports.clock
    assert isinstance(clock, ManualClock)
    clock.advance((to - clock.now()).total_seconds())


@pytest.mark.parametrize(
    ("every", "zone", "now", "due"),
    [
        ("week", "UTC", "2026-07-06T07:00", "2026-07-06T07:00"),
        ("week", "UTC", "2026-07-06T06:59", "2026-06-29T07:00"),
        ("week", "UTC", "2026-07-12T23:00", "2026-07-06T07:00"),
        ("week", "Asia/Kolkata", "2026-07-06T01:30", "2026-07-06T01:30"),
        ("month", "UTC", "2026-07-02T06:59", "2026-06-02T07:00"),
        ("month", "UTC", "2026-07-02T07:00", "2026-07-02T07:00"),
        ("month", "America/New_York", "2026-01-01T12:00", "2025-12-02T12:00"),
    ],
)
def test_when_a_report_is_due(every: str, zone: str, now: str, due: str) -> None:
    one = Subscription("maya", every, "maya@example.com", zone, "", "boss")
    at, expected = (datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (now, due))
    assert due_at(one, at) == expected


def sent(app: App) -> list[Any]:
    messages: list[Any] = []
    outbox.send_due(app.ports, lambda _to, content: messages.append(message_from_bytes(content, policy=policy.default)))
    return messages


def test_a_report_is_made_once_in_the_scope_of_its_reader(app: App) -> None:
    subscriptions.subscribe(app.ports, "maya", period.MONTH, "maya@example.com", by="maya")
    assert not subscriptions.has_due(app.ports)
    assert subscriptions.make_due(sender(app)) == 0
    advance(app, JULY_2)
    assert subscriptions.has_due(app.ports)
    assert subscriptions.make_due(sender(app)) == 1
    assert not subscriptions.has_due(app.ports)
    assert subscriptions.make_due(sender(app)) == 0
    (message,) = sent(app)
    assert (message["To"], message["Subject"]) == ("maya@example.com", "Sales in June 2026")
    text, page = (message.get_body((kind,)).get_content() for kind in ("plain", "html"))
    assert "Revenue in June 2026 is" in text
    assert "MAN1" not in text + page
    assert 'href="https://sales.example/dashboard' in page
    (attachment,) = message.iter_attachments()
    assert attachment.get_filename() == "sales-2026-06.pdf"
    assert attachment.get_content().startswith(b"%PDF")


def test_a_stop_between_the_message_and_its_note_makes_no_second_one(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    subscriptions.subscribe(app.ports, "maya", period.MONTH, "maya@example.com", by="maya")
    advance(app, JULY_2)
    add = outbox.add

    def killed(*arguments: Any) -> bool:
        add(*arguments)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(outbox, "add", killed)
        with pytest.raises(KeyboardInterrupt):
            subscriptions.make_due(sender(app))
    assert subscriptions.has_due(app.ports)
    assert subscriptions.make_due(sender(app)) == 0
    assert len(sent(app)) == 1


def test_stopped_accounts_and_ended_subscriptions_get_none(app: App) -> None:
    for every in (period.MONTH, period.WEEK):
        subscriptions.subscribe(app.ports, "maya", every, "maya@example.com", by="boss")
    subscriptions.unsubscribe(app.ports, "maya", period.WEEK, by="boss")
    accounts.disable(app.ports, "maya", by="boss")
    advance(app, JULY_2 + timedelta(days=14))
    assert subscriptions.make_due(sender(app)) == 0
    assert [one.every for one in subscriptions.listed(app.ports, "maya")] == [period.MONTH]
    with pytest.raises(NotFound):
        subscriptions.unsubscribe(app.ports, "maya", period.WEEK, by="boss")


@pytest.mark.parametrize("address", ["", "maya", "maya@example", "a b@example.com", "a@example.com, b@example.com"])
def test_other_text_is_no_address(app: App, address: str) -> None:
    with pytest.raises(Rejected):
        subscriptions.subscribe(app.ports, "maya", period.MONTH, address, by="maya")
    assert replace(Subscription("a", "week", "", "", "", ""), login="b").id == "b.week"
