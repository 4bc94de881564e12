"""The job that sends reports: started when something is due, and not again while it works or just after it failed."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import shop_of_two_stores
from large_settlements import StartedJobs, with_jobs
from pydantic import SecretStr
from structlog.testing import capture_logs
from unit.alert_channels.channel_steps import channel, notify
from unit.mail.mail_server import serving
from webhook_receiver import receiving

from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App, mail_job, outgoing_deliveries
from tillstream.app.mail_job import start_mail_job
from tillstream.commands import report
from tillstream.delivery import background_run, subscription_files
from tillstream.delivery import subscriptions as exports
from tillstream.delivery.subscriptions import SubscriptionDraft
from tillstream.model.errors import Rejected, Unavailable
from tillstream.model.permissions import Role
from tillstream.people import accounts
from tillstream.records import mail, sales_loads
from tillstream.records.jobs import RESERVED_FOR
from tillstream.records.mail import Mail
from tillstream.records.outbox import LONGEST, NOT_SENT, PAUSES
from tillstream.reports import facts, subscriptions

MAIL = Mail("key", "ada@example.com", "Sales", "text")


@pytest.fixture
def project(tmp_path: Path) -> Iterator[tuple[App, StartedJobs]]:
    """An app that leaves reports to a job, as in a project, after the month of its sales."""
    opened = shop_of_two_stores.app(tmp_path)
    accounts.add_account(opened.ports, "maya", "Maya", Role.ANALYST)
    yield with_jobs(opened)
    opened.close()


def advance(app: App, by: timedelta) -> None:
    assert isinstance(app.ports.clock, ManualClock)
    app.ports.clock.advance(by.total_seconds())


def subscribe_and_wait(app: App) -> None:
    subscriptions.subscribe_to_report(app.ports, "maya", facts.MONTH, "maya@example.com", by="maya")
    advance(app, datetime(2026, 7, 2, 12, tzinfo=UTC) - app.ports.clock.now())


def test_it_does_not_start_again_while_a_report_waits_for_a_load(project: tuple[App, StartedJobs]) -> None:
    app, _ = project
    subscribe_and_wait(app)
    url = SecretStr("smtp://127.0.0.1:9")
    with_mail = replace(app, settings=app.settings.model_copy(update={"smtp_url": url}))
    starts = list[bool]()
    for _ in range(13):
        sales_loads.begin(app.ports, "files")
        starts.append(start_mail_job(app.ports, sends_mail=True))
        if starts[-1]:
            with mail_job.REPORTS.reserved(app.ports):
                report.deliver_due_messages(with_mail)
        advance(app, timedelta(minutes=5))
    assert starts == [True, *[False] * 11, True]
    assert app.ports.documents.count(mail.MAIL_COLLECTION) == 1


def test_it_starts_for_messages_that_are_due(project: tuple[App, StartedJobs]) -> None:
    app, jobs = project

    def absent(to: str, content: bytes) -> None:
        raise Unavailable("The mail server cannot be reached")

    mail.add_mail(app.ports, MAIL, "a@example.com")
    for pause in PAUSES:
        assert start_mail_job(app.ports, sends_mail=True)
        with mail_job.REPORTS.reserved(app.ports):
            mail.send_due_mail(app.ports, absent)
        assert not start_mail_job(app.ports, sends_mail=True)
        advance(app, pause)
    assert len(jobs.starts) == len(PAUSES)


def test_it_starts_to_notice_that_a_message_is_unclear(project: tuple[App, StartedJobs]) -> None:
    app, _ = project

    def killed(to: str, content: bytes) -> None:
        raise KeyboardInterrupt

    mail.add_mail(app.ports, MAIL, "a@example.com")
    with pytest.raises(KeyboardInterrupt), mail_job.REPORTS.reserved(app.ports):
        mail.send_due_mail(app.ports, killed)
    advance(app, LONGEST + timedelta(seconds=1))
    assert not start_mail_job(app.ports, sends_mail=True), "the run may still be at work"
    advance(app, RESERVED_FOR)
    assert start_mail_job(app.ports, sends_mail=True)


class CountedDocuments:
    """Documents with the number of their calls."""

    def __init__(self, documents: Any) -> None:
        self._documents, self.calls = documents, Counter[str]()

    def __getattr__(self, name: str) -> Any:
        return partial(self._call, name)

    def _call(self, name: str, *arguments: Any, **named: Any) -> Any:
        answer = getattr(self._documents, name)(*arguments, **named)
        self.calls[name] += max(1, len(answer)) if name == "find" else 1  # as Firestore counts its reads
        return answer


def test_a_look_reads_ten_documents_however_many_subscriptions_there_are(project: tuple[App, StartedJobs]) -> None:
    app, _ = project
    for number in range(20):
        accounts.add_account(app.ports, f"user{number}", "User", Role.ANALYST)
        subscriptions.subscribe_to_report(app.ports, f"user{number}", facts.WEEK, "user@example.com", by="boss")
        documents = CountedDocuments(app.ports.documents)
        assert not start_mail_job(replace(app.ports, documents=documents), sends_mail=True)
        assert documents.calls == {"find": 10}


def test_the_command_sends_each_report_once_and_lets_the_job_go(
    project: tuple[App, StartedJobs], free_tcp_port: int
) -> None:
    app, _ = project
    subscribe_and_wait(app)
    mail.add_mail(app.ports, MAIL, "a@example.com")
    assert start_mail_job(app.ports, sends_mail=True)
    url = SecretStr(f"smtp://127.0.0.1:{free_tcp_port}")
    with_mail = replace(app, settings=app.settings.model_copy(update={"smtp_url": url}))
    with serving(free_tcp_port) as inbox:
        sent = [report.send_due_reports(with_mail).data for _ in range(2)]
    assert sent == [{"made": 1, "sent": 2}, {"made": 0, "sent": 0}]
    assert [message["To"] for message in inbox.messages] == ["ada@example.com", "maya@example.com"]
    assert not start_mail_job(app.ports, sends_mail=True)


def test_the_job_delivers_notices_also_without_a_mail_server(project: tuple[App, StartedJobs]) -> None:
    app, _ = project
    with pytest.raises(Rejected, match="E-mail is not set up"):
        report.send_due_reports(app)
    app = replace(app, settings=app.settings.model_copy(update={"webhook_private": True}))
    with receiving() as receiver, capture_logs() as lines:
        works = channel(app, "webhook", url=receiver.url)
        notify(app, "n1", works, channel(app, "email", recipients="ada@example.com"))
        assert report.send_due_reports(app).data == {"made": 0, "sent": 0}
    assert len(receiver.received) == 1
    (line,) = [one for one in lines if one["event"] == NOT_SENT]
    assert "TILLSTREAM_SMTP_URL" in line["reason"]


def test_a_refused_message_is_in_the_log_that_the_alert_counts(
    project: tuple[App, StartedJobs], free_tcp_port: int
) -> None:
    app, _ = project
    mail.add_mail(app.ports, MAIL, "a@example.com")
    url = SecretStr(f"smtp://127.0.0.1:{free_tcp_port}")
    with_mail = replace(app, settings=app.settings.model_copy(update={"smtp_url": url}))
    with serving(free_tcp_port) as inbox, capture_logs() as lines:
        inbox.answer = "550 no such user"
        assert report.send_due_reports(with_mail).data == {"made": 0, "sent": 0}
    (line,) = [one for one in lines if one["event"] == NOT_SENT]
    assert line["reason"].endswith("failed. The mail server answered 550 no such user")


def test_the_first_error_ends_the_run_and_the_others_are_logged(
    project: tuple[App, StartedJobs], monkeypatch: pytest.MonkeyPatch
) -> None:
    app, _ = project
    draft = SubscriptionDraft("Stores", "/explore?by=store", "csv", "maya@example.com", "day")
    exports.send_subscription_now(app.ports, exports.add_subscription(app.ports, "maya", draft, "maya").id, "maya")
    reasons = iter(["the first", "the second", "the third"])

    def send_waiting(_: App) -> int:
        raise Unavailable(next(reasons))

    def run_due(*_: Any, after_each: Callable[[], None], **__: Any) -> list[str]:
        after_each()
        after_each()
        return []

    monkeypatch.setattr(outgoing_deliveries, "send_waiting_messages", send_waiting)
    monkeypatch.setattr(background_run, "run_due_exports", run_due)
    with capture_logs() as lines, pytest.raises(Unavailable, match="the first"):
        report.send_due_reports(app)
    (line,) = [one for one in lines if one["event"] == NOT_SENT]
    assert line["reason"] == "Unavailable('the second') Unavailable('the third')"


def test_without_an_address_of_a_mail_server_the_command_gives_the_reason(project: tuple[App, StartedJobs]) -> None:
    with pytest.raises(Rejected, match="Set TILLSTREAM_SMTP_URL"):
        report.send_due_reports(project[0])


def test_the_job_takes_up_all_that_it_is_started_for(project: tuple[App, StartedJobs]) -> None:
    app, _ = project
    draft = SubscriptionDraft("Stores", "/explore?by=store", "csv", "maya@example.com", "day")
    one = exports.add_subscription(app.ports, "maya", draft, "maya")
    exports.send_subscription_now(app.ports, one.id, "maya")
    assert start_mail_job(app.ports, sends_mail=False)
    assert report.send_due_reports(app).data == {"made": 0, "sent": 0}
    assert exports.get_subscription(app.ports, one.id).error == subscription_files.NO_MAIL
    assert not start_mail_job(app.ports, sends_mail=False)
    with pytest.raises(Rejected, match="E-mail is not set up"):
        report.send_due_reports(app)
