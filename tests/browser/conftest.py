"""A real server and a real Chromium; every request that leaves the machine is an error."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from app_factory import build
from emulator_fixtures import require
from live_server import PASSWORD, Served, block_other_hosts, open_page, running
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tillstream.contracts import import_settings
from tillstream.domain.people import Role
from tillstream.people import accounts
from tillstream.server.serve import with_server_memory
from tillstream.settings import Settings

ARGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
BUSY = 60_000
"""Milliseconds that an action or an expectation may take: a busy machine takes its time."""


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = shutil.which("chromium")
    require("" if path else "there is no Chromium on this machine")
    expect.set_options(timeout=BUSY)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(ARGS))
        yield browser
        browser.close()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    app = build(
        with_server_memory(Settings(home=tmp_path / "home", samples=False, threads=1, reporting_currency="INR"))
    )
    accounts.add(app.ports, "admin", "Ada Admin", Role.ADMIN, password=PASSWORD)
    with running(app) as served:
        yield served


@pytest.fixture
def direct(served: Served) -> None:
    """Data sources whose files are imported without a preview."""
    for name in ("IN", "UK"):
        import_settings.save(served.app.ports, name, without_preview=True, by="admin")


@pytest.fixture
def context(chromium: Browser, served: Served) -> Iterator[BrowserContext]:
    """A browser of its own that reaches nothing but the server."""
    context = chromium.new_context(locale="en-GB", timezone_id="Europe/London")
    context.set_default_timeout(BUSY)
    block_other_hosts(context, served)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext, served: Served) -> Page:
    return open_page(context, served)
