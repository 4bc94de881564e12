"""Reports by e-mail: due at the hour and day of a subscription, once for each period, in the scope of each reader."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
import shop_of_two_stores

from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App
from tillstream.delivery.schedule import DeliverySchedule
from tillstream.model.errors import NotFound, Rejected
from tillstream.model.permissions import Role
from tillstream.people import accounts
from tillstream.records import audit_log, mail
from tillstream.reports import facts, forms, report_mail, subscriptions
from tillstream.reports.document import ReportDocument
from tillstream.reports.report_mail import ReportSender

JULY_2 = datetime(2026, 7, 2, 12, tzinfo=UTC)


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    """Maya is a manager of a store with sales, Ana one of a region without sales, so Ana's reports are quick."""
    opened = shop_of_two_stores.app(tmp_path)
    accounts.add_account(opened.ports, "maya", "Maya", Role.MANAGER, regions=("UK",), stores=("LDS1",))
    accounts.add_account(opened.ports, "ana", "Ana", Role.MANAGER, regions=("IN",))
    yield opened
    opened.close()


def sender(app: App) -> ReportSender:
    return ReportSender(
        app.ports, app.contracts, app.settings.reporting_currency, "a@example.com", "https://sales.example"
    )


def make_due(app: App) -> int:
    return sum(report_mail.make_due_reports(sender(app)))


def advance(app: App, to: datetime) -> None:
    clock = app.ports.clock
    assert isinstance(clock, ManualClock)
    clock.advance((to - clock.now()).total_seconds())


@pytest.mark.parametrize(
    ("schedule", "now", "last", "following"),
    [
        (DeliverySchedule("week", 1, 7, "UTC"), "2026-07-06T07:00", "2026-07-06T07:00", "2026-07-13T07:00"),
        (DeliverySchedule("week", 1, 7, "UTC"), "2026-07-06T06:59", "2026-06-29T07:00", "2026-07-06T07:00"),
        (DeliverySchedule("week", 1, 7, "UTC"), "2026-07-12T23:00", "2026-07-06T07:00", "2026-07-13T07:00"),
        (DeliverySchedule("week", 1, 7, "Asia/Kolkata"), "2026-07-06T01:30", "2026-07-06T01:30", "2026-07-13T01:30"),
        (DeliverySchedule("week", 7, 23, "UTC"), "2026-07-06T07:00", "2026-07-05T23:00", "2026-07-12T23:00"),
        (
            DeliverySchedule("week", 7, 23, "America/New_York"),
            "2026-07-06T02:00",
            "2026-06-29T03:00",
            "2026-07-06T03:00",
        ),
        (DeliverySchedule("month", 2, 7, "UTC"), "2026-07-02T06:59", "2026-06-02T07:00", "2026-07-02T07:00"),
        (DeliverySchedule("month", 2, 7, "UTC"), "2026-07-02T07:00", "2026-07-02T07:00", "2026-08-02T07:00"),
        (DeliverySchedule("month", 28, 0, "UTC"), "2026-03-01T00:00", "2026-02-28T00:00", "2026-03-28T00:00"),
        (
            DeliverySchedule("month", 2, 7, "America/New_York"),
            "2026-01-01T12:00",
            "2025-12-02T12:00",
            "2026-01-02T12:00",
        ),
    ],
)
def test_when_a_report_is_due(schedule: DeliverySchedule, now: str, last: str, following: str) -> None:
    at, before, after = (datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (now, last, following))
    assert (schedule.last(at), schedule.next(at)) == (before, after)


def test_a_schedule_in_words() -> None:
    assert DeliverySchedule.checked("week", None, None, "UTC").words == "every Monday at 7:00"
    assert DeliverySchedule.checked("week", 7, 0, "UTC").words == "every Sunday at 0:00"
    days = ["1st", "2nd", "3rd", "4th", "11th", "12th", "21st", "22nd", "23rd", "28th"]
    for day in days:
        assert DeliverySchedule("month", int(day[:-2]), 18, "UTC").words == f"every month on the {day} at 18:00"


@pytest.mark.parametrize(
    ("every", "day", "hour"),
    [("week", 8, 7), ("week", -1, 7), ("month", 29, 7), ("week", 1, 24), ("month", 1, -1), ("day", 1, 7)],
)
def test_other_schedules_are_rejected(app: App, every: str, day: int, hour: int) -> None:
    with pytest.raises(Rejected):
        subscriptions.subscribe_to_report(app.ports, "maya", every, "maya@example.com", by="maya", day=day, hour=hour)


