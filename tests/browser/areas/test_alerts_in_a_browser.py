"""The bell follows alerts on an open page, and an alert is acknowledged from it."""

import re

import pytest
from live_server import Served, sign_in_at
from playwright.sync_api import Page, expect

from tillstream.alerts.condition import AlertSources
from tillstream.alerts.evaluation import evaluate_rules
from tillstream.operations import message_queues
from tillstream.ports.bus import DeadLetter, Message

pytestmark = pytest.mark.browser


def add_letter(served: Served) -> None:
    ports, now = served.app.ports, served.app.ports.clock.now()
    letter = DeadLetter("1", "batches", "batch-events", Message(b"{}", {}), now, now, 9, "no answer")
    message_queues.store_dead_letter(ports, letter)
    evaluate_rules(AlertSources(ports, served.app.contracts, "INR"))


def test_the_bell_shows_an_alert_that_opens_and_one_that_is_acknowledged(page: Page, served: Served) -> None:
    sign_in_at(page, served, "/live")
    expect(page.get_by_role("heading", level=1)).to_have_text("Live")
    bell = page.locator("details.bell")
    expect(bell.locator(".waits")).to_have_count(0)
    add_letter(served)
    expect(bell.locator(".waits")).to_have_text(re.compile(r"^1"))
    bell.locator("summary").click()
    bell.get_by_role("link", name=re.compile("1 message of batches failed too often")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("1 message of batches failed too often")
    page.get_by_role("button", name="Acknowledge").click()
    expect(page.get_by_text("by admin")).to_be_visible()
    expect(page.locator("details.bell .waits")).to_have_count(0)
    page.goto(f"{served.address}/alerts/rules/large-sale")
    page.get_by_role("button", name="Preview the last 30 days").click()
    expect(page.get_by_text("would have raised no alert in the last 30 days")).to_be_visible()
