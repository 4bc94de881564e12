"""The sweep starts the job of reports where the project has a sender of e-mail, and only when something is due."""

from dataclasses import replace

import pytest
from flask import Flask, request
from large_settlements import with_jobs
from unit.alert_channels.channel_steps import channel, notify

from functions import main
from tillstream.app import App
from tillstream.model.errors import Unavailable
from tillstream.operations import maintenance_status
from tillstream.ports.jobs import REPORTS_JOB
from tillstream.records import mail
from tillstream.records.jobs import JOB_RUNS
from tillstream.records.mail import Mail


def sweep() -> None:
    with Flask("sweep").test_request_context("/"):
        assert main.sweep(request)[1] == 200


@pytest.mark.parametrize(("sender", "starts"), [("", []), ("Tillstream <sales@example.com>", [REPORTS_JOB])])
def test_a_message_that_is_due_starts_the_job_once(
    app: App, monkeypatch: pytest.MonkeyPatch, sender: str, starts: list[str]
) -> None:
    project, jobs = with_jobs(app, rows=1_000)
    settings = app.settings.model_copy(update={"project": "demo", "mail_from": sender})
    monkeypatch.setattr(main, "app", lambda: replace(project, settings=settings))
    sweep()
    assert jobs.starts == []
    assert app.ports.documents.get(JOB_RUNS, REPORTS_JOB) is None
    mail.add_mail(app.ports, Mail("key", "ada@example.com", "Sales", "text"), "a@example.com")
    sweep()
    sweep()
    assert jobs.starts == starts


def test_a_job_that_cannot_be_started_delays_nothing_else(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    project, jobs = with_jobs(app, rows=1_000)
    jobs.is_reachable = False
    settings = app.settings.model_copy(update={"project": "demo", "mail_from": "a@example.com"})
    monkeypatch.setattr(main, "app", lambda: replace(project, settings=settings))
    mail.add_mail(app.ports, Mail("key", "ada@example.com", "Sales", "text"), "a@example.com")
    with pytest.raises(Unavailable):
        sweep()
    assert maintenance_status.last_run(app.ports, maintenance_status.SWEEP_TASK)
    jobs.is_reachable = True
    sweep()
    assert jobs.starts == [REPORTS_JOB]


@pytest.mark.parametrize("sender", ["", "Tillstream <sales@example.com>"])
def test_a_notice_that_is_due_starts_the_job_also_without_e_mail(
    app: App, monkeypatch: pytest.MonkeyPatch, sender: str
) -> None:
    project, jobs = with_jobs(app, rows=1_000)
    settings = app.settings.model_copy(update={"project": "demo", "mail_from": sender})
    monkeypatch.setattr(main, "app", lambda: replace(project, settings=settings))
    notify(app, "n1", channel(app, "webhook", url="https://example.com/x"))
    sweep()
    sweep()
    assert jobs.starts == [REPORTS_JOB]
