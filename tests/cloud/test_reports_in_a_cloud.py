"""Reports by e-mail in a project: the sweep starts the job, whose process sends each message once."""

import uuid
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import shop_of_two_stores
from flask import Flask, request
from google.cloud.storage import Client
from stateful.on_google import project
from unit.mail.mail_server import Inbox, serving

from devtools.emulators import PROJECT
from devtools.local_jobs import LocalJobs, served
from functions import main
from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App, build, outgoing_deliveries
from tillstream.delivery import file_deliveries
from tillstream.delivery import subscriptions as export_subscriptions
from tillstream.delivery.file_destinations import FileDestinationDraft
from tillstream.delivery.subscriptions import SubscriptionDraft
from tillstream.model.errors import Rejected
from tillstream.model.permissions import Role
from tillstream.people import accounts
from tillstream.records import mail
from tillstream.records.outbox import SENT
from tillstream.reports import facts, subscriptions

pytestmark = pytest.mark.usefixtures("pubsub", "firestore", "cloud_storage", "bigquery")
SENDER = "Tillstream <sales@example.com>"


@pytest.fixture
def inbox(free_tcp_port: int) -> Iterator[Inbox]:
    with serving(free_tcp_port) as inbox:
        yield inbox


@pytest.fixture
def jobs(tmp_path: Path) -> LocalJobs:
    return LocalJobs(tmp_path)


@pytest.fixture
def app(tmp_path: Path, jobs: LocalJobs, free_tcp_port: int) -> Iterator[App]:
    """A function's app: it has the sender, and not the address of the mail server, which only the job has."""
    with served(jobs) as address:
        settings = project().model_copy(update={"run_api": address, "mail_from": SENDER})
        jobs.variables = {
            "TILLSTREAM_PROJECT": settings.project,
            "TILLSTREAM_RUN_API": address,
            "TILLSTREAM_MAIL_FROM": SENDER,
            "TILLSTREAM_SMTP_URL": f"smtp://127.0.0.1:{free_tcp_port}",
            "TILLSTREAM_PUBLIC_URL": "https://sales.example.com",
        }
        with closing(build(settings)) as opened:
            yield opened


