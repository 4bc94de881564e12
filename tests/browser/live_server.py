"""What the browser tests share: a running portal, a browser that reaches nothing else, and what it complained about."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import pytest
from app_factory import build
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request
from portal_factory import create_app
from threads import close_server

from portal import live
from tillstream.app import App
from tillstream.model.permissions import Role
from tillstream.people import accounts
from tillstream.server.http_server import Connections, create_http_server
from tillstream.server.serve import with_server_memory
from tillstream.server.worker import Worker
from tillstream.settings import Settings

PASSWORD = "correct horse battery"
BUSY = 60_000
"""Milliseconds that an action or an expectation may take: a busy machine takes its time."""
STOPS_WITHIN = 30.0
"""Seconds."""


@dataclass
class Served:
    """A running portal with an admin, and what its browser complained about."""

    app: App
    address: str
    portal: Flask
    page_errors: list[str] = field(default_factory=list)


@contextmanager
def serving(folder: Path, *, working: bool = True, development: bool = False) -> Iterator[Served]:
    """A portal with an admin in an empty home in the folder."""
    app = app_in(folder, development=development)
    accounts.add_account(app.ports, "admin", "Ada Admin", Role.ADMIN, password=PASSWORD)
    with running(app, working=working) as served:
        yield served


def shared_portal(fill: Callable[[Served], None] | None = None, **options: bool) -> Any:
    """The fixture `served` of a file whose tests only look: one portal for all of them, after `fill`.

    options: as of `serving`.
    """

    @pytest.fixture(scope="module")
    def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
        with serving(tmp_path_factory.mktemp("shared"), **options) as served:
            if fill:
                fill(served)
            yield served

    return served


def app_in(folder: Path, *, development: bool = False) -> App:
    """The app over `home` in the folder, which is created if it is missing."""
    home = folder / "home"
    settings = Settings(home=home, samples=False, development=development, threads=1, reporting_currency="INR")
    return build(with_server_memory(settings))


@contextmanager
def running(app: App, *, working: bool = True, port: int = 0) -> Iterator[Served]:
    """The portal and the worker over the app, which is closed at the end; without one nothing changes by itself.

    port: 0 for any that is free.
    """
    portal = create_app(app)
    portal.wsgi_app = _printing(portal.wsgi_app)  # type: ignore[method-assign]
    server = create_http_server(portal, live.streams_of(portal), Connections(), threads=4, host="127.0.0.1", port=port)
    thread = threading.Thread(target=server.run, daemon=True)
    worker = Worker(app)
    if working:
        worker.start()
    thread.start()
    try:
        yield Served(app, f"http://127.0.0.1:{server.effective_port}", portal)
    finally:
        # Its threads would outlive the test with their cursors, of which the driver complains as the process ends.
        close_server(server)
        thread.join(STOPS_WITHIN)
        if working:
            worker.stop()
        app.close()
        assert not thread.is_alive(), "the server did not stop"


def _printing(portal: WSGIApplication) -> WSGIApplication:
    """Prints each request but those for static files, for a test that fails: whose it was, and whose it became."""

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Callable[[bytes], object]:
            sets = [value[-80:] for name, value in headers if name == "Set-Cookie" and value.startswith("tillstream=")]
            line = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']} {status}"
            print(f"{time.monotonic():.3f} {line}, cookies …{environ.get('HTTP_COOKIE', '')[-8:]}, sets {sets}")
            return start_response(status, headers, *rest)

        return portal(environ, start_response if environ["PATH_INFO"].startswith("/static/") else start)

    return answer


@contextmanager
def new_context(chromium: Browser, served: Served, **options: Any) -> Iterator[BrowserContext]:
    """A browser of its own that reaches nothing but the server; what it complains of is remembered from here on.

    options: as of Playwright.
    """
    context = chromium.new_context(locale="en-GB", timezone_id="Europe/London", **options)
    context.set_default_timeout(BUSY)
    report_other_hosts(context, served)
    served.page_errors.clear()
    try:
        yield context
    finally:
        context.close()  # also after a failure: a stream left open would keep the server from closing


def report_other_hosts(context: BrowserContext, served: Served) -> None:
    """Record requests to other hosts as errors; the rules of conftest.py for names of hosts keep them here.

    Not by a route: a browser that asks a test about each request has no cache.
    """

    def record(request: Request) -> None:
        if not request.url.startswith((served.address, "data:", "blob:")):
            served.page_errors.append(f"requested {request.url}")

    context.on("request", record)


def open_page(context: BrowserContext, served: Served) -> Page:
    """A page whose console errors and warnings are recorded."""
    page = context.new_page()

    def record(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            served.page_errors.append(f"{page.url}: {message.text}")

    page.on("console", record)
    page.on("pageerror", lambda error: served.page_errors.append(f"{page.url}: {error}"))
    return page


def sign_in_at(page: Page, served: Served, path: str, login: str = "admin") -> None:
    """Go to a page as a person whose password is `PASSWORD`."""
    sign_in_without_form(page, served, login)
    page.goto(served.address + path)


def sign_in_without_form(page: Page, served: Served, login: str, password: str = PASSWORD) -> None:
    """Sign in as the form does, but without its page and the one it leads to: the form has tests of its own."""
    requests = page.context.request
    token = requests.get(f"{served.address}/session").json()["token"]
    form = {"csrf_token": token, "login": login, "password": password}
    answer = requests.post(f"{served.address}/sign-in", form=form, max_redirects=0)
    assert answer.status == 303, answer.text()


def fill_in_sign_in(page: Page, login: str = "admin") -> None:
    """Sign in with the form that is open."""
    page.get_by_label("Name", exact=True).fill(login)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
