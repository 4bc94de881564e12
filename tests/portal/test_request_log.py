"""In a project each request is one line, in Cloud Logging's form, with its trace and without what nobody may read."""

import json
from dataclasses import replace
from typing import Any

import pytest
from portal_factory import create_app
from visitor import PASSWORD, Visitor

from tillstream import logs
from tillstream.app import App
from tillstream.model.permissions import Role
from tillstream.people import accounts, invitation_links

TRACE = "0123456789abcdef0123456789abcdef"


def in_a_project(app: App) -> Visitor:
    """Asha, at a portal that logs as in a project from now on."""
    settings = app.settings.model_copy(update={"project": "demo"})
    logs.configure(settings)
    accounts.add_account(app.ports, "asha", "Asha", Role.ADMIN, password=PASSWORD)
    return Visitor(create_app(replace(app, settings=settings)).test_client())


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines() if line.startswith("{")]


def test_a_request_is_logged_with_its_user_and_trace(app: App, capsys: pytest.CaptureFixture[str]) -> None:
    visitor = in_a_project(app)
    visitor.sign_in("asha")
    capsys.readouterr()
    visitor.get("/profile?q=kettle", headers={"traceparent": f"00-{TRACE}-0123456789abcdef-01"})
    (line,) = lines(capsys)
    assert line["severity"] == "INFO"
    assert line["who"] == "asha"
    assert line["logging.googleapis.com/trace"] == f"projects/demo/traces/{TRACE}"
    request = line["httpRequest"]
    assert (request["requestMethod"], request["requestUrl"], request["status"]) == ("GET", "/profile", 200)
    assert request["latency"].endswith("s")


def test_invitation_links_and_health_checks_are_not_logged(app: App, capsys: pytest.CaptureFixture[str]) -> None:
    visitor = in_a_project(app)
    text = invitation_links.invite_with_link(app.ports, "bo", "Bo", Role.ADMIN)
    visitor.get(f"/join/{text}")
    visitor.get("/healthz")
    log = capsys.readouterr().err
    assert "/join/<text>" in log
    assert text not in log
    assert "healthz" not in log


def test_on_one_machine_requests_are_not_logged(app: App, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(app.settings)
    create_app(app).test_client().get("/sign-in")
    assert lines(capsys) == []
