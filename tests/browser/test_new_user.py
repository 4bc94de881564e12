"""A new colleague: invited by an admin, in with a password and a second step of their own, seen, and signed out."""

import re
import time

import pyotp
import pytest
from live_server import Served, fill_in_sign_in
from playwright.sync_api import Browser, Page, expect

pytestmark = pytest.mark.browser
STEP = 30
"""Seconds for which a code is the one of now; the server takes those of the step before and after, and each once."""
OWN = "seven green kettles whistle"


def test_an_admin_invites_a_clerk_who_signs_in_with_a_second_step_and_is_signed_out(
    page: Page, chromium: Browser, served: Served
) -> None:
    page.goto(f"{served.address}/people")
    fill_in_sign_in(page)

    page.get_by_role("link", name="Invite a person").click()
    page.get_by_label("Sign-in name").fill("carla@example.org")
    page.get_by_label("Name", exact=True).fill("Carla Clerk")
    page.locator("summary", has_text="Regions").click()
    page.get_by_label("IN", exact=True).check()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Create invitation").click()
    link = page.locator("#secret").inner_text()

    context = chromium.new_context(locale="en-GB", timezone_id="Europe/London")
    clerk = context.new_page()
    clerk.on("pageerror", lambda error: served.page_errors.append(f"{clerk.url}: {error}"))
    clerk.goto(link)
    expect(clerk.get_by_role("heading", name="Welcome, Carla Clerk")).to_be_visible()
    clerk.get_by_label("Your password").fill("passwordpassword")
    clerk.get_by_label("Repeat the password").fill("passwordpassword")
    clerk.keyboard.press("Enter")
    expect(clerk.get_by_text("too easy to guess")).to_be_visible()
    clerk.get_by_label("Your password").fill(OWN)
    clerk.get_by_label("Repeat the password").fill(OWN)
    clerk.keyboard.press("Enter")
    expect(clerk.get_by_text("Your password is set.")).to_be_visible()

    clerk.goto(f"{served.address}/profile/second-step")
    telephone = pyotp.TOTP(re.sub(r"\s", "", clerk.locator("#key").inner_text()))
    expect(clerk.locator(".qr svg")).to_be_visible()
    first = int(time.time())
    clerk.get_by_label("Code", exact=True).fill(telephone.at(first))
    clerk.get_by_role("button", name="Turn on two-factor sign-in").click()
    expect(clerk.locator("#codes")).to_contain_text(re.compile(r"[a-z2-9]{4}-[a-z2-9]{4}"))
    clerk.get_by_role("link", name="Continue").click()
    expect(clerk.get_by_role("heading", name="Sales", exact=True)).to_be_visible()

    clerk.goto("about:blank")  # a tile that is answered without a session reloads its page, which stops the next goto
    clerk.context.clear_cookies()
    clerk.goto(f"{served.address}/uploads")
    expect(clerk).to_have_url(re.compile(r"/sign-in\?next="))
    clerk.get_by_label("Name").fill("carla@example.org")
    clerk.get_by_label("Password").fill(OWN)
    clerk.get_by_role("button", name="Sign in").click()
    clerk.get_by_label("Code", exact=True).fill(telephone.at(first + STEP))
    clerk.get_by_role("button", name="Sign in").click()
    expect(clerk.get_by_role("heading", name="Uploads", exact=True)).to_be_visible()

    page.get_by_role("link", name="Continue").click()
    signed_in = page.get_by_role("region", name="Active sessions")
    expect(signed_in.get_by_role("row").nth(1)).to_contain_text("Chrome on Linux")
    page.get_by_role("button", name="End all sessions").click()
    expect(page.get_by_text("is signed out on 2 devices")).to_be_visible()
    expect(page.get_by_text("No active sessions.")).to_be_visible()
    clerk.reload()
    expect(clerk.get_by_role("heading", name="Sign in")).to_be_visible()
    context.close()

    page.get_by_role("link", name="Administration").click()
    page.get_by_role("link", name="Audit log").click()
    table = page.get_by_role("region", name="Changes, newest first")
    for entry in ("Signed out", "Two-factor sign-in turned on", "Invitation accepted", "Person invited"):
        expect(table.get_by_text(entry).first).to_be_visible()
    assert served.page_errors == []