def test_a_report_comes_at_the_hour_and_day_of_the_subscription(app: App) -> None:
    monthly = subscriptions.subscribe_to_report(
        app.ports, "ana", facts.MONTH, "a@example.com", by="ana", day=5, hour=18
    )
    assert monthly.schedule.words == "every month on the 5th at 18:00"
    assert next(audit_log.find_entries(app.ports, audit_log.AuditFilter())).after == {
        "to": "a@example.com",
        "when": monthly.schedule.words,
    }
    advance(app, datetime(2026, 7, 5, 17, 59, tzinfo=UTC))
    assert not subscriptions.has_due_reports(app.ports)
    advance(app, datetime(2026, 7, 5, 18, tzinfo=UTC))
    assert make_due(app) == 1
    (one,) = subscriptions.list_subscriptions(app.ports)
    assert one.next_due == "2026-08-05T18:00:00+00:00"


def test_a_subscription_of_an_earlier_version_keeps_its_monday_at_seven(app: App) -> None:
    old = {"login": "ana", "every": "week", "to": "a@example.com", "zone": "UTC", "by": "ana"}
    app.ports.documents.put(
        subscriptions.SUBSCRIPTIONS.name, "ana.week", old | {"last_due": "2026-06-29T07:00:00+00:00"}
    )
    (one,) = subscriptions.list_subscriptions(app.ports)
    assert (one.schedule.words, one.next_due) == ("every Monday at 7:00", "2026-07-06T07:00:00+00:00")
    advance(app, datetime(2026, 7, 6, 7, tzinfo=UTC))
    assert subscriptions.has_due_reports(app.ports)
    assert make_due(app) == 1
    assert subscriptions.list_subscriptions(app.ports)[0].next_due == "2026-07-13T07:00:00+00:00"


def sent(app: App) -> list[Any]:
    messages: list[Any] = []
    mail.send_due_mail(
        app.ports, lambda _to, content: messages.append(message_from_bytes(content, policy=policy.default))
    )
    return messages


def test_a_report_is_made_once_in_the_scope_of_its_reader(app: App) -> None:
    subscriptions.subscribe_to_report(app.ports, "maya", facts.MONTH, "maya@example.com", by="maya")
    assert not subscriptions.has_due_reports(app.ports)
    assert make_due(app) == 0
    advance(app, JULY_2)
    assert subscriptions.has_due_reports(app.ports)
    assert make_due(app) == 1
    assert not subscriptions.has_due_reports(app.ports)
    assert make_due(app) == 0
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
    subscriptions.subscribe_to_report(app.ports, "ana", facts.MONTH, "ana@example.com", by="ana")
    advance(app, JULY_2)
    add = mail.add_mail

    def killed(*arguments: Any) -> bool:
        add(*arguments)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(report_mail, "add_mail", killed)
        with pytest.raises(KeyboardInterrupt):
            make_due(app)
    assert subscriptions.has_due_reports(app.ports)
    assert make_due(app) == 0
    assert len(sent(app)) == 1


def test_stopped_accounts_and_ended_subscriptions_get_none(app: App) -> None:
    for every in (facts.MONTH, facts.WEEK):
        subscriptions.subscribe_to_report(app.ports, "maya", every, "maya@example.com", by="boss")
    subscriptions.unsubscribe_from_report(app.ports, "maya", facts.WEEK, by="boss")
    accounts.disable_account(app.ports, "maya", by="boss")
    advance(app, JULY_2 + timedelta(days=14))
    assert make_due(app) == 0
    assert [one.every for one in subscriptions.list_subscriptions(app.ports, "maya")] == [facts.MONTH]
    with pytest.raises(NotFound):
        subscriptions.unsubscribe_from_report(app.ports, "maya", facts.WEEK, by="boss")


@pytest.mark.parametrize("address", ["", "maya", "maya@example", "a b@example.com", "a@example.com, b@example.com"])
def test_other_text_is_no_address(app: App, address: str) -> None:
    with pytest.raises(Rejected):
        subscriptions.subscribe_to_report(app.ports, "maya", facts.MONTH, address, by="maya")


def test_a_report_that_cannot_be_made_keeps_no_other_from_being_sent(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    for login in ("ana", "maya"):
        subscriptions.subscribe_to_report(app.ports, login, facts.MONTH, f"{login}@example.com", by="boss")
    advance(app, JULY_2)
    render = forms.render_pdf

    def broken(document: ReportDocument) -> bytes:
        if "LDS1" not in document.subtitle:
            raise ValueError("no such glyph")
        return render(document)

    with monkeypatch.context() as patched:
        patched.setattr(forms, "render_pdf", broken)
        with pytest.raises(ExceptionGroup) as raised:
            make_due(app)
    assert [(str(one), one.__notes__) for one in raised.value.exceptions] == [
        ("no such glyph", ["The report of the subscription ana.month."])
    ]
    assert [message["To"] for message in sent(app)] == ["maya@example.com"]
    assert not subscriptions.has_due_reports(app.ports)
    advance(app, JULY_2 + report_mail.RETRY_AFTER)
    assert make_due(app) == 1
    assert [message["To"] for message in sent(app)] == ["ana@example.com"]