def sweep(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(main, "app", lambda: app)
    with Flask("sweep").test_request_context("/"):
        assert main.sweep(request)[1] == 200


def subscribe_last_week(app: App) -> None:
    clock = ManualClock(app.ports.clock.now() - timedelta(days=7))
    ports = replace(app.ports, clock=clock)
    accounts.add_account(ports, "maya", "Maya", Role.MANAGER, regions=("UK",), stores=("LDS1",))
    subscriptions.subscribe_to_report(ports, "maya", facts.WEEK, "maya@example.com", by="maya", day=1, hour=0)


@pytest.mark.long
def test_a_report_that_is_due_is_sent_once_by_the_job(
    app: App, jobs: LocalJobs, inbox: Inbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    today = app.ports.clock.now().date()
    shop_of_two_stores.add(app, tmp_path, today - timedelta(days=15), today - timedelta(days=1))
    sweep(app, monkeypatch)
    assert jobs.processes == []
    subscribe_last_week(app)

    sweep(app, monkeypatch)
    sweep(app, monkeypatch)
    (process,) = jobs.processes
    log = tmp_path / "job-reports.log"
    assert process.wait(300) == 0, log.read_text()
    (message,) = inbox.messages
    assert (message["To"], message["From"]) == ("maya@example.com", SENDER)
    text, page = (message.get_body((kind,)).get_content() for kind in ("plain", "html"))
    week = facts.latest_period(facts.WEEK, today)
    assert f"Revenue in {week.name} is" in text
    assert "Stores LDS1" in text
    assert "MAN1" not in text + page
    assert 'href="https://sales.example.com/dashboard' in page
    assert [one.state for one in mail.list_mail(app.ports)] == [SENT]

    sweep(app, monkeypatch)
    assert jobs.processes == [process]
    assert len(inbox.messages) == 1


@pytest.mark.long
def test_a_subscribed_table_is_sent_once_by_the_same_job_within_the_scope_of_its_reader(
    app: App, jobs: LocalJobs, inbox: Inbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    today = app.ports.clock.now().date()
    shop_of_two_stores.add(app, tmp_path, today - timedelta(days=5), today - timedelta(days=1))
    accounts.add_account(app.ports, "maya", "Maya", Role.MANAGER, regions=("UK",), stores=("LDS1",))
    address = f"/explore?measure=revenue&by=store&from={today - timedelta(days=5)}&to={today}&currency=GBP"
    table = SubscriptionDraft("Stores", address, "csv", "maya@example.com", "month")
    one = export_subscriptions.add_subscription(app.ports, "maya", table, "maya")
    sweep(app, monkeypatch)
    assert jobs.processes == []
    export_subscriptions.send_subscription_now(app.ports, one.id, "maya")

    sweep(app, monkeypatch)
    sweep(app, monkeypatch)
    (process,) = jobs.processes
    assert process.wait(300) == 0, (tmp_path / "job-reports.log").read_text()
    (message,) = inbox.messages
    assert message["To"] == "maya@example.com"
    (attachment,) = message.iter_attachments()
    header, row = attachment.get_payload(decode=True).decode("utf-8-sig").splitlines()
    assert header == '"store","revenue"'
    assert row.startswith(("LDS1,", '"LDS1",', '"UK/LDS1"'))
    assert "https://sales.example.com/explore?" in message.get_body(("plain",)).get_content()
    assert [each.state for each in mail.list_mail(app.ports)] == [SENT]

    sweep(app, monkeypatch)
    assert jobs.processes == [process]


@pytest.mark.long
def test_a_subscribed_table_is_delivered_to_a_bucket_without_e_mail(
    app: App, jobs: LocalJobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    today = app.ports.clock.now().date()
    shop_of_two_stores.add(app, tmp_path, today - timedelta(days=5), today - timedelta(days=1))
    accounts.add_account(app.ports, "maya", "Maya", Role.MANAGER, regions=("UK",), stores=("LDS1",))
    bucket = Client(PROJECT).create_bucket(f"bi-{uuid.uuid4().hex}")
    outgoing_deliveries.add_file_destination(app, FileDestinationDraft("bi", f"gs://{bucket.name}/sales"), "boss")
    with pytest.raises(Rejected, match="A project delivers to buckets"):
        outgoing_deliveries.add_file_destination(app, FileDestinationDraft("folder", "/data"), "boss")
    address = f"/explore?measure=revenue&by=store&from={today - timedelta(days=5)}&to={today}&currency=GBP"
    table = SubscriptionDraft("Stores", address, "csv", "", "month", destination="bi", file_name="latest")
    one = export_subscriptions.add_subscription(app.ports, "maya", table, "maya")
    export_subscriptions.send_subscription_now(app.ports, one.id, "maya")
    jobs.variables = {name: text for name, text in jobs.variables.items() if name != "TILLSTREAM_SMTP_URL"}

    sweep(app, monkeypatch)
    (process,) = jobs.processes
    assert process.wait(300) == 0, (tmp_path / "job-reports.log").read_text()
    (blob,) = bucket.list_blobs()
    assert blob.name == "sales/latest.csv"
    header, row = blob.download_as_bytes().decode("utf-8-sig").splitlines()
    assert header == '"store","revenue"'
    assert "LDS1" in row
    assert [each.state for each in file_deliveries.list_file_deliveries(app.ports)] == [SENT]
    assert outgoing_deliveries.test_file_destination(app, "bi", "boss") == (
        f"The file tillstream-test.txt was written to gs://{bucket.name}/sales/."
    )
    sweep(app, monkeypatch)
    assert jobs.processes == [process]


def test_a_job_without_the_address_of_a_mail_server_gives_the_reason_and_is_not_started_at_once_again(
    app: App, jobs: LocalJobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscribe_last_week(app)
    jobs.variables = {name: value for name, value in jobs.variables.items() if name != "TILLSTREAM_SMTP_URL"}
    sweep(app, monkeypatch)
    (process,) = jobs.processes
    assert process.wait(60) == 1
    assert "E-mail is not set up. Set TILLSTREAM_SMTP_URL" in (tmp_path / "job-reports.log").read_text()
    sweep(app, monkeypatch)
    assert jobs.processes == [process]
