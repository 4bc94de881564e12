"""E-mail in a project: the portal has the sender and not the mail server, and starts the job that has it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from app_factory import build
from large_settlements import StartedJobs, with_jobs
from visitor import People

from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App
from tillstream.model.errors import Rejected
from tillstream.ports.jobs import REPORTS_JOB
from tillstream.records import mail
from tillstream.records.mail import Mail
from tillstream.settings import Settings

NOT_SET_UP = "E-mail is not set up yet."


@pytest.fixture(params=["Tillstream <sales@example.com>", ""])
def sender(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def app(tmp_path: Path, clock: ManualClock, sender: str) -> Iterator[App]:
    opened, _ = with_jobs(build(Settings(home=tmp_path, samples=False, threads=1), clock))
    yield replace(opened, settings=opened.settings.model_copy(update={"project": "demo", "mail_from": sender}))
    opened.close()


def failed_message(app: App) -> str:
    def refuse(to: str, content: bytes) -> None:
        raise Rejected("no")

    mail.add_mail(app.ports, Mail("key", "ada@example.com", "Sales", "text"), "a@example.com")
    mail.send_due_mail(app.ports, refuse)
    (one,) = mail.list_mail(app.ports)
    return one.id


def test_a_sender_is_all_that_the_portal_needs(person: People, sender: str) -> None:
    assert (NOT_SET_UP in person().get("/reports").text) == (not sender)


def test_a_message_that_is_sent_again_starts_the_job(app: App, person: People, sender: str) -> None:
    message = failed_message(app)
    assert person().post(f"/reports/messages/{message}").status_code == 303
    assert isinstance(app.ports.jobs, StartedJobs)
    assert app.ports.jobs.starts == ([REPORTS_JOB] if sender else [])
    assert mail.has_due_mail(app.ports)


def test_a_job_that_cannot_be_started_leaves_the_message_to_the_sweep(app: App, person: People) -> None:
    message = failed_message(app)
    assert isinstance(app.ports.jobs, StartedJobs)
    app.ports.jobs.is_reachable = False
    assert person().post(f"/reports/messages/{message}").status_code == 303
    assert mail.has_due_mail(app.ports)
