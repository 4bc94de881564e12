"""The function that attaches webhooks for the portal, through the test client of functions-framework."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from faults.functions_in_process import FunctionsInProcess
from flask.testing import FlaskClient

from tillstream.app import App
from tillstream.delivery import webhooks
from tillstream.model.permissions import Role
from tillstream.people import accounts

Entry = Callable[[str], FlaskClient]
URL = "https://example.com/sales"


@pytest.fixture(autouse=True)
def people(app: App) -> None:
    accounts.add_account(app.ports, "boss", "Boss", Role.ADMIN)
    accounts.add_account(app.ports, "asha", "Asha", Role.CLERK, regions=["UK"])


def test_an_admin_attaches_and_detaches(entry: Entry, app: App) -> None:
    client = entry("attach")
    for attached in (True, True, False, False):
        answer = client.post("/", json={"webhook": "3", "attached": attached, "by": "boss"})
        assert (answer.status_code, answer.get_json()) == (200, {"webhook": "3", "attached": attached})
        assert ("webhook-3" in app.ports.bus.subscriptions()) == attached


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"webhook": "3", "attached": True, "by": "asha"}, "may not change webhooks"),
        ({"webhook": "3", "attached": False, "by": "nobody"}, "nobody"),
        ({"webhook": "21", "attached": True, "by": "boss"}, "There is no webhook 21"),
        ({"webhook": "../receive", "attached": False, "by": "boss"}, "There is no webhook"),
        ({"by": "boss"}, "names no webhook"),
        (["boss"], "names no webhook"),
    ],
)
def test_no_other_account_and_no_other_subscription(entry: Entry, app: App, body: object, words: str) -> None:
    before = app.ports.bus.subscriptions()
    answer = entry("attach").post("/", json=body)
    assert (answer.status_code, words in answer.get_json()["message"]) == (422, True)
    assert app.ports.bus.subscriptions() == before


def test_in_a_project_the_portal_leaves_it_to_the_function(app: App) -> None:
    functions = FunctionsInProcess(app)
    ports = replace(app.ports, functions=functions)
    webhook, _ = webhooks.add_webhook(ports, URL, "", "boss", private=False)
    webhooks.pause_webhook(ports, webhook.id, "boss", webhooks.BY_PERSON)
    webhooks.resume_webhook(ports, webhook.id, "boss")
    webhooks.remove_webhook(ports, webhook.id, "boss")
    assert functions.called == ["attach"] * 3
    assert webhook.subscription not in app.ports.bus.subscriptions()
