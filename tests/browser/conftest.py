"""A real server and a real Chromium; every request that leaves the machine is an error."""

import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Route, sync_playwright
from served import PASSWORD, Served
from waitress.server import create_server

from portal import create_app
from tillstream.app import build
from tillstream.domain.people import Role
from tillstream.people import accounts
from tillstream.settings import Settings
from tillstream.worker import Worker

ARGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = shutil.which("chromium")
    if path is None:
        if os.environ.get("CI") == "true":
            pytest.fail("Chromium must be there in CI")
        pytest.skip("there is no Chromium on this machine")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(ARGS))
        yield browser
        browser.close()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    app = build(Settings(home=tmp_path / "home", samples=False, threads=1, reporting_currency="INR"))
    accounts.add(app.ports, "admin", "Ada Admin", Role.ADMIN, password=PASSWORD)
    server = create_server(create_app(app), host="127.0.0.1", port=0, threads=4)
    thread = threading.Thread(target=server.run)
    worker = Worker(app)
    worker.start()
    thread.start()
    yield Served(app, f"http://127.0.0.1:{server.effective_port}")
    # In its own thread: what another one closes while it waits for its sockets is a bad descriptor to it.
    server.trigger.pull_trigger(server.close)
    thread.join()
    # Its threads would outlive the test with their cursors, of which the driver complains as the process ends.
    server.task_dispatcher.shutdown()
    worker.stop()
    app.close()


@pytest.fixture
def context(chromium: Browser, served: Served) -> Iterator[BrowserContext]:
    """A browser of its own that reaches nothing but the server."""
    context = chromium.new_context(locale="en-GB", timezone_id="Europe/London")

    def only_here(route: Route) -> None:
        if route.request.url.startswith((served.address, "data:", "blob:")):
            route.continue_()
        else:
            served.complaints.append(f"asked for {route.request.url}")
            route.abort()

    context.route("**/*", only_here)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext, served: Served) -> Page:
    page = context.new_page()

    def said(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            served.complaints.append(f"{page.url}: {message.text}")

    page.on("console", said)
    page.on("pageerror", lambda error: served.complaints.append(f"{page.url}: {error}"))
    return page
